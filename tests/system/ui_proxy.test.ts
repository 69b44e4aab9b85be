// The web UI behind a reverse proxy, below a path of its own: pages, the live stream, sessions and decisions work there,
// and only what the configuration names is believed.
import assert from "node:assert/strict";
import { appendFileSync } from "node:fs";
import { createServer as createHttpServer, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, afterEach, before, test } from "node:test";

import { AdminApi } from "./harness/admin_api.ts";
import { open } from "./harness/browser.ts";
import { Instance } from "./harness/instance.ts";
import { createServer, type Tool } from "./harness/story.ts";
import { ALICE, explainUi, Ui } from "./harness/ui.ts";

const ROOT = "/mcpbox";
const SOMEBODY = "203.0.113.9"; // as the proxy says
const TOOLS_PAGE = "https://tools.example";
const HELLO = "async def main() -> str:\n    return 'hello'\n";

let ui: Ui;
let proxy: Server;
let api: AdminApi;
let forecast: Tool;
const outside: string[] = []; // what was asked of the proxy's host beside our own path

/** As nginx does it: the path's beginning is taken away, and the client's address is added. */
async function startProxy(adminPort: number): Promise<number> {
  proxy = createHttpServer((incoming, answer) => {
    const path = incoming.url!;
    if (!path.startsWith(`${ROOT}/`)) {
      outside.push(path);
      answer.writeHead(404).end();
      return;
    }
    const passed = request(
      {
        host: "127.0.0.1",
        port: adminPort,
        method: incoming.method,
        path: path.slice(ROOT.length),
        headers: { ...incoming.headers, "x-forwarded-for": SOMEBODY },
      },
      (reply) => {
        answer.writeHead(reply.statusCode!, reply.headers);
        reply.pipe(answer);
      },
    );
    passed.on("error", () => answer.destroy());
    answer.on("close", () => passed.destroy());
    incoming.pipe(passed);
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  proxy.listen(0, "127.0.0.1", resolve);
  await promise;
  return (proxy.address() as AddressInfo).port;
}

before(async () => {
  const box = await Instance.create();
  const url = `http://127.0.0.1:${await startProxy(box.adminPort)}${ROOT}`;
  appendFileSync(box.config, `admin-url = ${url}\nadmin-proxy = 127.0.0.1\ncors-origin = ${TOOLS_PAGE}\n`);
  await box.start();
  ui = await Ui.signedIn(box, url);
  api = await AdminApi.at(box.adminPort);
});
after(async () => {
  await ui?.stop();
  proxy?.closeAllConnections();
  proxy?.close();
});
afterEach(explainUi(() => ui));

test("a page below the path loads, follows events live, and takes a decision", async () => {
  const server = await createServer(ui.box, "weather", "Forecasts");
  await open(ui.page, ui.at("/approvals"));
  await ui.page.getByText("Nothing waits for you").waitFor();
  forecast = await ui.asksFor(server, "forecast", HELLO);
  await ui.page.getByRole("button", { name: /weather__forecast/ }).waitFor(); // the stream of events says so
  await ui.page.getByRole("heading", { name: "Code", exact: true }).waitFor();
  await ui.page.keyboard.press("a");
  await ui.becomes(forecast, "approved");
});

test("links, reloads and addresses of pages stay below the path", async () => {
  await ui.page.getByRole("link", { name: "Servers" }).click();
  await ui.page.getByRole("link", { name: /weather/ }).click();
  await ui.page.getByRole("tab", { name: "Tools" }).click();
  await ui.page.getByRole("link", { name: /forecast/ }).click();
  await ui.page.getByRole("heading", { name: "forecast" }).waitFor();
  assert.equal(new URL(ui.page.url()).pathname, `${ROOT}/tools/${forecast.id}`);
  await ui.page.reload();
  await ui.page.getByRole("heading", { name: "forecast" }).waitFor();
  await open(ui.page, ui.at("/settings#about"));
  const documentation = ui.page.getByRole("link", { name: "its documentation" });
  assert.equal(await documentation.evaluate((a: HTMLAnchorElement) => a.pathname), `${ROOT}/api/docs`);
  assert.deepEqual(outside, []);
  assert.deepEqual(ui.complaints, []);
});

test("the session's cookie is for the path alone, and the session names who the proxy says", async () => {
  const [cookie] = await ui.context.cookies();
  assert.deepEqual([cookie!.path, cookie!.httpOnly, cookie!.sameSite], [ROOT, true, "Strict"]);
  const { session } = (await (await ui.context.request.get(ui.at("/api/auth/session"))).json()) as any;
  assert.equal(session.address, SOMEBODY);
});

test("signing out and in again works there", async () => {
  await ui.page.getByRole("button", { name: "Sign out" }).click();
  await ui.page.getByLabel("Name").fill(ALICE.username);
  await ui.page.getByLabel("Password").fill(ALICE.password);
  await ui.page.getByRole("button", { name: "Sign in" }).click();
  await ui.page.getByRole("button", { name: "Sign out" }).waitFor();
  assert.deepEqual(ui.complaints, [], "being signed out is no error");
});

test("a page of another origin calls the API only if it is named, and never with the cookie", async () => {
  const login = await api.raw("POST", "/api/auth/login", {}, { ...ALICE, token: true });
  const token = login.body.access_token as string;
  const ask = (origin: string, more: Record<string, string>) =>
    api.raw("GET", "/api/servers", { origin, ...more });
  const bearer = { authorization: `Bearer ${token}` };
  const allowed = await ask(TOOLS_PAGE, bearer);
  assert.deepEqual(
    [allowed.status, allowed.headers["access-control-allow-origin"], allowed.headers["vary"]],
    [200, TOOLS_PAGE, "Origin"],
  );
  assert.equal(allowed.headers["access-control-allow-credentials"], undefined);
  assert.equal((await ask(TOOLS_PAGE, { cookie: `mcpbox_session=${token}` })).status, 403);
  for (const origin of ["https://tools.example.evil.example", "http://tools.example", "null"]) {
    const refused = await ask(origin, bearer);
    assert.equal(refused.status, 403, origin);
    assert.equal(refused.headers["access-control-allow-origin"], undefined, origin);
  }
  const preflight = await api.raw("OPTIONS", "/api/servers", {
    origin: TOOLS_PAGE,
    "access-control-request-method": "POST",
  });
  assert.deepEqual([preflight.status, preflight.headers["access-control-allow-origin"]], [204, TOOLS_PAGE]);
});

// The admin API on the real daemons: setting up, signing in, deciding, and what a page or a process that should not
// act finds when it tries.  Every body is held to the schema that the OpenAPI document gives for it.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { request } from "node:http";
import { after, afterEach, before, test } from "node:test";

import { Instance } from "./harness/instance.ts";
import { explainFailure } from "./harness/story.ts";
import { until } from "./harness/wait.ts";

const require = createRequire(import.meta.url);
const { Ajv2020 } = require("ajv/dist/2020.js");
const addFormats = require("ajv-formats").default;

const ALICE = { username: "alice", password: "correct horse battery" };
const CODE = "async def main(name: str) -> str:\n    return f'hello {name}'\n";

interface Reply {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: any;
}

let box: Instance;
let token = "";
let openapi: any;
let ajv: any;

/** One request exactly as given: fetch() would not let a test set Host, Origin or Cookie. */
function raw(
  method: string,
  path: string,
  headers: Record<string, string> = {},
  body?: unknown,
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const text = body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body);
    const asked = request(
      {
        host: "127.0.0.1",
        port: box.adminPort,
        method,
        path,
        agent: false,
        headers: {
          ...(text !== undefined && {
            "content-type": "application/json",
            "content-length": `${Buffer.byteLength(text)}`,
          }),
          ...headers,
        },
      },
      (reply) => {
        let got = "";
        reply.setEncoding("utf8").on("data", (part) => (got += part));
        reply.on("end", () => {
          const json = reply.headers["content-type"] === "application/json";
          resolve({ status: reply.statusCode!, headers: reply.headers, body: json ? JSON.parse(got) : got });
        });
      },
    );
    asked.on("error", reject).end(text);
  });
}

/** Asks as alice, and holds a good answer to its schema. */
async function ask(method: string, path: string, body?: unknown): Promise<Reply> {
  for (;;) {
    const reply = await raw(method, path, { authorization: `Bearer ${token}` }, body);
    if (reply.status !== 429 || !reply.headers["retry-after"]) {
      if (reply.status < 300) hold(method, path, reply);
      return reply;
    }
    await new Promise((wake) => setTimeout(wake, 1000 * Number(reply.headers["retry-after"])));
  }
}

function hold(method: string, path: string, reply: Reply): void {
  const wanted = path.split("?")[0]!.split("/");
  const template = Object.keys(openapi.paths)
    .filter((one) => openapi.paths[one][method.toLowerCase()])
    .find((one) => {
      const parts = one.split("/");
      return (
        parts.length === wanted.length && parts.every((part, i) => part.startsWith("{") || part === wanted[i])
      );
    });
  assert.ok(template, `${method} ${path} is described`);
  const described = openapi.paths[template][method.toLowerCase()].responses[`${reply.status}`];
  assert.ok(described, `${method} ${path} answers ${reply.status} as described`);
  const schema = described.content?.["application/json"]?.schema;
  if (!schema) return;
  const name = schema.$ref.split("/").at(-1);
  const validate = ajv.getSchema(`api#/components/schemas/${name}`);
  assert.ok(
    validate(reply.body),
    `${path} is a ${name}: ${JSON.stringify(validate.errors)}\n${JSON.stringify(reply.body)}`,
  );
}

before(async () => {
  box = await Instance.started();
  openapi = (await raw("GET", "/api/openapi.json")).body;
  ajv = new Ajv2020({ strict: false });
  addFormats(ajv);
  ajv.addSchema({ $id: "api", ...openapi });
});
after(async () => {
  await box?.stop();
  box?.destroy();
});
afterEach(explainFailure(() => box));

test("the first admin needs the code that the owner sees", async () => {
  assert.equal((await raw("GET", "/api/config")).body.setup_required, true);
  assert.equal((await raw("GET", "/api/health")).body.status, "healthy");
  const wrong = await raw("POST", "/api/auth/setup", {}, { code: "AAAA-AAAA-AAAA-AAAA", ...ALICE });
  assert.equal(wrong.status, 403);
  const { code } = await box.ctlJson("setup-code");
  const short = await raw("POST", "/api/auth/setup", {}, { code, username: "alice", password: "short" });
  assert.equal(short.status, 422);
  const made = await raw("POST", "/api/auth/setup", {}, { code, ...ALICE, token: true });
  assert.equal(made.status, 201, JSON.stringify(made.body));
  token = made.body.access_token;
  assert.equal((await raw("POST", "/api/auth/setup", {}, { code, ...ALICE })).status, 409);
  assert.notEqual((await box.ctl(["setup-code"])).code, 0);
  assert.ok(!box.log().includes(code) && !box.log().includes(token), "neither code nor token is in the log");
  assert.equal((await ask("GET", "/api/auth/me")).body.username, "alice");
});

test("signing in gives a cookie that no script can read", async () => {
  const reply = await raw("POST", "/api/auth/login", {}, ALICE);
  assert.equal(reply.status, 200, JSON.stringify(reply.body));
  const [cookie] = reply.headers["set-cookie"] as string[];
  assert.match(cookie!, /^mcpbox_session=[0-9a-f]{64}; Path=\/; Max-Age=\d+; HttpOnly; SameSite=Strict$/);
  assert.equal(reply.body.access_token, undefined);
  const jar = cookie!.split(";")[0]!;
  assert.equal((await raw("GET", "/api/auth/me", { cookie: jar })).status, 200);
  // A page of another site, with the cookie that the browser would add.
  const origin = `http://127.0.0.1:${box.adminPort}`;
  const out = (headers: Record<string, string>) =>
    raw("POST", "/api/auth/logout", { cookie: jar, ...headers });
  assert.equal((await out({})).status, 403);
  assert.equal((await out({ origin: "http://evil.example" })).status, 403);
  assert.equal((await out({ origin: "http://127.0.0.1:5173" })).status, 403);
  assert.equal((await out({ "sec-fetch-site": "same-site" })).status, 403);
  assert.equal((await raw("GET", "/api/auth/me", { cookie: jar, host: "evil.example" })).status, 421);
  assert.equal((await out({ origin })).status, 204);
  assert.equal((await raw("GET", "/api/auth/me", { cookie: jar })).status, 401);
});

test("a wrong password costs a growing delay and says nothing about the name", async () => {
  const wrong = await raw("POST", "/api/auth/login", {}, { ...ALICE, password: "not this one, no" });
  assert.equal(wrong.status, 401);
  const soon = await raw("POST", "/api/auth/login", {}, ALICE);
  assert.equal(soon.status, 401, "the right password, too soon after a wrong one");
  await until("the delay to be over", 30, async () => {
    const reply = await raw("POST", "/api/auth/login", {}, { ...ALICE, token: true });
    return reply.status === 200;
  });
});

test("nothing is answered without a session", async () => {
  for (const [path, methods] of Object.entries<any>(openapi.paths))
    for (const [method, operation] of Object.entries<any>(methods)) {
      if (operation.security.length === 0) continue;
      const concrete = path.replaceAll(/\{[^}]+\}/g, "00000000-0000-4000-8000-000000000000");
      const bad = await raw(
        method.toUpperCase(),
        concrete,
        { authorization: `Bearer ${"0".repeat(64)}` },
        {},
      );
      assert.ok([401, 404, 422, 429].includes(bad.status), `${method} ${path}: ${bad.status}`);
    }
});

let server: any;
let tool: any;

test("a tool is written, tried, reviewed, approved and called", async () => {
  server = (await ask("POST", "/api/servers", { name: "web", description: "From the UI" })).body;
  assert.equal((await ask("POST", "/api/servers", { name: "web" })).status, 409);
  assert.equal((await ask("POST", "/api/servers", { name: "Not a name" })).status, 422);
  assert.equal((await ask("POST", "/api/servers", { name: "x", surplus: 1 })).status, 422);
  const broken = await ask("POST", `/api/servers/${server.id}/tools`, { name: "greet", python_code: "def" });
  assert.equal(broken.status, 422);
  assert.equal(broken.body.detail[0].loc[1], "python_code");
  const made = await ask("POST", `/api/servers/${server.id}/tools`, { name: "greet", python_code: CODE });
  assert.equal(made.status, 201, JSON.stringify(made.body));
  tool = made.body;
  assert.equal(tool.created_by, "admin:alice");
  assert.equal((await ask("POST", "/api/tools/validate-code", { code: CODE })).body.valid, true);
  const tried = await ask("POST", "/api/tools/test-code", { tool_id: tool.id, arguments: { name: "you" } });
  assert.equal(tried.body.success, true, JSON.stringify(tried.body));
  assert.match(JSON.stringify(tried.body.result), /hello you/);
  const changed = await ask("PATCH", `/api/tools/${tool.id}`, { description: "Greets." });
  assert.equal(changed.body.description, "Greets.");
  assert.equal(changed.body.current_version, 2);
  assert.equal((await ask("POST", `/api/tools/${tool.id}/submit`, { notes: "please" })).status, 200);
  const queue = (await ask("GET", "/api/approvals/tools")).body;
  assert.deepEqual([queue.total, queue.items[0].id, queue.items[0].publish_notes], [1, tool.id, "please"]);

  const review = (await ask("GET", `/api/tools/${tool.id}/review`)).body;
  const action = `/api/approvals/tools/${tool.id}/action`;
  assert.equal((await ask("POST", action, { action: "approve", digest: "0".repeat(64) })).status, 409);
  assert.equal((await ask("POST", action, { action: "reject", digest: review.digest })).status, 422);
  assert.equal((await ask("POST", action, { action: "approve" })).status, 422);
  const approved = await ask("POST", action, { action: "approve", digest: review.digest });
  assert.equal(approved.body.status, "approved", JSON.stringify(approved.body));
  assert.equal((await ask("POST", action, { action: "approve", digest: review.digest })).status, 409);
  assert.equal((await ask("GET", `/api/tools/${tool.id}/approved`)).body.digest, review.digest);
  assert.equal((await ask("POST", `/api/servers/${server.id}/start`, {})).body.registered_tools, 1);
  const called = await box.mcp.call("web__greet", { name: "MCP" });
  assert.match(JSON.stringify(called), /hello MCP/);
});

test("what happened can be read, in pages", async () => {
  await until("the call to be in the log", 20, async () => {
    return (await ask("GET", "/api/execution-logs?outcome=success&search=greet")).body.total >= 2;
  });
  const calls = (await ask("GET", "/api/execution-logs?page_size=1")).body;
  assert.deepEqual([calls.page, calls.page_size, calls.items.length], [1, 1, 1]);
  assert.equal(calls.pages, calls.total);
  const one = (await ask("GET", `/api/logs/${calls.items[0].id}`)).body;
  assert.ok(one.audit.length >= 2, "intent and outcome are in the chain");
  for (const path of [
    "/api/status",
    "/api/dashboard?period=1h",
    "/api/servers?search=web",
    `/api/servers/${server.id}`,
    `/api/servers/${server.id}/tools`,
    `/api/servers/${server.id}/execution-logs`,
    `/api/tools/${tool.id}`,
    `/api/tools/${tool.id}/versions`,
    `/api/tools/${tool.id}/versions/1`,
    `/api/tools/${tool.id}/logs`,
    "/api/approvals/stats",
    "/api/approvals/tools?status=all",
    "/api/execution-logs/stats",
    "/api/audit?action=approve",
    "/api/admins",
    "/api/sessions",
  ])
    assert.equal((await ask("GET", path)).status, 200, path);
  const stats = (await ask("GET", "/api/dashboard?period=1h")).body;
  assert.equal(stats.stats.total_requests, 1);
  assert.equal(stats.requests_over_time.length, 48);
  assert.equal(
    stats.requests_over_time.reduce((sum: number, point: any) => sum + point.value, 0),
    1,
  );
  for (const path of [
    "/api/servers?page=0",
    "/api/servers?page_size=101",
    "/api/dashboard?period=2h",
    "/api/execution-logs?outcome=maybe",
    "/api/approvals/tools?status=other",
  ])
    assert.equal((await ask("GET", path)).status, 422, path);
  for (const path of ["/api/servers/x", "/api/tools/00000000-0000-4000-8000-000000000000", "/api/nothing"])
    assert.equal((await ask("GET", path)).status, 404, path);
  assert.equal((await ask("PUT", "/api/servers")).status, 405);
});

test("activity arrives as it happens, and goes on where it was cut", async () => {
  const news = (await ask("GET", "/api/activity?after=0")).body;
  assert.equal(news.items[0].sequence, 1);
  assert.equal((await ask("GET", "/api/activity?after=x")).status, 422);
  const last = (await ask("GET", "/api/activity")).body.last;
  const stop = new AbortController();
  const stream = await fetch(`${box.adminUrl}/api/activity/stream?after=${last}`, {
    headers: { authorization: `Bearer ${token}` },
    signal: stop.signal,
  });
  assert.equal(stream.headers.get("content-type"), "text/event-stream");
  const reader = stream.body!.pipeThrough(new TextDecoderStream()).getReader();
  await box.mcp.call("web__greet", { name: "stream" });
  let got = "";
  await until("the outcome to arrive", 20, async () => {
    got += (await reader.read()).value ?? "";
    return got.includes("call_outcome");
  });
  stop.abort();
  const first = got.split("\n\n").find((event) => event.startsWith("id: "));
  const item = JSON.parse(first!.split("data: ")[1]!);
  assert.deepEqual([item.sequence, item.kind, item.tool], [last + 1, "call_intent", "web__greet"]);
  const none = await raw("GET", "/api/activity/stream", { authorization: `Bearer ${"0".repeat(64)}` });
  assert.equal(none.status, 401);
});

test("a freeze stops calls, and a thaw lets them on", async () => {
  assert.equal((await ask("POST", "/api/freeze", { reason: "drill" })).status, 204);
  assert.equal((await ask("GET", "/api/status")).body.freeze_reason, "drill");
  assert.equal((await ask("POST", "/api/thaw", {})).status, 204);
  assert.equal((await ask("GET", "/api/status")).body.frozen, false);
});

test("several admins, each with sessions of their own", async () => {
  assert.equal(
    (await ask("POST", "/api/admins", { username: "bob", password: "another long password" })).status,
    204,
  );
  const login = { username: "bob", password: "another long password", token: true };
  const bob = (await raw("POST", "/api/auth/login", {}, login)).body.access_token;
  const me = () => raw("GET", "/api/auth/me", { authorization: `Bearer ${bob}` });
  assert.equal((await me()).body.username, "bob");
  const change = { current_password: "wrong wrong wrong", new_password: "one more long password" };
  assert.equal(
    (await raw("POST", "/api/auth/change-password", { authorization: `Bearer ${bob}` }, change)).status,
    400,
  );
  assert.equal((await ask("DELETE", "/api/admins/bob")).status, 204);
  assert.equal((await me()).status, 401);
  assert.equal((await ask("DELETE", "/api/admins/alice")).status, 409, "the last one stays");
});

test("a session outlives a restart of everything, but not a violent end of the process that it passed through", async () => {
  await box.stop();
  await box.start();
  await until(
    "admin to answer",
    60,
    async () => (await raw("GET", "/api/health").catch(() => undefined))?.status === 200,
  );
  assert.equal((await ask("GET", "/api/auth/me")).status, 200);
  const before = box.one("admin").pid;
  process.kill(before, "SIGKILL");
  await until("another admin process", 60, async () => {
    const now = box.processes("admin")[0]?.pid;
    return (
      now !== undefined &&
      now !== before &&
      (await raw("GET", "/api/health").catch(() => undefined))?.status === 200
    );
  });
  assert.equal((await raw("GET", "/api/auth/me", { authorization: `Bearer ${token}` })).status, 401);
});

test("the admin process is in a jail of its own", () => {
  const { pid } = box.one("admin");
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  assert.match(status, /Seccomp:\s+2/);
  assert.match(status, /CapEff:\s+0+\n/);
  assert.match(status, /NoNewPrivs:\s+1/);
});

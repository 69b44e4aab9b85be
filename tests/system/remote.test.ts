// From a remote client to a tool at home: the Worker as it is deployed, in workerd, with an identity provider, the real
// gateway of the tunnel and the real monitor.  Between the two stands whoever holds cloudflared: it sees every request
// and may send what it likes.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { appendFileSync } from "node:fs";
import { createServer, request as ask, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join, resolve } from "node:path";
import { after, afterEach, before, test } from "node:test";
import { promisify } from "node:util";

import { signedIn } from "../../worker/test/support/client.ts";
import { newSigningKey } from "../../worker/test/support/keys.ts";
import { PUBLIC_URL, SERVICE_TOKEN, Stack } from "../../worker/test/support/stack.ts";
import { freePort, Instance } from "./harness/instance.ts";
import { textOf } from "./harness/mcp.ts";
import { explainFailure, publish } from "./harness/story.ts";

const CODE = `
async def main(name: str, steps: int = 0):
    for step in range(steps):
        await ctx.progress(step + 1, steps)
    return f"hello {name}"
`;

interface Captured {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

let box: Instance;
let stack: Stack;
let relay: Server;
let tunnelPort: number;
const captured: Captured[] = [];

function send(one: Captured): Promise<{ status: number; body: string }> {
  const { promise, resolve: done, reject } = Promise.withResolvers<{ status: number; body: string }>();
  const asked = ask({
    host: "127.0.0.2",
    port: tunnelPort,
    method: one.method,
    path: one.path,
    headers: one.headers,
  });
  asked.on("error", reject).on("response", (response) => {
    const chunks: Buffer[] = [];
    response.on("data", (chunk: Buffer) => chunks.push(chunk));
    response.on("end", () => done({ status: response.statusCode!, body: Buffer.concat(chunks).toString() }));
  });
  asked.end(one.body);
  return promise;
}

/** cloudflared's place: passes everything on as it is, and keeps a copy. */
function startRelay(): Promise<number> {
  relay = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    captured.push({ method: request.method!, path: request.url!, headers: request.headers, body });
    const { method, url: path, headers } = request;
    const onward = ask({ host: "127.0.0.2", port: tunnelPort, method, path, headers }, (answer) => {
      response.writeHead(answer.statusCode!, answer.headers);
      answer.pipe(response);
    });
    onward.on("error", () => response.destroy());
    response.on("close", () => onward.destroy());
    onward.end(body);
  });
  const { promise, resolve: done } = Promise.withResolvers<number>();
  relay.listen(0, "127.0.0.1", () => done((relay.address() as AddressInfo).port));
  return promise;
}

before(async () => {
  const root = resolve(import.meta.dirname, "../..");
  await promisify(execFile)(join(root, "scripts/build-worker.sh"));
  tunnelPort = await freePort();
  box = await Instance.create();
  appendFileSync(box.config, `tunnel-listen = 127.0.0.2:${tunnelPort}\n`);
  await box.start();
  await publish(box, "hello", "greet", CODE);
  const key = newSigningKey();
  const hex = key.publicKey.export({ type: "spki", format: "der" }).subarray(-32).toString("hex");
  const set = await box.ctl(["remote", "worker", PUBLIC_URL, `k1=${hex}`, "--json"], {
    input: `${SERVICE_TOKEN}\n`,
  });
  assert.equal(set.code, 0, set.stdout + set.stderr);
  const { installation } = JSON.parse(set.stdout) as { installation: string };
  assert.match(installation, /^mcpbox:[0-9a-f]{32}$/);
  await box.ctlJson("remote", "allow", "emails", "ada@example.org");
  stack = await Stack.start({ key, gateway: { address: `127.0.0.1:${await startRelay()}`, installation } });
});
after(async () => {
  await stack?.stop();
  relay?.closeAllConnections();
  relay?.close();
  await box?.stop();
  box?.destroy();
});
afterEach(explainFailure(() => box));

const GREET = { name: "hello__greet", arguments: { name: "Ada" } };

test("a remote client lists and calls, and its person is in the log", async () => {
  const ada = await signedIn(stack);
  const { tools } = await ada.client.listTools();
  assert.ok(tools.some((tool) => tool.name === "hello__greet"));
  assert.equal(textOf(await ada.client.callTool(GREET)), "hello Ada");
  const logs = await box.ctl(["logs"]);
  assert.match(logs.stdout, /remote:ada@example\.org/);
  await ada.client.close();
});

test("one server's endpoint has that server's tools, under a token of its own", async () => {
  const ada = await signedIn(stack, "/mcp/servers/hello");
  assert.deepEqual(
    (await ada.client.listTools()).tools.map((tool) => tool.name),
    ["greet"],
  );
  assert.equal(textOf(await ada.client.callTool({ ...GREET, name: "greet" })), "hello Ada");
  await ada.client.close();
});

test("progress comes through while the tool runs", async () => {
  const ada = await signedIn(stack);
  const seen: number[] = [];
  await ada.client.callTool({ name: "hello__greet", arguments: { name: "Ada", steps: 3 } }, {
    onprogress: ({ progress }: { progress: number }) => seen.push(progress),
  } as never);
  assert.deepEqual(seen, [1, 2, 3]);
  await ada.client.close();
});

test("what a remote caller may not do stays undone", async () => {
  const ada = await signedIn(stack);
  const made = await ada.client.callTool({ name: "mcpbox_create_server", arguments: { name: "intruder" } });
  assert.equal(made.isError, true, textOf(made));
  const { servers } = await box.mcp.manage("list_servers");
  assert.ok(!servers.some((server: { name: string }) => server.name === "intruder"));
  await ada.client.close();
});

test("whoever holds the tunnel can replay, change and invent nothing", async () => {
  const ada = await signedIn(stack);
  await ada.client.callTool(GREET);
  await ada.client.close();
  const call = captured.findLast(({ body }) => body.includes("tools/call"))!;
  const stream = captured.findLast(({ method }) => method === "GET");
  const header = String(call.headers["x-mcpbox-assertion"]);
  const [text, signature] = header.split(".") as [string, string];
  const lines = Buffer.from(text, "base64url").toString().split("\n");
  const rewritten = (change: (lines: string[]) => void, name = "x-mcpbox-assertion"): Captured => {
    const copy = [...lines];
    change(copy);
    const forged = `${Buffer.from(copy.join("\n")).toString("base64url")}.${signature}`;
    return { ...call, headers: { ...call.headers, [name]: forged } };
  };
  const without = (name: string): Captured => {
    const headers = { ...call.headers };
    delete headers[name];
    return { ...call, headers };
  };
  const renewed = (copy: string[]) => (copy[6] = Buffer.alloc(16, 7).toString("base64url"));
  const lies: [string, Captured][] = [
    ["replayed", call],
    ["replayed elsewhere", { ...call, path: "/mcp/servers/hello" }],
    ["with a query", { ...call, path: "/mcp?a=1" }],
    ["with another body", { ...call, body: Buffer.from(String(call.body).replace("Ada", "Eve")) }],
    ["with a new nonce", rewritten(renewed)],
    ["with another address", rewritten((copy) => (renewed(copy), (copy[14] = "root@example.org")))],
    [
      "with a later time",
      rewritten((copy) => (renewed(copy), (copy[4] = "9999999990"), (copy[5] = "10000000050"))),
    ],
    ["for another installation", rewritten((copy) => (renewed(copy), (copy[3] = "mcpbox:other")))],
    ["cut short", rewritten((copy) => copy.pop())],
    ["with fields in another order", rewritten((copy) => ([copy[13], copy[14]] = [copy[14]!, copy[13]!]))],
    ["with the service token alone", without("x-mcpbox-assertion")],
    ["without the service token", without("x-mcpbox-service-token")],
    [
      "with the old headers alone",
      {
        ...without("x-mcpbox-assertion"),
        headers: {
          ...without("x-mcpbox-assertion").headers,
          "x-mcpbox-user-email": "ada@example.org",
          "x-mcpbox-auth-method": "oidc",
        },
      },
    ],
    [
      "twice in one request",
      { ...call, headers: { ...call.headers, "x-mcpbox-assertion": [header, header] as never } },
    ],
    ["as another method", { ...call, method: "DELETE", body: Buffer.alloc(0) }],
  ];
  if (stream) lies.push(["a stream, replayed", stream]);
  const before = (await box.ctlJson("logs")).total;
  for (const [what, lie] of lies) {
    const headers = { ...lie.headers, "x-forwarded-for": what, "content-length": String(lie.body.length) };
    const { status, body } = await send({ ...lie, headers });
    assert.ok([400, 403].includes(status), `${what}: ${status} ${body}`);
    assert.ok(!body.includes("hello"), `${what}: ${body}`);
  }
  assert.equal((await box.ctlJson("logs")).total, before, "nothing ran");
});

test("after too many failures an address waits", async () => {
  const nothing = { method: "POST", path: "/mcp", body: Buffer.from("{}") };
  const headers = {
    host: "mcp-gateway:8002",
    "content-type": "application/json",
    "x-forwarded-for": "192.0.2.7",
  };
  const statuses = [];
  for (let i = 0; i < 12; i++) statuses.push((await send({ ...nothing, headers })).status);
  assert.deepEqual(statuses, [...Array<number>(10).fill(403), 429, 429]);
});

test("the tunnel answers nothing but MCP, and only under its own name", async () => {
  const head = { method: "GET", body: Buffer.alloc(0) };
  assert.equal((await send({ ...head, path: "/health", headers: { host: "mcp-gateway:8002" } })).status, 404);
  assert.equal(
    (await send({ ...head, path: "/api/servers", headers: { host: "mcp-gateway:8002" } })).status,
    404,
  );
  assert.equal(
    (await send({ ...head, path: "/mcp", headers: { host: `127.0.0.2:${tunnelPort}` } })).status,
    403,
  );
});

test("who is taken off the list is out with the next request, and a restart forgets no replay", async () => {
  const ada = await signedIn(stack);
  await box.ctlJson("remote", "allow", "emails", "grace@example.org");
  await assert.rejects(ada.client.listTools(), /403|Authentication failed/);
  await box.ctlJson("remote", "allow", "emails", "ada@example.org");
  await ada.client.callTool(GREET);
  await ada.client.close();
  const call = captured.findLast(({ body }) => body.includes("tools/call"))!;
  await box.stop();
  await box.start();
  const { status } = await send({
    ...call,
    headers: { ...call.headers, "x-forwarded-for": "after a restart" },
  });
  assert.equal(status, 403);
  const again = await signedIn(stack);
  assert.equal(textOf(await again.client.callTool(GREET)), "hello Ada");
  await again.client.close();
});

test("switched off, it admits nobody", async () => {
  const ada = await signedIn(stack);
  await box.ctlJson("remote", "off");
  await assert.rejects(ada.client.listTools(), /403|Authentication failed/);
  await ada.client.close();
});

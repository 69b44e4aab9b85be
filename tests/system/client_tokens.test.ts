// What `mcpboxctl client token` makes is what a client in a container shows, whose user the kernel's answer would not let
// in: it names the caller, and is worth nothing from the moment on that it is revoked.
import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";

import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";

import { ask } from "./harness/http.ts";
import { Instance } from "./harness/instance.ts";
import { CLIENT, LEGACY, textOf, type ToolResult } from "./harness/mcp.ts";
import { run, type Ran, type User } from "./harness/run.ts";
import { explainFailure, logsOf, publish, publishAnother, type Tool } from "./harness/story.ts";
import { EventStream } from "./harness/streams.ts";
import { until } from "./harness/wait.ts";
import { modern, reply, Session } from "./harness/wire.ts";

const ECHO = "async def main(text: str) -> str:\n    return text\n";
const NAP = "import asyncio\nasync def main():\n    await asyncio.sleep(50)\n";
const STRANGER: User = { uid: 12345 }; // not on the list: the token alone lets it in

let box: Instance;
let echo: Tool;
let nap: Tool;

before(async () => {
  box = await Instance.started();
  echo = await publish(box, "place", "echo", ECHO);
  nap = await publishAnother(box, echo, "nap", NAP, { timeout_ms: 60_000 });
});
after(async () => {
  await box?.stop();
  box?.destroy();
});
afterEach(explainFailure(() => box));

async function good(ran: Promise<Ran>): Promise<string> {
  const { code, stdout, stderr } = await ran;
  assert.equal(code, 0, `${stdout}${stderr}`);
  return stdout;
}

/** A request of a user who is not on the list, with this token. */
async function asStranger(token: string): Promise<Ran> {
  const code = `fetch(${JSON.stringify(box.url)}, { method: "POST", headers: {
      "content-type": "application/json", accept: "application/json, text/event-stream",
      authorization: "Bearer ${token}", "mcp-protocol-version": "2026-07-28", "mcp-method": "tools/call",
      "mcp-name": "${echo.name}" }, body: ${JSON.stringify(modern("tools/call", { name: echo.name, arguments: { text: "hello" } }).body)}
    }).then(async (reply) => console.log(reply.status, await reply.text()))`;
  return run([process.execPath, "-e", code], { as: STRANGER });
}

test("a token lets in whom the kernel's answer would not, and names the caller", async () => {
  assert.match((await asStranger("other")).stdout, /^403 .*may not use/);
  const { token } = await box.ctlJson("client", "token", "create", "laptop");
  assert.match(token, /^mcpbox_[0-9a-f]{64}$/);
  const called = await asStranger(token);
  assert.match(called.stdout, /^200 .*hello/, called.stderr);
  const [log] = await logsOf(box, echo, (logs) => logs.length > 0);
  assert.equal(log.executed_by ?? log.caller, "client:laptop");

  const again = await box.ctl(["client", "token", "create", "laptop"]);
  assert.equal(again.code, 5, again.stderr);
  assert.equal((await box.ctl(["client", "token", "create", "No Name"])).code, 1);
  const { tokens } = await box.ctlJson("client", "token", "list");
  assert.deepEqual(
    tokens.map((one: any) => one.name),
    ["laptop"],
  );
  assert.ok(tokens[0].used_at_ms > 0);
  const listed = await good(box.ctl(["client", "token", "list"]));
  assert.match(listed, /laptop/);
  assert.ok(!listed.includes(token) && !box.log().includes(token), "it was shown once");
  assert.match(
    (await asStranger(`${token.slice(0, -1)}${token.endsWith("0") ? "1" : "0"}`)).stdout,
    /^403 .*revoked/,
  );
});

test("who holds a token is its client also where the user would be let in, and only with it", async () => {
  const { token } = await box.ctlJson("client", "token", "create", "both");
  const sdk = new Client(CLIENT);
  const options = { requestInit: { headers: { Authorization: `Bearer ${token}` } } };
  await sdk.connect(new StreamableHTTPClientTransport(new URL(box.url), options) as Transport);
  assert.equal(
    textOf((await sdk.callTool({ name: echo.name, arguments: { text: "again" } })) as ToolResult),
    "again",
  );
  const caller = async () => (await logsOf(box, echo, (logs) => logs.length > 0))[0].executed_by;
  await until("the call to be its", 20, async () => (await caller()) === "client:both");
  await sdk.close();

  // On one connection: with the token, without it, with a scheme that is not ours.
  const session = await Session.open(box.port);
  const theirs = await reply(box.port, {
    headers: { ...session.headers(), Authorization: `Bearer ${token}` },
    body: JSON.stringify({ jsonrpc: "2.0", id: 7, method: "ping" }),
  });
  assert.equal(theirs.status, 404, "a session belongs to who opened it");
  for (const Authorization of ["Bearer not-ours", "Basic YTpi"]) {
    const own = await reply(box.port, {
      headers: { ...session.headers(), Authorization },
      body: JSON.stringify({ jsonrpc: "2.0", id: 7, method: "ping" }),
    });
    assert.equal(own.status, 200, "what is not ours says nothing here");
  }
});

test("a revoked token is refused with the next request, on an open connection too, and ends its calls", async () => {
  const { token } = await box.ctlJson("client", "token", "create", "gone");
  const headers = { Authorization: `Bearer ${token}` };
  const request = (name: string) => modern("tools/call", { name, arguments: { text: "x" } }, headers);
  assert.equal((await ask(box.port, request(echo.name))).status, 200);
  const long = ask(box.port, modern("tools/call", { name: nap.name, arguments: {} }, headers));
  await until("the call to run", 20, async () => (await box.ctlJson("status")).calls_in_flight === 1);
  const kept = new Client(CLIENT);
  const options = { requestInit: { headers } };
  await kept.connect(new StreamableHTTPClientTransport(new URL(box.url), options) as Transport);
  await kept.listTools();
  await good(box.ctl(["client", "token", "revoke", "gone"]));
  await assert.rejects(kept.listTools());
  assert.equal((await ask(box.port, request(echo.name))).status, 403);
  assert.match((await long).body, /taken away/);
  await kept.close();
  assert.equal((await box.ctl(["client", "token", "revoke", "gone"])).code, 4);

  const audit = await good(box.ctl(["audit", "show", "--json"]));
  assert.ok(audit.includes("create_client_token") && audit.includes("revoke_client_token"));
  assert.ok(!audit.includes(token));
});

test("a revoked token's streams end, in both eras, and those of others do not", async () => {
  const { token } = await box.ctlJson("client", "token", "create", "listener");
  const bearer = { Authorization: `Bearer ${token}` };
  const wanted = { toolsListChanged: true };
  const theirs = [
    await EventStream.legacy(box.url, await Session.open(box.port, LEGACY, bearer)),
    await EventStream.modern(box.url, wanted, bearer),
  ];
  const own = [await EventStream.legacy(box.url), await EventStream.modern(box.url, wanted)];
  await good(box.ctl(["client", "token", "revoke", "listener"]));
  for (const stream of theirs)
    assert.equal(await until(`${stream.what} to end`, 20, () => stream.ended), "in order");
  await assert.rejects(EventStream.modern(box.url, wanted, bearer), /: 403/);

  await box.mcp.manage("update_tool", { tool_id: nap.id, enabled: false });
  for (const stream of own)
    await until(`${stream.what} to hear`, 20, () => stream.count("notifications/tools/list_changed") > 0);
  for (const stream of theirs) assert.equal(stream.count("notifications/tools/list_changed"), 0);
  for (const stream of own) stream.close();
  await box.mcp.manage("update_tool", { tool_id: nap.id, enabled: true });
});

test("tokens, and that one was revoked, outlive a restart", async () => {
  const { token: stays } = await box.ctlJson("client", "token", "create", "stays");
  const { token: goes } = await box.ctlJson("client", "token", "create", "goes");
  await good(box.ctl(["client", "token", "revoke", "goes"]));
  await box.stop();
  await box.start();
  assert.match((await asStranger(stays)).stdout, /^200 /);
  assert.match((await asStranger(goes)).stdout, /^403 /);
});

test("nobody but who may decide makes, lists or revokes tokens", async () => {
  for (const words of [["create", "mine"], ["list"], ["revoke", "stays"]]) {
    const ran = await box.ctl(["client", "token", ...words], { as: STRANGER });
    assert.equal(ran.code, 6, `${words.join(" ")}: ${ran.stdout}${ran.stderr}`);
  }
});

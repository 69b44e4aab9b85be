// Whoever holds the tunnel, and whoever holds a good signature for something else: the real gateway and monitor, and a
// signing key in this test's hands, so that exactly one thing is wrong with each request.
import assert from "node:assert/strict";
import { appendFileSync } from "node:fs";
import { after, afterEach, before, test } from "node:test";

import { type Answer, bytesOf, rpcOf } from "./harness/http.ts";
import { freePort, Instance } from "./harness/instance.ts";
import { limit } from "./harness/limits.ts";
import { textOf } from "./harness/mcp.ts";
import { explainFailure, publish } from "./harness/story.ts";
import { EventStream } from "./harness/streams.ts";
import {
  believedBy,
  bodyOf,
  hashOf,
  type Sworn,
  type Told,
  type Tunnel,
  WORKER_TOKEN,
  WorkerKey,
} from "./harness/sworn.ts";
import { until } from "./harness/wait.ts";

const CODE = `
async def main(name: str):
    return f"hello {name}"
`;
const GREET = bodyOf("tools/call", { name: "hello__greet", arguments: { name: "Ada" } });
const PART = bodyOf("tools/call", { name: "hello2__part", arguments: { name: "Ada" } });
const LIST = bodyOf("tools/list");
const create = (name: string) => bodyOf("tools/call", { name: "mcpbox_create_server", arguments: { name } });

let box: Instance;
let tunnel: Tunnel;

before(async () => {
  const port = await freePort();
  box = await Instance.create();
  appendFileSync(box.config, `tunnel-listen = 127.0.0.2:${port}\n`);
  await box.start();
  await publish(box, "hello", "greet", CODE);
  await publish(box, "hello2", "part", CODE);
  tunnel = await believedBy(box, port);
});
after(async () => {
  await box?.stop();
  box?.destroy();
});
afterEach(explainFailure(() => box));

const allow = (...words: string[]) => box.ctlJson("remote", "allow", ...words);
const setting = (key: string, value: string) => box.ctlJson("settings", "set", key, value);
const ran = async () => (await box.ctlJson("logs")).total as number;

function isAnswered(answer: Answer, text: string): void {
  assert.equal(answer.status, 200, answer.body);
  assert.match(textOf(rpcOf(answer).result as never), new RegExp(text));
}

function isRefused(answer: Answer, what: string, statuses = [403]): void {
  assert.ok(statuses.includes(answer.status), `${what}: ${answer.status} ${answer.body}`);
  if (answer.status === 403) assert.match(answer.body, /Authentication failed/, what);
}

test("a request that is signed is its signer's, and once", async () => {
  const assertion = tunnel.headerFor(tunnel.swear(GREET));
  isAnswered(await tunnel.send(assertion, { body: GREET }), "hello Ada");
  isRefused(await tunnel.send(assertion, { body: GREET }), "replayed");
});

test("a good signature under one false line admits nobody", async () => {
  const now = Math.floor(Date.now() / 1000);
  const lies: [string, Partial<Sworn>][] = [
    ["of another form", { form: "mcpbox-assertion-v2" }],
    ["with a key that nobody knows", { keyId: "k2" }],
    ["by another Worker", { issuer: "https://evil.example" }],
    ["for another installation", { audience: "mcpbox:0123456789abcdef0123456789abcdef" }],
    ["delayed", { issuedAt: now - 90 }],
    ["delayed, and its end moved", { issuedAt: now - 90, expiry: now + 60 }],
    ["from the future", { issuedAt: now + 120 }],
    ["with a long life", { expiry: now + 3600 }],
    ["without a life", { issuedAt: now, expiry: now }],
    ["with half a nonce", { nonce: Buffer.alloc(8).toString("base64url") }],
    ["for another method", { method: "GET" }],
    ["for another path", { path: "/mcp/servers/hello" }],
    ["for another query", { query: "a=1" }],
    ["for another body", { bodyHash: hashOf(`${GREET} `) }],
    ["for somebody who may not come", { email: "eve@example.org" }],
    ["for a domain like ours", { email: "ada@example.org.evil.example" }],
    ["for nobody", { email: "" }],
    ["with a control character", { email: "ada@example.org\t" }],
    ["with a line too many", { email: "ada@example.org\nada@example.org" }],
    ["with fields in another order", { subject: "ada@example.org", email: "person-1" }],
  ];
  const before = await ran();
  for (const [what, lie] of lies) isRefused(await tunnel.ask(GREET, lie), what);
  isRefused(
    await tunnel.send(tunnel.headerFor(tunnel.swear(GREET), new WorkerKey()), { body: GREET }),
    "forged",
  );
  assert.equal(await ran(), before, "nothing ran");
  isAnswered(await tunnel.ask(GREET), "hello Ada");
});

test("what was signed for one request is good for no other", async () => {
  const before = await ran();
  const list = { rpcMethod: "tools/list", rpcName: "" };
  const others: [string, string, Partial<Sworn>, Told?][] = [
    ["a list that is a call", GREET, list],
    ["a list that makes a server", create("intruder"), list],
    ["one tool that is another", PART, { rpcName: "hello__greet" }],
    ["one management tool that is another", create("intruder"), { rpcName: "mcpbox_list_servers" }],
    ["a prompt that is a tool", GREET, { rpcMethod: "prompts/get" }],
    ["an answer that is a call", GREET, { rpcMethod: "", rpcName: "" }],
  ];
  await setting("remote_tool_editing", "enabled");
  for (const [what, body, lie] of others) {
    const answer = await tunnel.ask(body, lie);
    const { error, result } = rpcOf(answer);
    assert.ok(
      error !== undefined || result?.["isError"] === true,
      `${what}: ${answer.status} ${answer.body}`,
    );
    assert.match(answer.body, /signed for something else/, what);
  }
  await setting("remote_tool_editing", "disabled");
  const elsewhere = { path: "/mcp/servers/hello2" };
  isRefused(await tunnel.ask(GREET, {}, elsewhere), "another path");
  isRefused(await tunnel.ask(GREET, { path: elsewhere.path }), "signed for another path");
  assert.equal(await ran(), before, "nothing ran");
  assert.doesNotMatch(JSON.stringify(await box.mcp.manage("list_servers")), /intruder/);
});

test("the service token alone, or another one beside a good signature, admits nobody", async () => {
  const tokens: [string, string | string[] | undefined][] = [
    ["none", undefined],
    ["an empty one", ""],
    ["half of it", WORKER_TOKEN.slice(0, 32)],
    ["in other letters", WORKER_TOKEN.toUpperCase()],
    ["a longer one", `${WORKER_TOKEN}5e`],
    ["beyond every bound", "5".repeat(4000)],
  ];
  for (const [what, token] of tokens)
    isRefused(await tunnel.ask(GREET, {}, { headers: { "X-MCPbox-Service-Token": token } }), what);
  isRefused(await tunnel.ask(GREET, {}, { headers: { "X-MCPbox-Assertion": undefined } }), "the token alone");
});

test("headers that try to be two things are one or none", async () => {
  const good = () => tunnel.headerFor(tunnel.swear(GREET));
  const other = () => tunnel.headerFor(tunnel.swear(GREET, { email: "eve@example.org" }));
  const raw = (assertion: string, change: (head: string) => string) => {
    const [head, body] = bytesOf(tunnel.port, { headers: tunnel.headers(GREET, assertion), body: GREET })
      .toString("latin1")
      .split("\r\n\r\n") as [string, string];
    return tunnel.sendBytes(Buffer.from(`${change(head)}\r\n\r\n${body}`, "latin1"));
  };
  const smuggled: [string, (head: string) => string][] = [
    ["twice", (head) => `${head}\r\nX-MCPbox-Assertion: ${good()}`],
    ["twice, in other letters", (head) => `${head}\r\nx-mcpbox-ASSERTION: ${other()}`],
    ["the token twice", (head) => `${head}\r\nx-mcpbox-service-token: ${WORKER_TOKEN}`],
    ["the e-mail twice", (head) => `${head}\r\nx-mcpbox-user-email: eve@example.org`],
    ["with another folded onto it", (head) => head.replace(/(X-MCPbox-Assertion: .*)/, `$1\r\n ${other()}`)],
    ["folded onto another header", (head) => head.replace("X-MCPbox-Assertion", " X-MCPbox-Assertion")],
    ["with a space before the colon", (head) => head.replace("X-MCPbox-Assertion:", "X-MCPbox-Assertion :")],
    ["with underscores", (head) => head.replace("X-MCPbox-Assertion", "X_MCPbox_Assertion")],
    ["with a NUL", (head) => head.replace("X-MCPbox-Assertion: ", "X-MCPbox-Assertion: \0")],
    ["in two halves", (head) => head.replace(/(X-MCPbox-Assertion: .{40})/, "$1\r\nX-MCPbox-Assertion: ")],
  ];
  const before = await ran();
  for (const [what, change] of smuggled) {
    const answer = await raw(good(), change);
    assert.ok([0, 400, 403].includes(answer.status), `${what}: ${answer.status} ${answer.body}`);
  }
  assert.equal(await ran(), before, "nothing ran");
  // What stays one header is its signer's.
  const spelt = (head: string) => head.replace("X-MCPbox-Assertion", "x-McPbOx-aSsErTiOn");
  const folded = (head: string) => head.replace("-Assertion: ", "-Assertion:\r\n ");
  for (const change of [spelt, folded]) isAnswered(await raw(good(), change), "hello Ada");
});

test("the old headers name nobody: who is signed for is who is written down", async () => {
  const headers = { "X-MCPbox-User-Email": "root@example.org", "X-MCPbox-Auth-Method": "service" };
  isAnswered(await tunnel.ask(GREET, {}, { headers }), "hello Ada");
  const { stdout } = await box.ctl(["logs"]);
  assert.match(stdout, /remote:ada@example\.org/);
  assert.doesNotMatch(stdout, /root@example\.org/);
});

test("a stream is proven once: when who may come changes, its client proves it again", async () => {
  const open = () => EventStream.modernTunnel(tunnel, "/mcp", { toolsListChanged: true });
  const stream = await open();
  await allow("emails", "ada@example.org");
  assert.equal(await until("the stream to end", 20, () => stream.ended), "in order");
  (await open()).close();
});

test("who may come: a list, a domain and none below it, everyone", async () => {
  const comes = async (email: string) => (await tunnel.ask(LIST, { email })).status;
  await allow("emails", "Ada@Example.org", "grace@example.net");
  assert.deepEqual(
    await Promise.all(["ADA@example.ORG", "grace@example.net", "eve@example.org", ""].map(comes)),
    [200, 200, 403, 403],
  );
  await allow("domain", "example.org");
  assert.deepEqual(
    await Promise.all(["eve@EXAMPLE.org", "eve@sub.example.org", "eve@badexample.org", ""].map(comes)),
    [200, 403, 403, 403],
  );
  await allow("everyone");
  assert.deepEqual(await Promise.all(["eve@example.com", ""].map(comes)), [200, 200]);
});

test("without an e-mail address: hello, and lists where anonymous_listing allows them", async () => {
  await allow("everyone");
  const asked = async (body: string) => {
    const { error, result } = rpcOf(await tunnel.ask(body, { email: "" }));
    return error?.message ?? (result?.["isError"] === true ? textOf(result as never) : "answered");
  };
  const said = async () => [
    await asked(bodyOf("server/discover")),
    await asked(LIST),
    await asked(bodyOf("prompts/list")),
    await asked(GREET),
    await asked(create("intruder")),
    await asked(bodyOf("resources/read", { uri: "x://y" })),
  ];
  const never = [
    "Tool execution requires user authentication via MCP Portal",
    "Tool execution requires user authentication via MCP Portal",
    "Requires user authentication via Cloudflare Access",
  ];
  assert.deepEqual(await said(), [
    "answered",
    "Tool listing requires user authentication",
    "Requires user authentication via Cloudflare Access",
    ...never,
  ]);
  await setting("anonymous_listing", "enabled");
  assert.deepEqual(await said(), ["answered", "answered", "answered", ...never]);
  await setting("anonymous_listing", "disabled");
  await allow("emails", "ada@example.org");
});

test("what may be written from elsewhere is the administrator's choice", async () => {
  const makes = async (name: string) => rpcOf(await tunnel.ask(create(name))).result as { isError?: boolean };
  assert.equal((await makes("from_afar")).isError, true);
  await setting("remote_tool_editing", "enabled");
  assert.notEqual((await makes("from_afar")).isError, true);
  await setting("remote_tool_editing", "disabled");
  assert.match(JSON.stringify(await box.mcp.manage("list_servers")), /from_afar/);
});

test("a body beyond the limit is refused before anybody reads it", async () => {
  const large = bodyOf("tools/call", {
    name: "hello__greet",
    arguments: { name: "x".repeat(limit("kBodyBytes")) },
  });
  const answer = await tunnel.ask(large);
  assert.equal(answer.status, 413, answer.body);
  isAnswered(await tunnel.ask(GREET), "hello Ada");
});

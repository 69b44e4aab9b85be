// Sessions, eras and headers as no honest client has them, and pages of other sites that try to reach the gateway.
import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";

import { ask } from "./harness/http.ts";
import { Instance } from "./harness/instance.ts";
import { CLIENT, LEGACY, MODERN, modernMeta } from "./harness/mcp.ts";
import { assertSteady, type Snapshot, snapshot } from "./harness/steady.ts";
import { explainFailure, publish, type Tool } from "./harness/story.ts";
import {
  HEADER_MISMATCH,
  INVALID_PARAMS,
  INVALID_REQUEST,
  isError,
  modern,
  NO_METHOD,
  reply,
  rpc,
  Session,
  UNSUPPORTED_VERSION,
} from "./harness/wire.ts";

const PROTOCOL = "io.modelcontextprotocol/protocolVersion";
const CAPABILITIES = "io.modelcontextprotocol/clientCapabilities";

let box: Instance;
let tool: Tool;
let session: Session;
let start: Snapshot;

before(async () => {
  box = await Instance.started();
  tool = await publish(box, "plain", "echo", "async def main(text: str):\n    return text\n");
  session = await Session.open(box.port);
  start = await snapshot(box);
});
after(async () => {
  await box?.stop();
  box?.destroy();
});
afterEach(explainFailure(() => box));

test("a legacy request without a session, or with one that is nobody's, is refused", async () => {
  const body = JSON.stringify(rpc("tools/list"));
  assert.equal((await reply(box.port, { body })).status, 400);
  for (const id of ["nobody", "x".repeat(64), "x".repeat(65), "a b", "../../etc/passwd"]) {
    const got = await reply(box.port, { body, headers: { "Mcp-Session-Id": id } });
    assert.equal(got.status, 404, `${id}: ${got.answer.body}`);
    assert.ok(got.rpc?.error);
  }
});

test("a second initialize on a session is an invalid request", async () => {
  const params = { protocolVersion: LEGACY, capabilities: {}, clientInfo: CLIENT };
  isError(await session.post(rpc("initialize", params)), 400, INVALID_REQUEST);
  assert.equal((await session.post(rpc("ping"))).status, 200, "the session goes on");
});

test("initialize answers with a version that the server speaks", async () => {
  const asked: [unknown, string][] = [
    ["2025-06-18", "2025-06-18"],
    ["2025-11-25", "2025-11-25"],
    ["2025-03-26", "2025-06-18"],
    ["2024-11-05", "2025-11-25"],
    ["2026-07-28", "2025-11-25"],
    ["tomorrow", "2025-11-25"],
  ];
  for (const [version, expected] of asked) {
    const params = { protocolVersion: version, capabilities: {}, clientInfo: CLIENT };
    const got = await reply(box.port, { body: JSON.stringify(rpc("initialize", params)) });
    assert.equal(
      got.rpc?.result?.["protocolVersion"],
      expected,
      `asked for ${String(version)}: ${got.answer.body}`,
    );
    assert.match(got.answer.headers.get("mcp-session-id") ?? "", /^[\x21-\x7e]{16,64}$/);
  }
  for (const params of [undefined, {}, { protocolVersion: 7 }, { protocolVersion: null }]) {
    const got = await reply(box.port, { body: JSON.stringify(rpc("initialize", params)) });
    assert.ok(got.rpc?.error, got.answer.body);
  }
});

test("a session that was deleted is gone, and nobody can delete another's", async () => {
  const mine = await Session.open(box.port);
  const end = (id: string | undefined) =>
    ask(box.port, { method: "DELETE", headers: { "Mcp-Session-Id": id, "MCP-Protocol-Version": LEGACY } });
  assert.ok([400, 404, 405].includes((await end(undefined)).status));
  assert.equal((await end("nobody")).status, 404);
  assert.ok([200, 202, 204].includes((await end(mine.id)).status));
  assert.equal((await mine.post(rpc("ping"))).status, 404);
  assert.equal((await end(mine.id)).status, 404);
});

test("the wire's headers are checked on the legacy side", async () => {
  isError(await session.post(rpc("ping"), { "MCP-Protocol-Version": "1999-01-01" }), 400, -32000, 7);
  assert.equal((await session.post(rpc("ping"), { "Content-Type": "text/plain" })).status, 415);
  assert.equal((await session.post(rpc("ping"), { "Content-Type": undefined })).status, 415);
  assert.equal((await session.post(rpc("ping"), { Accept: "application/json" })).status, 406);
  assert.equal((await session.post(rpc("ping"), { Accept: "text/html" })).status, 406);
  assert.equal(
    (await session.post(rpc("ping"), { "Content-Type": "application/json; charset=utf-8" })).status,
    200,
  );
});

test("GET and DELETE without a session, and other methods, never succeed", async () => {
  const accept = { Accept: "text/event-stream" };
  assert.ok([400, 404, 405].includes((await ask(box.port, { method: "GET", headers: accept })).status));
  for (const method of ["PUT", "PATCH", "OPTIONS", "TRACE", "CONNECT", "BREW"]) {
    const { status } = await ask(box.port, { method, headers: session.headers() });
    assert.ok(status >= 400 && status < 600, `${method}: ${status}`);
  }
  const nowhere = await ask(box.port, { ...modern("tools/list"), path: "/mcp/servers/nobody" });
  assert.match(nowhere.body, /"error"/, "a server that is not there has no tools");
  for (const path of ["/", "/mcp/", "/mcp/servers", "/mcp/servers/", "/api", "/mcp/../mcp", "/%00"]) {
    const { status } = await ask(box.port, { ...modern("tools/list"), path });
    assert.ok(status === 404 || status === 400, `${path}: ${status}`);
  }
});

test("a modern request is held to its headers", async () => {
  const wrong: [string, ReturnType<typeof modern>, number, number][] = [
    [
      "no version header",
      modern("tools/list", {}, { "MCP-Protocol-Version": undefined }),
      400,
      HEADER_MISMATCH,
    ],
    ["another version", modern("tools/list", {}, { "MCP-Protocol-Version": LEGACY }), 400, HEADER_MISMATCH],
    ["no method header", modern("tools/list", {}, { "Mcp-Method": undefined }), 400, HEADER_MISMATCH],
    ["another method", modern("tools/list", {}, { "Mcp-Method": "tools/call" }), 400, HEADER_MISMATCH],
    ["another case", modern("tools/list", {}, { "Mcp-Method": "TOOLS/LIST" }), 400, HEADER_MISMATCH],
    [
      "no name header",
      modern("tools/call", { name: tool.name }, { "Mcp-Name": undefined }),
      400,
      HEADER_MISMATCH,
    ],
    [
      "another name",
      modern("tools/call", { name: tool.name }, { "Mcp-Name": "other" }),
      400,
      HEADER_MISMATCH,
    ],
    [
      "a bad base64 name",
      modern("tools/call", { name: tool.name }, { "Mcp-Name": "=?base64?!?=" }),
      400,
      HEADER_MISMATCH,
    ],
    ["no claim in the body", modern("tools/list", {}, {}, {}), 400, INVALID_PARAMS],
    ["no capabilities", modern("tools/list", {}, {}, { [PROTOCOL]: MODERN }), 400, INVALID_PARAMS],
    ["initialize", modern("initialize", { protocolVersion: MODERN }), 404, NO_METHOD],
    ["ping", modern("ping"), 404, NO_METHOD],
    ["logging/setLevel", modern("logging/setLevel", { level: "info" }), 404, NO_METHOD],
    ["an unknown method", modern("no/such"), 404, NO_METHOD],
    ["an undeclared capability's method", modern("resources/subscribe"), 404, NO_METHOD],
  ];
  for (const [what, request, status, code] of wrong) {
    const got = await reply(box.port, request);
    assert.equal(got.rpc?.error?.code, code, `${what}: ${got.answer.body}`);
    isError(got, status, code);
  }
  const future = { ...modernMeta(), [PROTOCOL]: "2099-01-01" };
  const unknown = await reply(
    box.port,
    modern("tools/list", {}, { "MCP-Protocol-Version": "2099-01-01" }, future),
  );
  isError(unknown, 400, UNSUPPORTED_VERSION);
  assert.deepEqual(unknown.rpc?.error?.data, { supported: [MODERN], requested: "2099-01-01" });
});

test("a modern request gets away with what the specification allows", async () => {
  const allowed: [string, ReturnType<typeof modern>][] = [
    ["a session id is ignored", modern("tools/list", {}, { "Mcp-Session-Id": "nobody" })],
    ["Accept is not enforced", modern("tools/list", {}, { Accept: undefined })],
    ["white space around a value", modern("tools/list", {}, { "Mcp-Method": "  tools/list\t" })],
    ["no clientInfo", modern("tools/list", {}, {}, { [PROTOCOL]: MODERN, [CAPABILITIES]: {} })],
    [
      "a name in base64",
      modern("tools/call", { name: tool.name, arguments: { text: "x" } }, { "Mcp-Name": encoded() }),
    ],
  ];
  for (const [what, request] of allowed) {
    const got = await reply(box.port, request);
    assert.equal(got.status, 200, `${what}: ${got.answer.body}`);
    assert.ok(got.rpc?.result, `${what}: ${got.answer.body}`);
    assert.ok(!got.answer.headers.has("mcp-session-id"), "no session is made");
  }
  isError(await reply(box.port, modern("tools/call", { name: "no__such" })), 200, INVALID_PARAMS);
  isError(await reply(box.port, modern("tools/list", { cursor: "no cursor of ours" })), 200, INVALID_PARAMS);
});

const encoded = () => `=?base64?${Buffer.from(tool.name).toString("base64")}?=`;

test("modern results carry what modern clients need, and legacy ones do not", async () => {
  const list = (await reply(box.port, modern("tools/list"))).rpc?.result ?? {};
  assert.equal(list["resultType"], "complete");
  assert.ok(Number.isInteger(list["ttlMs"]) && list["ttlMs"] >= 0);
  assert.ok(["public", "private"].includes(list["cacheScope"]));
  const discover = (await reply(box.port, modern("server/discover"))).rpc?.result ?? {};
  assert.deepEqual(discover["supportedVersions"], [MODERN]);
  const old = (await session.post(rpc("tools/list"))).rpc?.result ?? {};
  for (const key of ["resultType", "ttlMs", "cacheScope"]) assert.ok(!(key in old), key);
});

test("another site's page cannot talk to the gateway", async () => {
  const origins = [
    "https://evil.example",
    "http://evil.example:8000",
    "null",
    "http://127.0.0.1.evil.example",
    "file://",
  ];
  for (const Origin of origins) {
    const got = await ask(box.port, modern("tools/list", {}, { Origin }));
    assert.equal(got.status, 403, `Origin ${Origin}: ${got.body}`);
    const get = await ask(box.port, {
      method: "GET",
      headers: session.headers({ Origin, Accept: "text/event-stream" }),
    });
    assert.equal(get.status, 403, `GET with Origin ${Origin}`);
  }
  for (const Origin of [
    `http://127.0.0.1:${box.port}`,
    `http://localhost:${box.port}`,
    "http://localhost:5173",
  ])
    assert.equal((await ask(box.port, modern("tools/list", {}, { Origin }))).status, 200, Origin);
});

test("a name that somebody rebound to this machine is refused", async () => {
  for (const Host of [
    "evil.example",
    `evil.example:${box.port}`,
    "127.0.0.1.evil.example",
    "0.0.0.0",
    "",
    "[::1",
    "a b",
  ]) {
    const got = await ask(box.port, modern("tools/list", {}, { Host }));
    assert.ok(got.status >= 400 && got.status < 500, `Host ${Host}: ${got.status}`);
  }
  for (const Host of [`localhost:${box.port}`, `127.0.0.1:${box.port}`, `[::1]:${box.port}`])
    assert.equal((await ask(box.port, modern("tools/list", {}, { Host }))).status, 200, Host);
});

test("after all of this the daemons are the same processes with the same memory and files", async () => {
  await assertSteady(box, start);
  assert.equal((await box.mcp.call(tool.name, { text: "still here" })).content[0]?.text, "still here");
});

// The edges that clients and the conformance suite are written against: what the reference server answers there, one
// test a row; where ours differs on purpose, the row says so.
import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";

import { ask, type Headers, type Request } from "./harness/http.ts";
import { Instance } from "./harness/instance.ts";
import { CLIENT, LEGACY, MODERN, modernMeta } from "./harness/mcp.ts";
import { explainFailure, publish, type Tool } from "./harness/story.ts";
import { modern, reply, rpc, Session } from "./harness/wire.ts";

let box: Instance;
let session: Session;
let tool: Tool;

before(async () => {
  box = await Instance.started();
  tool = await publish(box, "edge", "echo", "async def main(text: str) -> str:\n    return text\n");
  session = await Session.open(box.port);
});
after(async () => {
  await box?.stop();
  box?.destroy();
});
afterEach(explainFailure(() => box));

const raw = (body: string, headers: Headers = {}): Request => ({ body, headers });
const legacy = (message: unknown, headers: Headers = {}) =>
  raw(JSON.stringify(message), session.headers(headers));
const initialize = (protocolVersion: string, meta?: Record<string, unknown>) =>
  rpc("initialize", { protocolVersion, capabilities: {}, clientInfo: CLIENT, ...(meta && { _meta: meta }) });
const nothing = (request: Request): Request => ({ ...request, body: "" });

/** status, JSON-RPC error code (undefined: a result; null: no body), id of the answer where it is told */
type Row = [
  what: string,
  request: () => Request,
  status: number,
  code: number | undefined | null,
  id?: unknown,
];

const ROWS: Row[] = [
  ["GET without a session", () => ({ method: "GET", headers: { Accept: "text/event-stream" } }), 400, -32000],
  ["DELETE without a session", () => ({ method: "DELETE" }), 400, -32000],
  ["an empty body", () => nothing(legacy({})), 400, -32700, null],
  ["an empty body with the modern header", () => nothing(modern("ping")), 400, -32700, null],
  ["an empty array", () => legacy([]), 400, -32600, null],
  [
    "an array with a modern request",
    () => raw(`[${modern("tools/list").body}]`, modern("tools/list").headers),
    400,
    -32600,
    null,
  ],
  // The reference answers legacy batches; no revision since 2025-06-18 has any.
  [
    "a legacy batch, which is refused",
    () => legacy([rpc("ping"), rpc("ping", undefined, 8)]),
    400,
    -32600,
    null,
  ],
  ["no jsonrpc member", () => legacy({ id: 7, method: "ping" }), 400, -32600, 7],
  ["an id that is null", () => legacy({ jsonrpc: "2.0", id: null, method: "ping" }), 400, -32600, null],
  ["modern without Accept", () => modern("tools/list", {}, { Accept: undefined }), 200, undefined, 7],
  [
    "modern that takes JSON alone",
    () => modern("tools/list", {}, { Accept: "application/json" }),
    200,
    undefined,
    7,
  ],
  ["legacy that takes JSON alone", () => legacy(rpc("ping"), { Accept: "application/json" }), 406, -32000, 7],
  ["legacy text/plain", () => legacy(rpc("ping"), { "Content-Type": "text/plain" }), 415, -32000],
  ["modern text/plain", () => modern("tools/list", {}, { "Content-Type": "text/plain" }), 415, -32000],
  [
    "a modern body without the version header",
    () => modern("tools/list", {}, { "MCP-Protocol-Version": undefined }),
    400,
    -32020,
    7,
  ],
  [
    "the modern header without _meta",
    () => raw(JSON.stringify(rpc("tools/list")), modern("tools/list").headers),
    400,
    -32602,
    7,
  ],
  [
    "initialize with a modern _meta",
    () => raw(JSON.stringify(initialize(LEGACY, modernMeta())), modern("initialize").headers),
    404,
    -32601,
    7,
  ],
  ["modern: an unknown tool", () => modern("tools/call", { name: "no__such" }), 200, -32602, 7],
  [
    "modern: arguments that are an array",
    () => modern("tools/call", { name: tool.name, arguments: [] }),
    200,
    -32602,
    7,
  ],
  ["legacy: an unknown tool", () => legacy(rpc("tools/call", { name: "no__such" })), 200, -32602, 7],
  ["legacy: an unknown method", () => legacy(rpc("no/such")), 200, -32601, 7],
  ["modern: an unknown method", () => modern("no/such"), 404, -32601, 7],
  // The reference ignores it; the specification says -32602.
  ["a cursor that is none", () => modern("tools/list", { cursor: "none" }), 200, -32602, 7],
  ["modern with a session id", () => modern("tools/list", {}, { "Mcp-Session-Id": "x" }), 200, undefined, 7],
  [
    "a posted notification with the modern header",
    () =>
      raw(JSON.stringify({ jsonrpc: "2.0", method: "notifications/x" }), modern("notifications/x").headers),
    202,
    null,
  ],
  // The reference lets it through.
  [
    "an evil Origin beside a good Host, modern",
    () => modern("tools/list", {}, { Origin: "https://evil.example" }),
    403,
    -32000,
  ],
  [
    "an evil Origin beside a good Host, legacy",
    () => legacy(rpc("ping"), { Origin: "https://evil.example" }),
    403,
    -32000,
  ],
  ["legacy without a session", () => raw(JSON.stringify(rpc("tools/list"))), 400, -32000, 7],
  [
    "legacy with a session that is nobody's",
    () => raw(JSON.stringify(rpc("tools/list")), { "Mcp-Session-Id": "nobody" }),
    404,
    -32001,
    7,
  ],
  [
    "a legacy version that never was",
    () => legacy(rpc("ping"), { "MCP-Protocol-Version": "1999-01-01" }),
    400,
    -32000,
    7,
  ],
  ["a second initialize on a session", () => legacy(initialize(LEGACY)), 400, -32600, 7],
];

for (const [what, request, status, code, id] of ROWS)
  test(`${what}: ${status}${code ? ` ${code}` : ""}`, async () => {
    const got = await reply(box.port, request());
    assert.equal(got.status, status, got.answer.body);
    if (code === null) return assert.equal(got.answer.body, "");
    assert.equal(got.rpc?.error?.code, code, got.answer.body);
    if (code === undefined) assert.ok(got.rpc?.result, got.answer.body);
    if (id !== undefined) assert.deepEqual(got.rpc?.id ?? null, id, "the id");
  });

test("arguments that violate the schema are a result that says so, in both eras", async () => {
  const params = { name: tool.name, arguments: { text: 7 } };
  for (const got of [
    await reply(box.port, modern("tools/call", params)),
    await session.post(rpc("tools/call", params)),
  ]) {
    assert.equal(got.status, 200);
    assert.equal(got.rpc?.result?.["isError"], true, got.answer.body);
  }
});

for (const [asked, answered] of [
  ["2024-01-01", LEGACY],
  [MODERN, LEGACY],
  [LEGACY, LEGACY],
  ["2025-06-18", "2025-06-18"],
  ["2025-03-26", "2025-06-18"], // the reference takes it, with its batches
] as [string, string][])
  test(`initialize with ${asked} is answered with ${answered}`, async () => {
    const got = await reply(box.port, raw(JSON.stringify(initialize(asked))));
    assert.equal(got.rpc?.result?.["protocolVersion"], answered, got.answer.body);
  });

test("a deleted session answers 200, and then it is gone", async () => {
  const mine = await Session.open(box.port);
  const end = () => ask(box.port, { method: "DELETE", headers: mine.headers() });
  assert.equal((await end()).status, 200);
  assert.equal((await end()).status, 404);
  assert.equal((await mine.post(rpc("ping"))).status, 404);
});

test("no event is sent that an older client could choke on: none is empty, none is to be resumed", async () => {
  for (const version of ["2025-06-18", LEGACY]) {
    const mine = await Session.open(box.port, version);
    const params = { name: tool.name, arguments: { text: "x" }, _meta: { progressToken: 1 } };
    const { answer } = await mine.post(rpc("tools/call", params), { "MCP-Protocol-Version": version });
    assert.doesNotMatch(answer.body, /^(id|retry):|^data: ?$/m);
  }
});

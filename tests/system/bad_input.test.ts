// What no honest client sends, in JSON-RPC and MCP: each gets the answer that the specification names, the request's
// id where there is one, and changes nothing.
import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";

import { Instance } from "./harness/instance.ts";
import { limit } from "./harness/limits.ts";
import { modernMeta } from "./harness/mcp.ts";
import { assertSteady, type Snapshot, snapshot } from "./harness/steady.ts";
import { explainFailure, publish, type Tool } from "./harness/story.ts";
import { INVALID_PARAMS, INVALID_REQUEST, isError, NO_METHOD, PARSE, rpc, Session } from "./harness/wire.ts";

const CODE = "async def main(text: str):\n    return text\n";

let box: Instance;
let tool: Tool;
let session: Session;
let start: Snapshot;

before(async () => {
  box = await Instance.started();
  tool = await publish(box, "plain", "echo", CODE);
  session = await Session.open(box.port);
  start = await snapshot(box);
});
after(async () => {
  await box?.stop();
  box?.destroy();
});
afterEach(explainFailure(() => box));

const nested = (depth: number) => `${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`;

test("bytes that are not JSON are a parse error without an id", async () => {
  const bodies = [
    "",
    " ",
    "{",
    "{]",
    "nul",
    "'a'",
    '{"jsonrpc":"2.0","id":7,"method":"ping"',
    '{"jsonrpc":"2.0","id":7,"method":"ping"}}',
    '{"jsonrpc":"2.0","id":7,"method":"ping"}{}',
    '{"jsonrpc":"2.0","id":7,"method":"ping",}',
    '{"jsonrpc":"2.0","id":7,"method":"pi\ng"}',
    '{"jsonrpc":"2.0","id":NaN,"method":"ping"}',
    '\ufeff{"jsonrpc":"2.0","id":7,"method":"ping"}',
  ];
  for (const body of bodies) isError(await session.post(body), 400, PARSE, null);
  for (const bytes of [
    [0xff, 0xfe, 0x00],
    [0x00],
    [0x7b, 0x22, 0xc3, 0x28, 0x22, 0x3a, 0x31, 0x7d],
    [0x1f, 0x8b, 8],
  ])
    isError(await session.post(Uint8Array.from(bytes)), 400, PARSE, null);
});

test("JSON that is not one request object is an invalid request, batches included", async () => {
  const ping = rpc("ping");
  for (const body of ["[]", "42", '"ping"', "null", "true", "{}", [ping], [ping, ping], [modernRpc()]]) {
    const got = await session.post(body);
    isError(got, 400, INVALID_REQUEST, null);
  }
});

function modernRpc(): unknown {
  return rpc("tools/list", { _meta: modernMeta() });
}

test("members of the wrong type are an invalid request", async () => {
  isError(await session.post({ id: 7, method: "ping" }), 400, INVALID_REQUEST);
  isError(await session.post({ jsonrpc: "1.0", id: 7, method: "ping" }), 400, INVALID_REQUEST);
  isError(await session.post({ jsonrpc: 2.0, id: 7, method: "ping" }), 400, INVALID_REQUEST);
  isError(await session.post({ jsonrpc: "2.0", id: 7 }), 400, INVALID_REQUEST);
  for (const method of [42, null, {}, [], true, ""])
    isError(await session.post({ jsonrpc: "2.0", id: 7, method }), 400, INVALID_REQUEST);
  for (const id of [null, {}, [], true, 1.5])
    isError(await session.post({ jsonrpc: "2.0", id, method: "ping" }), 400, INVALID_REQUEST, null);
  for (const params of ["x", 42, true]) {
    const got = await session.post({ ...rpc("ping"), params });
    assert.ok(got.rpc?.error, got.answer.body);
    assert.ok([INVALID_REQUEST, INVALID_PARAMS].includes(got.rpc.error.code), got.answer.body);
  }
});

test("ids are echoed as they came, whatever integer or string they are", async () => {
  for (const id of [0, -1, 2 ** 53 - 1, "", "7", "ü\u0001", "x".repeat(200)]) {
    const got = await session.post(rpc("ping", undefined, id));
    assert.equal(got.status, 200, got.answer.body);
    assert.deepEqual(got.rpc?.id, id);
    assert.deepEqual(got.rpc?.result, {});
  }
});

test("nesting is read up to its limit and refused one level beyond", async () => {
  const depth = limit("kJsonDepth");
  // The request and its params are two levels around what is nested here.
  for (const inner of [depth - 3, depth - 2]) {
    const got = await session.post(
      `{"jsonrpc":"2.0","id":7,"method":"ping","params":{"a":${nested(inner)}}}`,
    );
    assert.equal(got.status, 200, `${inner + 2} levels: ${got.answer.body}`);
  }
  isError(
    await session.post(`{"jsonrpc":"2.0","id":7,"method":"ping","params":{"a":${nested(depth - 1)}}}`),
    400,
    PARSE,
    null,
  );
  isError(await session.post("[".repeat(500_000)), 400, PARSE, null);
});

test("unknown methods and unknown tools are named in band on the legacy wire", async () => {
  for (const method of ["no/such", "tasks/list", "prompts/lists", "rpc.discover", "TOOLS/LIST"])
    isError(await session.post(rpc(method)), 200, NO_METHOD);
  isError(await session.post(rpc("tools/call", { name: "no__such" })), 200, INVALID_PARAMS);
  isError(await session.post(rpc("tools/call", { name: "mcpbox_no_such" })), 200, INVALID_PARAMS);
  isError(await session.post(rpc("tools/call", { name: "" })), 200, INVALID_PARAMS);
  isError(await session.post(rpc("tools/call", { name: "x".repeat(100_000) })), 200, INVALID_PARAMS);
  isError(await session.post(rpc("tools/call", {})), 200, INVALID_PARAMS);
  isError(await session.post(rpc("tools/call", { name: 7 })), 200, INVALID_PARAMS);
  for (const args of [[], "x", 7])
    isError(await session.post(rpc("tools/call", { name: tool.name, arguments: args })), 200, INVALID_PARAMS);
  isError(await session.post(rpc("tools/list", { cursor: "no cursor of ours" })), 200, INVALID_PARAMS);
  isError(await session.post(rpc("tools/list", { cursor: 7 })), 200, INVALID_PARAMS);
});

test("arguments that do not fit the schema are a result that says so", async () => {
  for (const args of [undefined, {}, { text: 7 }, { text: null }, { text: "x", more: 1 }, { TEXT: "x" }]) {
    const got = await session.post(rpc("tools/call", { name: tool.name, arguments: args }));
    assert.equal(got.status, 200);
    assert.equal(got.rpc?.result?.["isError"], true, got.answer.body);
    assert.match(got.rpc?.result?.["content"][0].text, /text|more|TEXT/);
  }
});

test("a request with the same key twice is not run", async () => {
  const params = `{"name":"${tool.name}","arguments":{"text":"a"},"arguments":{"text":"b"}}`;
  const got = await session.post(`{"jsonrpc":"2.0","id":7,"method":"tools/call","params":${params}}`);
  assert.ok(got.rpc?.error || got.rpc?.result?.["isError"] === true, got.answer.body);
  const names = `{"name":"mcpbox_list_servers","name":"${tool.name}","arguments":{"text":"a"}}`;
  const two = await session.post(`{"jsonrpc":"2.0","id":7,"method":"tools/call","params":${names}}`);
  assert.ok(two.rpc?.error || two.rpc?.result?.["isError"] === true, two.answer.body);
});

test("NUL and every other control character in a string do no harm", async () => {
  const odd = "a\u0000b\u0001\u001b[31m\u007f\u202e\ufffe\ud800";
  const echoed = await session.post(rpc("tools/call", { name: tool.name, arguments: { text: odd } }));
  assert.equal(echoed.status, 200);
  assert.ok(echoed.rpc?.result, echoed.answer.body);
  const tried = [
    { name: "mcpbox_create_server", arguments: { name: "nul", description: odd } },
    { name: "mcpbox_create_server", arguments: { name: odd } },
    {
      name: "mcpbox_create_tool",
      arguments: { server_id: tool.server, name: "nul", python_code: `#${odd}` },
    },
    { name: "mcpbox_validate_code", arguments: { code: `async def main():\n    return '${odd}'\n` } },
    { name: "mcpbox_request_publish", arguments: { tool_id: tool.id, notes: odd } },
    { name: odd, arguments: {} },
  ];
  for (const params of tried) {
    const got = await session.post(rpc("tools/call", params));
    assert.equal(got.status, 200, got.answer.body);
    assert.ok(
      got.rpc?.error || got.rpc?.result?.["isError"] === true,
      `${JSON.stringify(params)}: ${got.answer.body}`,
    );
  }
  const logs = await box.ctl(["logs"]);
  assert.equal(logs.code, 0);
  assert.doesNotMatch(logs.stdout, /[\u0000\u001b\u202e]/);
});

test("management tools check every argument's type", async () => {
  const text = [7, true, [], {}];
  const number = ["1", true, [], {}, 1.5, -1, 0, 1e300];
  const wrong: [string, Record<string, unknown>, string, unknown[]][] = [
    ["create_server", {}, "name", [...text, null, undefined]],
    ["create_server", { name: "fine" }, "description", text],
    ["get_server", {}, "server_id", [...text, null, undefined]],
    ["create_tool", { server_id: tool.server, python_code: CODE }, "name", [...text, null, undefined]],
    ["create_tool", { server_id: tool.server, name: "fine" }, "python_code", [...text, null, undefined, ""]],
    ["create_tool", { server_id: tool.server, name: "fine", python_code: CODE }, "timeout_ms", number],
    ["update_tool", { tool_id: tool.id }, "enabled", [7, "yes", [], {}]],
    ["validate_code", {}, "code", [...text, null, undefined, ""]],
    ["test_code", { tool_id: tool.id }, "arguments", [7, "x", true, []]],
    ["list_servers", {}, "page", number],
    ["list_servers", {}, "page_size", number],
    ["get_tool_logs", { tool_id: tool.id }, "limit", number],
  ];
  for (const [name, args, member, values] of wrong)
    for (const value of values) await box.mcp.refusal(`mcpbox_${name}`, { ...args, [member]: value });
  assert.equal((await box.mcp.manage("list_servers")).total, 1, "nothing was made");
  assert.equal((await box.mcp.manage("list_tools", { server_id: tool.server })).total, 1, "nothing was made");
});

test("posted notifications and responses are accepted without a body and change nothing", async () => {
  for (const message of [
    { jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 12345 } },
    { jsonrpc: "2.0", method: "notifications/unheard_of" },
    { jsonrpc: "2.0", id: 99, result: {} },
  ]) {
    const got = await session.post(message);
    assert.equal(got.status, 202, got.answer.body);
    assert.equal(got.answer.body, "");
  }
});

test("after all of this the daemons are the same processes with the same memory and files", async () => {
  await assertSteady(box, start);
  assert.equal((await box.mcp.call(tool.name, { text: "still here" })).content[0]?.text, "still here");
});

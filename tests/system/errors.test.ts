// Every error of the management tools, through the real daemons: its code, the field, the rule, what was received, and
// the tool to call next.  What an argument may be is read from the schemas that clients get; what depends on the state of
// things stands in a table.
import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";

import { Instance } from "./harness/instance.ts";
import { type Details } from "./harness/mcp.ts";
import { approve, createServer, createTool, explainFailure, publish, type Tool } from "./harness/story.ts";

const ABSENT = "123e4567-e89b-42d3-a456-426614174000";
const CODE = "async def main() -> int:\n    return 1\n";

let box: Instance;
let tools: any[];
let draft: Tool;
let live: Tool;
let waiting: Tool;

before(async () => {
  box = await Instance.started();
  tools = (await box.mcp.post("tools/list")).result!["tools"].filter((tool: any) =>
    tool.name.startsWith("mcpbox_"),
  );
  live = await publish(box, "alive", "answer", CODE);
  const server = { id: live.server, name: "alive" };
  draft = await createTool(box, server, "draft", CODE);
  waiting = await createTool(box, server, "waiting", CODE);
  await box.mcp.manage("request_publish", { tool_id: waiting.id });
});
after(async () => {
  await box?.stop();
  box?.destroy();
});
afterEach(explainFailure(() => box));

/** The error's parts; the sentence must say them too. */
async function errorOf(tool: string, args: Record<string, unknown>): Promise<Details & { text: string }> {
  const ending = await box.mcp.attempt(tool, args);
  assert.equal(ending.kind, "tool-error", `${tool} ${JSON.stringify(args)}: ${JSON.stringify(ending)}`);
  const { text, result } = ending as { text: string; result: any };
  const details = result._meta?.error as Details | undefined;
  assert.ok(details, `${tool}: ${text}`);
  assert.match(text, /^Error: /);
  if (details.field) assert.ok(text.includes(details.field), `${text} names ${details.field}`);
  assert.ok(details.rule && text.includes(details.rule), `${text} says the rule ${details.rule}`);
  assert.ok(
    tools.some(({ name }) => name === details.next),
    `${tool}: ${details.next} is a tool`,
  );
  return { ...details, text };
}

/** What a property is when it is not null. */
const set = (schema: any): any => schema.anyOf?.[0] ?? schema;

/** What does not fit a property, by its schema. */
function misfits(property: any): unknown[] {
  const schema = set(property);
  const types = [schema.type];
  const wrong: unknown[] = [7, true, "\u0000", [], {}, 1.5, "x"].filter((value) => {
    const type = Array.isArray(value) ? "array" : typeof value === "number" ? "integer" : typeof value;
    return !types.includes(type) || value === 1.5 || value === "\u0000";
  });
  if (types.includes("array")) wrong.splice(0, wrong.length, 7, "x", {}, true);
  if (types.includes("string")) {
    if (schema.maxLength !== undefined) wrong.push("y".repeat(schema.maxLength + 1));
    if (schema.minLength > 0) wrong.push("");
    if (schema.pattern !== undefined) wrong.push("Not A Name", "a__b", "_a");
    if (schema.format === "uuid" || schema.enum) wrong.push("neither");
  }
  if (types.includes("integer")) wrong.push(schema.minimum - 1, schema.maximum + 1, "1");
  return wrong;
}

/** Something that fits. */
function fitting(name: string, property: any): unknown {
  const schema = set(property);
  if (name === "tool_id") return draft.id;
  if (name === "server_id") return live.server;
  if (schema.enum) return schema.enum[0];
  if (schema.type === "integer") return schema.minimum;
  if (schema.type === "boolean") return true;
  if (schema.type === "object") return {};
  if (schema.type === "array") return [];
  return "a".repeat(Math.max(schema.minLength ?? 1, 1));
}

test("every argument of every tool: what does not fit is named with its rule and what was received", async () => {
  let tried = 0;
  for (const { name, inputSchema } of tools) {
    const properties = Object.entries<any>(inputSchema.properties);
    const required: string[] = inputSchema.required ?? [];
    const good = Object.fromEntries(required.map((one) => [one, fitting(one, inputSchema.properties[one])]));
    for (const [field, schema] of properties) {
      for (const value of misfits(schema)) {
        const error = await errorOf(name, { ...good, [field]: value });
        const what = `${name}.${field} = ${JSON.stringify(value).slice(0, 80)}: ${error.text}`;
        assert.deepEqual([error.code, error.field], ["invalid_argument", field], what);
        assert.ok(error.received && error.received.length <= 70, what);
        tried += 1;
      }
      if (!required.includes(field)) continue;
      const { [field]: _, ...without } = good;
      const error = await errorOf(name, without);
      assert.deepEqual([error.code, error.field, error.received], ["invalid_argument", field, undefined]);
      assert.match(error.rule!, /required/);
    }
    const error = await errorOf(name, { ...good, no_such_argument: "x" });
    assert.deepEqual([error.code, error.field, error.next], ["invalid_argument", "no_such_argument", name]);
  }
  assert.ok(tried > 150, `${tried} wrong values`);
});

test("ids of nothing: not_found, and where ids come from", async () => {
  for (const { name, inputSchema } of tools) {
    const required: string[] = inputSchema.required ?? [];
    const id = ["tool_id", "server_id"].find((one) => required.includes(one));
    if (id === undefined) continue;
    const args = Object.fromEntries(required.map((one) => [one, fitting(one, inputSchema.properties[one])]));
    for (const [field, value] of Object.entries({ python_code: CODE, key: "KEY", host: "a.example" }))
      if (required.includes(field)) args[field] = value;
    if (name === "mcpbox_update_tool") args["enabled"] = true;
    const error = await errorOf(name, { ...args, [id]: ABSENT });
    assert.equal(error.code, "not_found", error.text);
    const list = id === "tool_id" ? "mcpbox_list_tools" : "mcpbox_list_servers";
    assert.equal(error.next, list, error.text);
  }
});

test("what the state of things does not allow says so, and what to call next", async () => {
  const bad = "def nothing(): pass\n";
  const justification = "needed for what the user asked for";
  const cases: [string, Record<string, unknown>, string, string | undefined, string][] = [
    ["create_server", { name: "alive" }, "conflict", "name", "mcpbox_create_server"],
    ["create_server", { name: "mcpbox" }, "invalid_argument", undefined, "mcpbox_create_server"],
    [
      "create_tool",
      { server_id: live.server, name: "answer", python_code: CODE },
      "conflict",
      "name",
      "mcpbox_update_tool",
    ],
    [
      "create_tool",
      { server_id: live.server, name: "bad", python_code: bad },
      "invalid_argument",
      undefined,
      "mcpbox_validate_code",
    ],
    ["update_tool", { tool_id: draft.id }, "invalid_argument", "enabled", "mcpbox_get_tool"],
    [
      "update_tool",
      { tool_id: draft.id, python_code: bad },
      "invalid_argument",
      undefined,
      "mcpbox_validate_code",
    ],
    ["validate_code", { code: bad }, "invalid_argument", "code", "mcpbox_validate_code"],
    ["request_publish", { tool_id: waiting.id }, "conflict", undefined, "mcpbox_get_tool_status"],
    ["request_publish", { tool_id: live.id }, "conflict", undefined, "mcpbox_start_server"],
    ["rollback_tool", { tool_id: draft.id, version: 1 }, "conflict", "version", "mcpbox_list_tool_versions"],
    [
      "rollback_tool",
      { tool_id: draft.id, version: 9 },
      "invalid_argument",
      "version",
      "mcpbox_list_tool_versions",
    ],
    [
      "list_tool_versions",
      { tool_id: draft.id, version: 9 },
      "not_found",
      "version",
      "mcpbox_list_tool_versions",
    ],
    [
      "list_tool_versions",
      { tool_id: draft.id, compare_to: 1 },
      "invalid_argument",
      "compare_to",
      "mcpbox_list_tool_versions",
    ],
    [
      "request_module",
      { tool_id: draft.id, module_name: "json", justification },
      "conflict",
      undefined,
      "mcpbox_update_tool",
    ],
    [
      "request_network_access",
      { tool_id: draft.id, host: "http://a.example/x", justification },
      "invalid_argument",
      "host",
      "mcpbox_request_network_access",
    ],
    ["call_tool", { name: "alive__nothing" }, "not_found", "name", "mcpbox_get_tool_status"],
    ["call_tool", { name: "mcpbox_list_servers" }, "invalid_argument", undefined, "mcpbox_list_servers"],
  ];
  const unexpected: string[] = [];
  for (const [tool, args, code, field, next] of cases) {
    const error = await errorOf(`mcpbox_${tool}`, args);
    const got = [error.code, error.field, error.next];
    if (got.join() !== [code, field, next].join())
      unexpected.push(`${tool} ${JSON.stringify(args)}: ${error.text} ${got.join()}`);
  }
  assert.deepEqual(unexpected, []);
  assert.equal((await box.mcp.manage("list_servers")).total, 1, "nothing was made");
  assert.equal((await box.mcp.manage("list_tools", { server_id: live.server })).total, 3, "nothing was made");
});

test("a tool that fails in its trial run is to be repaired", async () => {
  const server = { id: await createServer(box, "failing"), name: "failing" };
  const tool = await createTool(
    box,
    server,
    "fails",
    "async def main():\n    raise ValueError('on purpose')\n",
  );
  const error = await errorOf("mcpbox_test_code", { tool_id: tool.id });
  assert.equal(error.next, "mcpbox_update_tool");
  await approve(box, tool.name);
});

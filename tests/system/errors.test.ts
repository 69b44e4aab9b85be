// Every error of the management tools, through the real daemons: its code, the field, the rule, what was received, and
// the tool to call next.  What an argument may be is read from the schemas that clients get; what depends on the state of
// things stands in a table.
import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";

import { Instance } from "./harness/instance.ts";
import { type Details } from "./harness/mcp.ts";
import { approve, createServer, createTool, explainFailure, publish, type Tool } from "./harness/story.ts";
import { until } from "./harness/wait.ts";

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
  // The id of what a call is about is the field when its state is what does not fit: the words say the state.
  if (details.field && !details.field.endsWith("_id"))
    assert.ok(text.includes(details.field), `${text} names ${details.field}`);
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

// tool, arguments, code, field, the tool to call next, and words of the rule.
type Case = [string, Record<string, unknown>, string, string | undefined, string, RegExp];

async function hold(cases: Case[]): Promise<void> {
  const unexpected: string[] = [];
  for (const [tool, args, code, field, next, rule] of cases) {
    const error = await errorOf(`mcpbox_${tool}`, args);
    const got = [error.code, error.field, error.next];
    const given = field === undefined ? undefined : args[field];
    const received = given === undefined || error.received !== undefined;
    if (got.join() !== [code, field, next].join() || !rule.test(error.rule!) || !received)
      unexpected.push(`${tool} ${JSON.stringify(args)}: ${error.text} ${got.join()}`);
  }
  assert.deepEqual(unexpected, []);
}

test("what the state of things does not allow says so, and what to call next", async () => {
  const bad = "def nothing(): pass\n";
  const empty = { id: await createServer(box, "empty") };
  const drafts = { id: await createServer(box, "drafts"), name: "drafts" };
  await createTool(box, drafts, "one", CODE);
  const tool_id = draft.id;
  const made = { server_id: live.server, python_code: CODE };
  await hold([
    ["create_server", { name: "alive" }, "conflict", "name", "mcpbox_list_servers", /of this name exists/],
    [
      "create_server",
      { name: "mcpbox" },
      "invalid_argument",
      "name",
      "mcpbox_create_server",
      /begin with mcpbox/,
    ],
    ["create_tool", { ...made, name: "answer" }, "conflict", "name", "mcpbox_update_tool", /of this name/],
    [
      "create_tool",
      {
        ...made,
        name: "x".repeat(48),
        server_id: (await box.mcp.manage("create_server", { name: "y".repeat(48) })).id,
      },
      ...(["invalid_argument", "name", "mcpbox_create_tool", /64 characters/] as const),
    ],
    [
      "create_tool",
      { ...made, name: "bad", python_code: bad },
      ...(["invalid_argument", "python_code", "mcpbox_validate_code", /main/] as const),
    ],
    [
      "start_server",
      { server_id: live.server },
      "conflict",
      "server_id",
      "mcpbox_search_tools",
      /running already/,
    ],
    [
      "start_server",
      { server_id: empty.id },
      "invalid_argument",
      "server_id",
      "mcpbox_create_tool",
      /no tools/,
    ],
    [
      "start_server",
      { server_id: drafts.id },
      ...(["invalid_argument", "server_id", "mcpbox_request_publish", /enabled and approved/] as const),
    ],
    ["stop_server", { server_id: drafts.id }, "conflict", "server_id", "mcpbox_start_server", /not running/],
    ["update_tool", { tool_id }, "invalid_argument", "enabled", "mcpbox_get_tool", /No fields to update/],
    [
      "update_tool",
      { tool_id, python_code: bad },
      ...(["invalid_argument", "python_code", "mcpbox_validate_code", /main/] as const),
    ],
    ["update_tool", { tool_id, name: "answer" }, "conflict", "name", "mcpbox_update_tool", /of this name/],
    ["validate_code", { code: bad }, "invalid_argument", "code", "mcpbox_validate_code", /main/],
    [
      "request_publish",
      { tool_id: waiting.id },
      ...(["conflict", "tool_id", "mcpbox_get_tool_status", /waits for review already/] as const),
    ],
    [
      "request_publish",
      { tool_id: live.id },
      "conflict",
      "tool_id",
      "mcpbox_start_server",
      /approved already/,
    ],
    [
      "rollback_tool",
      { tool_id, version: 1 },
      "conflict",
      "version",
      "mcpbox_list_tool_versions",
      /current version/,
    ],
    [
      "rollback_tool",
      { tool_id, version: 9 },
      ...(["invalid_argument", "version", "mcpbox_list_tool_versions", /does not exist/] as const),
    ],
    [
      "list_tool_versions",
      { tool_id, version: 9 },
      ...(["not_found", "version", "mcpbox_list_tool_versions", /no version 9/] as const),
    ],
    [
      "list_tool_versions",
      { tool_id, compare_to: 1 },
      ...(["invalid_argument", "compare_to", "mcpbox_list_tool_versions", /needs version/] as const),
    ],
    ["call_tool", { name: "alive__nothing" }, "not_found", "name", "mcpbox_get_tool_status", /Unknown tool/],
    [
      "call_tool",
      { name: "mcpbox_list_servers" },
      ...(["invalid_argument", "name", "mcpbox_list_servers", /published tool/] as const),
    ],
  ]);
  assert.equal((await box.mcp.manage("list_servers")).total, 4, "nothing else was made");
  assert.equal((await box.mcp.manage("list_tools", { server_id: live.server })).total, 3, "nothing was made");
});

test("what goes with a kind, and the shapes of what stands beside the code", async () => {
  const made = { server_id: live.server, name: "shaped", python_code: CODE };
  const wrong = (field: string, args: Record<string, unknown>, rule: RegExp): Case[] =>
    (["create_tool", "update_tool"] as const)
      .filter((tool) => tool === "create_tool" || !("kind" in args))
      .map((tool) => [
        tool,
        tool === "create_tool" ? { ...made, ...args } : { tool_id: draft.id, ...args },
        ...(["invalid_argument", field, `mcpbox_${tool}`, rule] as const),
      ]);
  const parameter = { headers: { nothing: "Region" } };
  await hold([
    ...wrong("annotations", { annotations: { colour: "red" } }, /not known/),
    ...wrong("annotations", { annotations: { readOnlyHint: "yes" } }, /true or false/),
    ...wrong("annotations", { kind: "prompt", annotations: { readOnlyHint: true } }, /does not go with/),
    ...wrong("icons", { icons: [{ src: "http://plain.example/i.png" }] }, /https/),
    ...wrong("icons", { icons: [{ src: "https://a.example/i.png", theme: "blue" }] }, /light or dark/),
    ...wrong("icons", { icons: Array(9).fill({ src: "https://a.example/i.png" }) }, /more than 8/),
    ...wrong("uri_template", { uri_template: "today" }, /scheme/),
    ...wrong("uri_template", { kind: "resource", uri_template: "notes://{day}" }, /no \{parts\}/),
    ...wrong("uri_template", { kind: "resource_template", uri_template: "notes://day" }, /needs a \{part\}/),
    ...wrong("uri_template", { kind: "resource" }, /missing/),
    ...wrong("uri_template", { uri_template: "notes://today" }, /for the kinds/),
    ...wrong("headers", parameter, /no parameter of main/),
    ...wrong("headers", { headers: { a: "Not A Token" } }, /header name/),
    ...wrong("output_schema", { kind: "prompt", output_schema: { type: "object" } }, /kind tool only/),
    ...wrong(
      "input_schema",
      { kind: "resource", uri_template: "a://b", input_schema: { type: "object" } },
      /kinds tool/,
    ),
  ]);
  assert.equal((await box.mcp.manage("list_tools", { server_id: live.server })).total, 3, "nothing was made");
});

test("hosts, modules and secrets that cannot be asked for, say why", async () => {
  const justification = "needed for what the user asked for";
  const asked = { tool_id: draft.id, justification };
  const secret = { server_id: live.server, key: "API_KEY" };
  await box.mcp.manage("request_module", { ...asked, module_name: "ipaddress" });
  await box.mcp.manage("request_network_access", { ...asked, host: "a.example", port: 443 });
  await box.mcp.manage("create_server_secret", { ...secret, key: "TAKEN" });
  const { request_id } = await box.mcp.manage("request_network_access", {
    ...asked,
    host: "no.example",
    port: 443,
  });
  const no = await box.ctl(["network", "reject", request_id, "--reason", "not this one"]);
  assert.equal(no.code, 0, no.stderr);
  const module = (name: string, code: string, next: string, rule: RegExp): Case => [
    "request_module",
    { ...asked, module_name: name },
    ...([code, "module_name", next, rule] as const),
  ];
  const host = (name: string, code: string, next: string, rule: RegExp): Case => [
    "request_network_access",
    { ...asked, host: name, port: 443 },
    ...([code, "host", next, rule] as const),
  ];
  const place = (args: object, field: string, rule: RegExp): Case => [
    "create_server_secret",
    { ...secret, ...args },
    ...(["invalid_argument", field, "mcpbox_create_server_secret", rule] as const),
  ];
  const again = "mcpbox_request_network_access";
  await hold([
    module("json", "conflict", "mcpbox_update_tool", /needs no approval/),
    module("ipaddress", "conflict", "mcpbox_get_tool_status", /asked for already/),
    module("not a module", "invalid_argument", "mcpbox_request_module", /import statement/),
    [
      "request_module",
      { ...asked, module_name: "dbm", justification: "because I" },
      "invalid_argument",
      "justification",
      "mcpbox_request_module",
      /10 characters|not be empty/,
    ],
    host("a.example", "conflict", "mcpbox_get_tool_status", /asked for already/),
    host("no.example", "conflict", again, /was rejected/),
    host("http://a.example/x", "invalid_argument", again, /./),
    host("*.example.com", "invalid_argument", again, /exact name/),
    host("localhost", "invalid_argument", again, /this machine itself/),
    [
      "create_server_secret",
      { ...secret, key: "TAKEN" },
      "conflict",
      "key",
      "mcpbox_list_server_secrets",
      /already/,
    ],
    place({ key: "api_key" }, "key", /capital|letter A to Z/),
    place({ mode: "open" }, "mode", /sealed or exposed/),
    place({ place: "cookie" }, "place", /must be one of/),
    place({ host: "*.example.com" }, "host", /exact name/),
    place({ place_name: "Host" }, "place_name", /where a request goes/),
    place({ place_name: "two words" }, "place_name", /name of a header/),
    place({ place: "path", place_name: "X" }, "place_name", /must be empty/),
    place({ template: "Bearer" }, "template", /exactly once/),
    place({ place: "query", place_name: "key", template: "x {}" }, "template", /must be empty/),
  ]);
});

test("what is busy or frozen says when to come back", async () => {
  const nap = await createTool(
    box,
    { id: live.server, name: "alive" },
    "nap",
    "import asyncio\nasync def main():\n    await asyncio.sleep(8)\n",
  );
  const tries = async (tool: Tool) => box.mcp.attempt("mcpbox_test_code", { tool_id: tool.id });
  let running: Promise<unknown> = Promise.resolve();
  await until("one draft to be refused while another runs", 120, async () => {
    await running;
    running = tries(nap);
    const ending = await tries(draft);
    if (ending.kind !== "tool-error") return false;
    const { code, field, next } = (ending.result as any)._meta.error;
    if (code !== "busy") return false; // out of time on a busy machine
    assert.deepEqual([field, next], [undefined, "mcpbox_test_code"]);
    assert.match(ending.text, /draft run of yours is still running: wait/);
    return true;
  });
  await box.ctl(["freeze", "--reason", "a test"]);
  await running;
  const frozen = await errorOf("mcpbox_test_code", { tool_id: draft.id });
  assert.match(frozen.text, /thaw/);
  await box.ctl(["thaw"]);
  await box.mcp.manage("delete_tool", { tool_id: nap.id });
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

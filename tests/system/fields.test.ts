// What every management tool answers: the fields of the contract, held to the outputSchema that tools/list promises.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { after, afterEach, before, test } from "node:test";

import { Instance } from "./harness/instance.ts";
import { explainFailure, publish, type Tool } from "./harness/story.ts";

const require = createRequire(import.meta.url);
const { Ajv2020 } = require("ajv/dist/2020.js");

const CODE = "async def main(text: str = 'here') -> str:\n    return text\n";
const BECAUSE = "the tool asks the weather service";
const PAGED = ["total", "page", "page_size", "pages"];

let box: Instance;
let tool: Tool; // published
let promised: Map<string, any>; // the listed tool by its name

before(async () => {
  box = await Instance.started();
  tool = await publish(box, "alive", "echo", CODE);
  promised = new Map();
  for (let cursor: unknown; ;) {
    const page = await box.mcp.post("tools/list", cursor === undefined ? {} : { cursor });
    for (const one of page.result!["tools"] as any[]) promised.set(one.name, one);
    cursor = page.result!["nextCursor"];
    if (cursor === undefined) break;
  }
});
after(async () => {
  await box?.stop();
  box?.destroy();
});
afterEach(explainFailure(() => box));

const answered = new Set<string>();

/** The schema with nothing beside what it names: what is answered must be promised, inside lists too. */
function closed(schema: any): any {
  if (Array.isArray(schema)) return schema.map(closed);
  if (schema === null || typeof schema !== "object") return schema;
  const all = Object.fromEntries(Object.entries(schema).map(([name, value]) => [name, closed(value)]));
  return schema.properties && schema.type === "object" ? { ...all, additionalProperties: false } : all;
}

/** The tool's structured answer, which has these fields and is what its outputSchema says. */
async function answer(name: string, args: Record<string, unknown>, fields: string[]): Promise<any> {
  const result = await box.mcp.call(`mcpbox_${name}`, args);
  const body = result.structuredContent;
  assert.ok(body !== undefined, `${name} has a structured answer`);
  const listed = promised.get(`mcpbox_${name}`);
  const validate = new Ajv2020({ strict: false }).compile(closed(listed.outputSchema));
  assert.ok(validate(body), `${name}: ${JSON.stringify(validate.errors)}\n${JSON.stringify(body)}`);
  for (const field of fields) {
    assert.ok(field in body, `${name} has ${field}: ${JSON.stringify(body)}`);
    assert.ok(field in listed.outputSchema.properties, `${name} promises ${field}`);
  }
  answered.add(`mcpbox_${name}`);
  return body;
}

const has = (one: any, ...fields: string[]) => {
  for (const field of fields) assert.ok(field in one, `${field} in ${JSON.stringify(one)}`);
};

test("servers", async () => {
  const made = await answer("create_server", { name: "new" }, ["success", "id", "name", "message"]);
  const list = await answer("list_servers", {}, ["servers", ...PAGED]);
  has(list.servers[0], "id", "name", "description", "status", "created_at", "created_by");
  assert.equal(list.servers[0].id, made.id, "the newest first");
  const shown = await answer("get_server", { server_id: tool.server }, [
    ...[
      "id",
      "name",
      "description",
      "status",
      "allowed_hosts",
      "default_timeout_ms",
      "created_at",
      "updated_at",
    ],
    ...["tools", "tool_count", "pending_requests"],
  ]);
  has(shown.tools[0], "id", "name", "description", "enabled", "approval_status");
  has(shown.pending_requests, "modules", "network");
  await answer("stop_server", { server_id: tool.server }, ["success", "message", "status"]);
  const fields = ["success", "message", "status", "registered_tools"];
  const started = await answer("start_server", { server_id: tool.server }, fields);
  assert.deepEqual([started.status, started.registered_tools], ["running", 1]);
  await answer("delete_server", { server_id: made.id }, ["success", "message"]);
});

test("tools, their code and their versions", async () => {
  const saved = ["success", "id", "name", "message"];
  const draft = { server_id: tool.server, name: "draft", python_code: CODE };
  const made = await answer("create_tool", draft, saved);
  const tool_id = made.id;
  await answer("update_tool", { tool_id, description: "Says it." }, saved);
  const list = await answer("list_tools", { server_id: tool.server }, [
    "server_id",
    "server_name",
    "tools",
    ...PAGED,
  ]);
  has(list.tools[0], "id", "name", "description", "enabled");
  await answer("get_tool", { tool_id }, [
    ...["id", "server_id", "name", "description", "enabled", "timeout_ms", "input_schema", "current_version"],
    "python_code",
  ]);
  const checked = await answer("validate_code", { code: CODE }, [
    "valid",
    "has_main",
    "parameters",
    "input_schema",
  ]);
  has(checked.parameters[0], "name", "type");
  await answer("test_code", { tool_id, arguments: { text: "x" } }, ["success", "result", "stdout"]);
  const versions = await answer("list_tool_versions", { tool_id }, [
    ...["tool_id", "tool_name", "current_version", "total_versions", "versions"],
    ...PAGED,
  ]);
  has(versions.versions[0], "version", "change_summary", "change_source", "created_at", "author", "digest");
  const back = ["success", "tool_id", "name", "current_version", "message"];
  assert.equal((await answer("rollback_tool", { tool_id, version: 1 }, back)).current_version, 3);
  const asked = { tool_id, notes: "please" };
  await answer("request_publish", asked, ["success", "tool_id", "name", "status", "message"]);
  const status = await answer("get_tool_status", { tool_id }, [
    ...[
      "tool_id",
      "name",
      "approval_status",
      "created_by",
      "approval_requested_at",
      "approved_at",
      "approved_by",
    ],
    ...["rejection_reason", "publish_notes", "module_requests", "network_access_requests", "review_request"],
  ]);
  has(status.review_request, "digest", "base_digest", "capabilities", "capabilities_added", "last_draft_run");
  const logs = await answer("get_tool_logs", { tool_id }, ["tool_id", "tool_name", "logs", ...PAGED]);
  const entry = [
    "id",
    "success",
    "duration_ms",
    "error",
    "input_args",
    "result",
    "stdout",
    "executed_by",
    "created_at",
  ];
  has(logs.logs[0], ...entry);
  await answer("delete_tool", { tool_id }, ["success", "message"]);
});

test("what a person decides", async () => {
  const asked = { tool_id: tool.id, justification: BECAUSE };
  const module = await answer("request_module", { ...asked, module_name: "ipaddress" }, [
    ...["success", "request_id", "module_name", "status", "message"],
  ]);
  const host = await answer("request_network_access", { ...asked, host: "api.example", port: 443 }, [
    ...["success", "request_id", "host", "port", "status", "message"],
  ]);
  assert.deepEqual([module.status, host.status], ["pending", "pending"]);
  const draft = { server_id: tool.server, name: "waits", python_code: CODE };
  const { id } = await box.mcp.manage("create_tool", draft);
  await box.mcp.manage("request_publish", { tool_id: id });
  const waiting = await answer("list_pending_requests", {}, [
    ...[
      "pending_tools",
      "pending_module_requests",
      "pending_network_requests",
      "summary",
      "page",
      "page_size",
    ],
  ]);
  has(waiting.pending_tools[0], "id", "name", "server_name", "requested_at", "requested_by");
  has(waiting.pending_module_requests[0], "id", "module_name", "tool_name", "server_name");
  has(waiting.pending_network_requests[0], "id", "host", "port", "tool_name", "server_name");
  assert.deepEqual(waiting.summary, { tools: 1, modules: 1, network: 1, total: 3 });
  const fields = ["is_custom_config", "allowed_modules", "default_modules", "total_allowed", "description"];
  await answer("get_server_modules", {}, fields);
  const secret = { server_id: tool.server, key: "API_KEY", description: "of the service" };
  const named = ["success", "server_id", "key", "description", "has_value", "message"];
  assert.equal((await answer("create_server_secret", secret, named)).has_value, false);
  const list = ["server_id", "server_name", "secrets", ...PAGED];
  const { secrets } = await answer("list_server_secrets", { server_id: tool.server }, list);
  has(secrets[0], "key", "description", "has_value");
});

test("the dispatcher", async () => {
  const found = await answer("search_tools", { query: "echo" }, ["tools", ...PAGED]);
  assert.equal(found.tools[0].name, tool.name);
  const next = await answer("search_tools", { query: "echo", page: 2, page_size: 1 }, ["tools", ...PAGED]);
  assert.deepEqual([next.tools, next.total, next.pages], [[], 1, 1]);
  const text = await answer("call_tool", { name: tool.name, arguments: { text: "x" } }, ["result"]);
  assert.deepEqual(text, { result: "x" });
});

test("every management tool was asked", () => {
  const all = [...promised.keys()].filter((name) => name.startsWith("mcpbox_"));
  assert.deepEqual([...answered].sort(), all.sort());
  assert.equal(all.length, 26);
});

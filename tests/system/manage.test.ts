// What an author does with servers and tools over MCP, and what comes back when a tool fails.
import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";

import {
  CLIENTS,
  legacyClient,
  listeningClient,
  manage,
  pinnedClient,
  refused,
  UNKNOWN_TOOL,
  withClient,
} from "./harness/clients.ts";
import { Instance } from "./harness/instance.ts";
import { limit } from "./harness/limits.ts";
import { textOf } from "./harness/mcp.ts";
import {
  approve,
  createServer,
  createTool,
  digestOf,
  explainFailure,
  logsOf,
  publish,
  publishAnother,
  type Tool,
} from "./harness/story.ts";
import { until } from "./harness/wait.ts";

const REPORT = `
async def main(city: str, days: int = 1) -> dict:
    print("asked about", city)
    return {"city": city, "days": days}
`;

let box: Instance;
let report: Tool;
let server: { id: string; name: string };

before(async () => {
  box = await Instance.started();
  report = await publish(box, "weather", "report", REPORT);
  server = { id: report.server, name: "weather" };
});
after(async () => {
  await box?.stop();
  box?.destroy();
});
afterEach(explainFailure(() => box));

test("a server that is stopped takes its tools away, and started again brings them back", async () => {
  await withClient(legacyClient(box.url), async (client) => {
    const stopped = await manage(client, "stop_server", { server_id: server.id });
    assert.equal(stopped.status, "stopped");
    assert.match(await refused(client, "weather__report", { city: "Bern" }), UNKNOWN_TOOL);
    assert.match(await refused(client, "mcpbox_stop_server", { server_id: server.id }), /not running/i);
    await manage(client, "start_server", { server_id: server.id });
    assert.ok(!(await client.call("weather__report", { city: "Bern" })).isError);
  });
});

test("a client with an open stream is told when the list of tools changes", async () => {
  let changes = 0;
  const client = await listeningClient(box.url, () => changes++);
  for (const seen of [0, 1])
    // The client opens its stream in its own time: what changes before that, nobody hears of.
    await until("a notification", 30, async () => {
      await box.mcp.manage("stop_server", { server_id: server.id });
      await box.mcp.manage("start_server", { server_id: server.id });
      return changes > seen;
    });
  await client.close();
});

test("arguments that do not fit are refused in words that name them, and nothing runs", async () => {
  for (const open of Object.values(CLIENTS))
    await withClient(open(box.url), async (client) => {
      const missing = await client.call("weather__report", { days: 1 });
      assert.ok(missing.isError);
      assert.match(textOf(missing), /city/);
      const wrong = await client.call("weather__report", { city: "Bern", days: "two" });
      assert.ok(wrong.isError);
      assert.match(textOf(wrong), /days/);
    });
  const expected = 2 * Object.keys(CLIENTS).length;
  const refusals = (logs: any[]) => logs.filter(({ end }) => end === "invalid_arguments");
  const logs = await logsOf(box, report, (all) => refusals(all).length >= expected);
  assert.equal(refusals(logs).length, expected, "each attempt is on record, once");
  for (const { success, stdout } of refusals(logs)) assert.ok(!success && !stdout);
});

test("an exception comes back with its type, its line, and the lines around it", async () => {
  const code = 'async def main(n: int):\n    print("before")\n    return 10 // n\n';
  await publishAnother(box, report, "divide", code);
  await withClient(pinnedClient(box.url), async (client) => {
    assert.equal(textOf(await client.call("weather__divide", { n: 5 })), "2");
    const failed = await client.call("weather__divide", { n: 0 });
    assert.ok(failed.isError);
    const text = textOf(failed);
    assert.match(text, /^ZeroDivisionError/);
    assert.match(text, /--- stdout ---\nbefore/);
    assert.match(text, /ZeroDivisionError at line 3/);
    assert.match(text, />>> 3 \| {5}return 10 \/\/ n/);
    assert.equal(failed._meta?.execution?.error_detail?.["line_number"], 3);
  });
});

test("a tool that is approved while a chat goes on is found and called in that chat", async () => {
  let made = 0;
  for (const open of Object.values(CLIENTS))
    await withClient(open(box.url), async (client) => {
      const name = `late${++made}`;
      const call = { name: `weather__${name}`, arguments: { city: "Chur" } };
      const draft = await createTool(box, server, name, REPORT, { description: `Late report ${name}` });
      await manage(client, "request_publish", { tool_id: draft.id });
      assert.equal((await manage(client, "search_tools", { query: name })).total, 0, "not before approval");
      assert.match(await refused(client, "mcpbox_call_tool", call), UNKNOWN_TOOL);
      await approve(box, draft.name);
      const found = await manage(client, "search_tools", { query: `late ${name}` });
      assert.equal(found.tools[0].name, draft.name);
      assert.deepEqual(found.tools[0].input_schema.required, ["city"]);
      const result = await client.call("mcpbox_call_tool", call);
      assert.equal(result.structuredContent.city, "Chur");
      const unfit = { ...call, arguments: { city: 7 } };
      assert.match(await refused(client, "mcpbox_call_tool", unfit), /city/);
      assert.match(await refused(client, "mcpbox_call_tool", { name: "mcpbox_call_tool" }), /directly/);
    });
});

test("a disabled tool cannot be called, and enabled again it can", async () => {
  await withClient(legacyClient(box.url), async (client) => {
    await manage(client, "update_tool", { tool_id: report.id, enabled: false });
    assert.match(await refused(client, "weather__report", { city: "Bern" }), UNKNOWN_TOOL);
    await manage(client, "update_tool", { tool_id: report.id, enabled: true });
    assert.ok(!(await client.call("weather__report", { city: "Bern" })).isError);
  });
});

test("a rejected tool stays out of reach and tells its author why", async () => {
  const code = "async def main():\n    return 'hello'\n";
  const made = await createTool(box, server, "greet", code);
  await box.mcp.manage("request_publish", { tool_id: made.id });
  const digest = await digestOf(box, made.name);
  const silent = await box.ctl(["reject", made.name, "--digest", digest]);
  assert.notEqual(silent.code, 0, "a rejection needs a reason");
  const ran = await box.ctl(["reject", made.name, "--digest", digest, "--reason", "says nothing new"]);
  assert.equal(ran.code, 0, ran.stderr);
  const status = await box.mcp.manage("get_tool_status", { tool_id: made.id });
  assert.equal(status.approval_status, "rejected");
  assert.equal(status.rejection_reason, "says nothing new");
  assert.match(await box.mcp.refusal(made.name), UNKNOWN_TOOL);
});

test("servers do not share names, and names follow their rules", async () => {
  const second = { id: await createServer(box, "second"), name: "second" };
  const made = await createTool(box, second, "report", "async def main():\n    return 'second'\n");
  await box.mcp.manage("request_publish", { tool_id: made.id });
  await approve(box, made.name);
  await box.mcp.manage("start_server", { server_id: second.id });
  assert.equal(textOf(await box.mcp.call("second__report")), "second");
  assert.equal((await box.mcp.call("weather__report", { city: "a" })).structuredContent.city, "a");

  const longest = "a".repeat(limit("kNameBytes"));
  await createServer(box, longest);
  for (const name of [
    "",
    "Weather",
    "1st",
    "a__b",
    "a_",
    "_a",
    "mcpbox",
    "mcpbox_x",
    "wéather",
    `${longest}a`,
    "second",
  ])
    await box.mcp.refusal("mcpbox_create_server", { name });
  for (const name of ["", "Report", "9", "a__b", "a_", "re port", "a\u0000b", `${longest}a`, "report"])
    await box.mcp.refusal("mcpbox_create_tool", { server_id: second.id, name, python_code: REPORT });
  const { servers, total } = await box.mcp.manage("list_servers", { page_size: 2 });
  assert.equal(total, 3);
  assert.equal(servers.length, 2);
});

test("ids that are none, or somebody's idea of one, are refused by name", async () => {
  const absent = "00000000-0000-4000-8000-000000000000";
  assert.match(await box.mcp.refusal("mcpbox_get_server", { server_id: "x" }), /Invalid server_id/);
  assert.match(await box.mcp.refusal("mcpbox_get_server", {}), /server_id/);
  assert.match(await box.mcp.refusal("mcpbox_get_server", { server_id: absent }), /not found/);
  assert.match(await box.mcp.refusal("mcpbox_get_tool", { tool_id: absent }), /not found/);
  assert.match(await box.mcp.refusal("mcpbox_update_tool", { tool_id: report.id }), /[Nn]o fields/);
});

test("a tool's own time limit is kept, and a running clock does not stop the next call", async () => {
  const code =
    "import asyncio\n\nasync def main(seconds: float):\n    await asyncio.sleep(seconds)\n    return 'awake'\n";
  await publishAnother(box, report, "nap", code, { timeout_ms: limit("kTimeoutMinMs") });
  assert.equal(textOf(await box.mcp.call("weather__nap", { seconds: 0 })), "awake");
  assert.match(await box.mcp.refusal("weather__nap", { seconds: 60 }), /time|did not finish/i);
  assert.equal(textOf(await box.mcp.call("weather__nap", { seconds: 0 })), "awake");
  for (const timeout_ms of [limit("kTimeoutMinMs") - 1, limit("kTimeoutMaxMs") + 1, 0, -1, "soon"])
    await box.mcp.refusal("mcpbox_create_tool", {
      server_id: server.id,
      name: "never",
      python_code: code,
      timeout_ms,
    });
});

test("what a tool prints reaches a terminal only in visible form", async () => {
  const code = "async def main():\n    print('\\x1b[2J\\u202egnp.exe')\n    return 'x\\x1b]0;owned\\x07'\n";
  await publishAnother(box, report, "sneaky", code);
  await box.mcp.call("weather__sneaky");
  for (const args of [["logs"], ["show", "weather__sneaky"], ["explain", "weather__sneaky"]]) {
    const ran = await box.ctl(args);
    assert.equal(ran.code, 0, ran.stderr);
    assert.doesNotMatch(ran.stdout, /[\u001b\u0007\u202e]/, args[0]!);
  }
});

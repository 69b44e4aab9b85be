// A large installation beside a small one, with texts among its rows that databases and parsers dislike.  Everything in
// it is found, shown, approved and called.  With MCPBOX_SCALE=long (`make test-long`) it has 200 servers, 5,000 tools
// and 50,000 versions, and what people and language models ask of it is held to twice the time of the small one,
// request beside request.
import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";

import { Instance } from "./harness/instance.ts";
import { textOf } from "./harness/mcp.ts";
import { Postgres } from "./harness/postgres.ts";
import {
  approve,
  createServer,
  createTool,
  digestOf,
  explainFailure,
  publish,
  type Tool,
} from "./harness/story.ts";

const LONG = process.env["MCPBOX_SCALE"] === "long";
const SERVERS = LONG ? 200 : 20;
const TOOLS_OF_EACH = 25;
const TOOLS = SERVERS * TOOLS_OF_EACH;
const VERSIONS = 10;
const PUBLISHED = LONG ? 120 : 60; // more than a page of tools/list
const ROUNDS = 200;
const SMALL_SERVERS = 20; // beside the large one: as many as fill a page, so that both answer with as much
const CODE = 'async def main() -> str:\n    return "here"\n';

let postgres: Postgres;
let small: Instance;
let large: Instance;
let near: Tool; // the same in both
let far: Tool;

/** An instance with one published tool, on a database of its own. */
async function box(database: string): Promise<Instance> {
  await postgres.makeDatabase(database, "box");
  const made = await Instance.create(
    undefined,
    `postgresql://box:secret@127.0.0.1:${postgres.port}/${database}`,
  );
  await made.start();
  return made;
}

before(async () => {
  postgres = await Postgres.started();
  await postgres.sql("CREATE ROLE box LOGIN PASSWORD 'secret'");
  small = await box("small");
  large = await box("large");
  near = await publish(small, "near", "answer", CODE);
  far = await publish(large, "near", "answer", CODE);
  for (const [made, database, servers] of [
    [small, "small", SMALL_SERVERS],
    [large, "large", SERVERS],
  ] as const) {
    await made.stop();
    await postgres.sql(seed(servers), database);
    await made.start();
  }
});
after(async () => {
  for (const one of [small, large]) {
    await one?.stop();
    one?.destroy();
  }
  postgres?.destroy();
});
afterEach(explainFailure(() => large));

/** As the owner of the database could write it: rows without any authority.  Every 50th text is an unfriendly one. */
const seed = (servers: number) => `
  SET search_path = mcpbox;
  CREATE FUNCTION pg_temp.odd(n integer) RETURNS text LANGUAGE sql AS $$
    SELECT CASE n % 50 WHEN 1 THEN repeat('w', 1000000) WHEN 2 THEN repeat('[', 100000) WHEN 3 THEN repeat(U&'\\202e', 500)
      WHEN 4 THEN U&'\\FFFF\\FFFE' || chr(1) || chr(27) || '[2J' WHEN 5 THEN '\\u0000 "}]' ELSE 'plain ' || n END $$;
  INSERT INTO servers (id, name, description, status, created_by)
    SELECT gen_random_uuid(), 'seed' || n, left(pg_temp.odd(n), 2000), 'running', 'unix:root'
      FROM generate_series(1, ${servers - 1}) n;
  INSERT INTO tools (id, server_id, name, description, code, input_schema, parameters, timeout_ms, enabled, digest,
                     current_version, approval_status, approval_requested_at, created_by)
    SELECT gen_random_uuid(), s.id, 'tool' || n, left(pg_temp.odd(n + 7), 2000), '# ' || left(pg_temp.odd(n), 90000),
           left(pg_temp.odd(n + 3), 60000), '[]', 30000, true, sha256((s.name || n)::bytea), ${VERSIONS},
           CASE WHEN n % 5 = 0 THEN 'pending_review' ELSE 'draft' END, now(), 'unix:root'
      FROM servers s, generate_series(1, ${TOOLS_OF_EACH}) n WHERE s.name LIKE 'seed%';
  INSERT INTO tool_versions (tool_id, version, name, description, code, input_schema, parameters, timeout_ms, enabled,
                             digest, change_summary, change_source, author)
    SELECT t.id, v, t.name, t.description, t.code, t.input_schema, t.parameters, t.timeout_ms, true,
           sha256((t.id::text || v)::bytea), left(pg_temp.odd(v), 1000), 'llm', 'unix:root'
      FROM tools t, generate_series(1, ${VERSIONS}) v WHERE t.name LIKE 'tool%';
  ANALYZE;`;

test("every server and tool is on some page, unfriendly texts included", async () => {
  const servers: { id: string; name: string }[] = [];
  for (let page = 1, pages = 1; page <= pages; ++page) {
    const list = await large.mcp.manage("list_servers", { page, page_size: 100 });
    assert.equal(list.total, SERVERS);
    pages = list.pages;
    servers.push(...list.servers);
  }
  assert.equal(new Set(servers.map(({ id }) => id)).size, SERVERS);
  const { summary } = await large.mcp.manage("list_pending_requests", {});
  assert.equal(summary.tools, (TOOLS - TOOLS_OF_EACH) / 5);
  for (const { id: server_id, name } of servers.slice(0, 12)) {
    const { tools, total } = await large.mcp.manage("list_tools", { server_id, page_size: 100 });
    assert.equal(total, name === "near" ? 1 : TOOLS_OF_EACH);
    assert.equal(tools.length, total);
    for (const { id: tool_id } of tools.slice(0, 10)) {
      const shown = await large.mcp.manage("get_tool", { tool_id });
      assert.equal(shown.id, tool_id);
      const versions = await large.mcp.manage("list_tool_versions", { tool_id, version: 1 });
      assert.equal(versions.total, name === "near" ? 1 : VERSIONS);
    }
  }
});

test("what waits among all of it is reviewed, approved and called", async () => {
  const { pending, total } = await large.ctlJson("pending");
  assert.equal(total, (TOOLS - TOOLS_OF_EACH) / 5);
  const { id: tool_id, tool: name } = pending[0];
  const digest = await digestOf(large, name);
  const python_code = "async def main():\n    return 'reviewed'\n";
  const changes = { tool_id, python_code, description: "Read by somebody." };
  await large.mcp.manage("update_tool", changes);
  assert.notEqual(await digestOf(large, name), digest);
  await approve(large, name);
  assert.equal((await large.mcp.attempt(name)).kind, "rpc-error", "no row makes a server run");
  const { server_id } = await large.mcp.manage("get_tool", { tool_id });
  await large.mcp.manage("start_server", { server_id });
  assert.equal(textOf(await large.mcp.call(name)), "reviewed");
});

test("what is published there is found and called, and tools/list pages through it", async () => {
  const server = { id: await createServer(large, "many"), name: "many" };
  for (let i = 0; i < PUBLISHED; ++i)
    await approve(large, (await createTool(large, server, `t${i}`, CODE)).name);
  await large.mcp.manage("start_server", { server_id: server.id });
  const first = await large.mcp.post("tools/list", {});
  assert.ok(first.result!["nextCursor"], "the list has pages");
  const names = await large.mcp.toolNames();
  assert.equal(new Set(names).size, names.length, "no tool twice");
  for (let i = 0; i < PUBLISHED; ++i) assert.ok(names.includes(`many__t${i}`), `t${i} is on some page`);
  const found = await large.mcp.manage("search_tools", { query: "t47" });
  assert.equal(found.tools[0].name, "many__t47");
  assert.equal(textOf(await large.mcp.call("many__t47")), "here");
});

test("texts that PostgreSQL cannot hold are refused by the field", async () => {
  const tries: [string, Record<string, unknown>][] = [
    ["create_server", { name: "odd", description: "a\u0000b" }],
    ["create_tool", { server_id: far.server, name: "odd", python_code: `${CODE}# \u0000` }],
    ["create_tool", { server_id: far.server, name: "odd", python_code: "x".repeat(100_001) }],
    ["request_publish", { tool_id: far.id, notes: "\u0000" }],
    ["update_tool", { tool_id: far.id, description: "d".repeat(2_001) }],
  ];
  for (const [name, args] of tries)
    assert.match(await large.mcp.refusal(`mcpbox_${name}`, args), /NUL|limit|characters/, name);
  const deep = `${"[".repeat(100_000)}${"]".repeat(100_000)}`;
  const body = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"mcpbox_create_tool","arguments":{"input_schema":${deep}}}}`;
  const bytes: [string, BodyInit][] = [
    ["100,000 levels", body],
    ["invalid UTF-8", Buffer.concat([Buffer.from(body.slice(0, 40)), Buffer.from([0xff, 0xfe])])],
  ];
  for (const [what, sent] of bytes) {
    const headers = { "Content-Type": "application/json", Accept: "application/json, text/event-stream" };
    assert.equal((await fetch(large.url, { method: "POST", headers, body: sent })).status, 400, what);
  }
  assert.equal(textOf(await large.mcp.call(far.name)), "here");
});

/** What is asked all day, by name. */
const READS: Record<string, (at: Instance, tool: Tool) => Promise<unknown>> = {
  list_servers: (at) => at.mcp.manage("list_servers", {}),
  get_server: (at, tool) => at.mcp.manage("get_server", { server_id: tool.server }),
  list_tools: (at, tool) => at.mcp.manage("list_tools", { server_id: tool.server }),
  get_tool: (at, tool) => at.mcp.manage("get_tool", { tool_id: tool.id }),
  get_tool_status: (at, tool) => at.mcp.manage("get_tool_status", { tool_id: tool.id }),
  list_tool_versions: (at, tool) => at.mcp.manage("list_tool_versions", { tool_id: tool.id }),
  list_pending_requests: (at) => at.mcp.manage("list_pending_requests", { page_size: 1 }),
  search_tools: (at) => at.mcp.manage("search_tools", { query: "answer" }),
  call: (at, tool) => at.mcp.call(tool.name),
  approve: async (at, tool) => {
    await at.mcp.manage("update_tool", { tool_id: tool.id, description: `Said ${performance.now()}.` });
    await approve(at, tool.name);
  },
};

async function milliseconds(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

const p95 = (times: number[]) => times.sort((a, b) => a - b)[Math.floor(times.length * 0.95)]!;

test(
  "reads and calls are as fast as on the small one",
  { skip: !LONG && "measured by make test-long" },
  async () => {
    for (const [name, read] of Object.entries(READS)) {
      const times: [number[], number[]] = [[], []];
      for (let round = 0; round < ROUNDS; ++round) {
        times[0].push(await milliseconds(() => read(small, near)));
        times[1].push(await milliseconds(() => read(large, far)));
      }
      const [few, many] = [p95(times[0]), p95(times[1])];
      const fewTools = SMALL_SERVERS * TOOLS_OF_EACH;
      console.log(
        `${name}: p95 ${few.toFixed(1)} ms with ${fewTools} tools, ${many.toFixed(1)} ms with ${TOOLS}`,
      );
      assert.ok(many <= 2 * few, name);
    }
  },
);

// One test for each cell: what changes the list of tools, by each of the ways that it can be done, told on the streams
// of each era at both listeners, exactly once.  What does not change the list is in list_changed.test.ts.
import assert from "node:assert/strict";
import { appendFileSync } from "node:fs";
import { after, afterEach, before, test } from "node:test";

import { AdminApi } from "./harness/admin_api.ts";
import { freePort, Instance } from "./harness/instance.ts";
import { approve, createServer, createTool, digestOf, explainFailure } from "./harness/story.ts";
import { EventStream } from "./harness/streams.ts";
import { believedBy, type Tunnel } from "./harness/sworn.ts";
import { until } from "./harness/wait.ts";

const CODE = "async def main():\n    return 'here'\n";
const TOLD = "notifications/tools/list_changed";
const ALICE = { username: "alice", password: "correct horse battery" };

type Way = "MCP" | "mcpboxctl" | "the admin API";
type State = "asked for" | "published" | "disabled" | "changed" | "stopped";

/** What an act works on: a server of its own with one tool, in the state that the act begins with. */
interface Thing {
  server: string;
  serverId: string;
  tool: string; // server__tool
  id: string;
}

let box: Instance;
let api: AdminApi;
let tunnel: Tunnel;
let serial = 0;
let idle: EventStream[] = [];

const mcp = (name: string, fields: Record<string, unknown>) => box.mcp.manage(name, fields);

async function ctl(...args: string[]): Promise<void> {
  const ran = await box.ctl(args);
  assert.equal(ran.code, 0, `${args.join(" ")}: ${ran.stdout}${ran.stderr}`);
}

async function ask(method: string, path: string, body?: unknown): Promise<any> {
  const reply = await api.ask(method, path, body);
  assert.ok(reply.status < 300, `${method} ${path}: ${reply.status} ${JSON.stringify(reply.body)}`);
  return reply.body;
}

async function decide(thing: Thing, action: string): Promise<void> {
  const digest = await digestOf(box, thing.tool);
  await ask("POST", `/api/approvals/tools/${thing.id}/action`, { action, digest });
}

async function revokeByApi(thing: Thing): Promise<void> {
  const digest = await digestOf(box, thing.tool);
  await ask("POST", `/api/approvals/tools/${thing.id}/revoke`, { digest, reason: "no longer needed" });
}

async function made(state: State): Promise<Thing> {
  const name = `place${++serial}`;
  const serverId = await createServer(box, name);
  if (state === "asked for") {
    const other = await createTool(box, { id: serverId, name }, "other", CODE); // a server starts with a tool
    await mcp("request_publish", { tool_id: other.id });
    await approve(box, other.name);
    await mcp("start_server", { server_id: serverId });
  }
  const { id, name: tool } = await createTool(box, { id: serverId, name }, "one", CODE);
  await mcp("request_publish", { tool_id: id });
  if (state !== "asked for") {
    await approve(box, tool);
    await mcp("start_server", { server_id: serverId });
  }
  if (state === "disabled") await mcp("update_tool", { tool_id: id, enabled: false });
  if (state === "changed") await mcp("update_tool", { tool_id: id, description: "another" });
  if (state === "stopped") await mcp("stop_server", { server_id: serverId });
  return { server: name, serverId, tool, id };
}

const patch = (fields: Record<string, unknown>) => (thing: Thing) =>
  ask("PATCH", `/api/tools/${thing.id}`, fields);
const update = (fields: Record<string, unknown>) => (thing: Thing) =>
  mcp("update_tool", { tool_id: thing.id, ...fields });

const CELLS: [string, State, Partial<Record<Way, (thing: Thing) => Promise<unknown>>>][] = [
  [
    "a new tool is added by its approval",
    "asked for",
    {
      mcpboxctl: (thing) => approve(box, thing.tool),
      "the admin API": (thing) => decide(thing, "approve"),
    },
  ],
  [
    "a changed tool is approved",
    "changed",
    {
      mcpboxctl: (thing) => approve(box, thing.tool),
      "the admin API": (thing) => decide(thing, "approve"),
    },
  ],
  [
    "a tool is removed",
    "published",
    {
      MCP: (thing) => mcp("delete_tool", { tool_id: thing.id }),
      mcpboxctl: (thing) => ctl("delete", thing.tool),
      "the admin API": (thing) => ask("DELETE", `/api/tools/${thing.id}`),
    },
  ],
  [
    "a tool is renamed",
    "published",
    {
      MCP: update({ name: "other" }),
      mcpboxctl: (thing) => ctl("tool", "change", thing.tool, "--name", "other"),
      "the admin API": patch({ name: "other" }),
    },
  ],
  [
    "all tools of a server are renamed",
    "published",
    {
      mcpboxctl: (thing) => ctl("server", thing.server, "--name", `${thing.server}_new`),
      "the admin API": (thing) =>
        ask("PATCH", `/api/servers/${thing.serverId}`, { name: `${thing.server}_new` }),
    },
  ],
  [
    "an approval is revoked",
    "published",
    { mcpboxctl: (thing) => ctl("revoke", thing.tool), "the admin API": revokeByApi },
  ],
  [
    "a tool is enabled",
    "disabled",
    {
      MCP: update({ enabled: true }),
      mcpboxctl: (thing) => ctl("tool", "enable", thing.tool),
      "the admin API": patch({ enabled: true }),
    },
  ],
  [
    "a tool is disabled",
    "published",
    {
      MCP: update({ enabled: false }),
      mcpboxctl: (thing) => ctl("tool", "disable", thing.tool),
      "the admin API": patch({ enabled: false }),
    },
  ],
  [
    "a tool is rolled back to what was approved",
    "changed",
    {
      MCP: (thing) => mcp("rollback_tool", { tool_id: thing.id, version: 1 }),
      mcpboxctl: (thing) => ctl("rollback", thing.tool, "1"),
      "the admin API": (thing) => ask("POST", `/api/tools/${thing.id}/versions/1/rollback`),
    },
  ],
  [
    "a server starts",
    "stopped",
    {
      MCP: (thing) => mcp("start_server", { server_id: thing.serverId }),
      mcpboxctl: (thing) => ctl("server", "start", thing.server),
      "the admin API": (thing) => ask("POST", `/api/servers/${thing.serverId}/start`),
    },
  ],
  [
    "a server stops",
    "published",
    {
      MCP: (thing) => mcp("stop_server", { server_id: thing.serverId }),
      mcpboxctl: (thing) => ctl("server", "stop", thing.server),
      "the admin API": (thing) => ask("POST", `/api/servers/${thing.serverId}/stop`),
    },
  ],
  [
    "a server is deleted",
    "published",
    {
      MCP: (thing) => mcp("delete_server", { server_id: thing.serverId }),
      mcpboxctl: (thing) => ctl("delete", thing.server),
      "the admin API": (thing) => ask("DELETE", `/api/servers/${thing.serverId}`),
    },
  ],
];

before(async () => {
  const port = await freePort();
  box = await Instance.create();
  appendFileSync(box.config, `tunnel-listen = 127.0.0.2:${port}\n`);
  await box.start();
  tunnel = await believedBy(box, port);
  await box.ctlJson("settings", "set", "mcp_rate_limit_rpm", "10000");
  api = await AdminApi.at(box.adminPort);
  const { code } = await box.ctlJson("setup-code");
  const admin = await api.raw("POST", "/api/auth/setup", {}, { code, ...ALICE, token: true });
  assert.equal(admin.status, 201, JSON.stringify(admin.body));
  api.token = admin.body.access_token;
  const nothing = {};
  idle = [
    await EventStream.modern(box.url, nothing),
    await EventStream.modernTunnel(tunnel, "/mcp", nothing),
  ];
});
after(async () => {
  await box?.stop();
  box?.destroy();
});
afterEach(explainFailure(() => box));

/** Nothing comes for longer than news are gathered. */
async function settled(streams: EventStream[]): Promise<void> {
  const seen = () => streams.map((stream) => stream.count(TOLD)).join();
  for (let before = ""; before !== seen();) {
    before = seen();
    await new Promise((resolve) => setTimeout(resolve, 400));
  }
}

for (const [event, state, ways] of CELLS)
  for (const [way, act] of Object.entries(ways))
    test(`${event}, by ${way}`, async (t) => {
      const thing = await made(state);
      const wanted = { toolsListChanged: true };
      const paths = ["/mcp", `/mcp/servers/${thing.server}`];
      const url = (path: string) => `http://127.0.0.1:${box.port}${path}`;
      const legacy = paths.flatMap((path) => [
        EventStream.legacy(url(path)),
        EventStream.legacyTunnel(tunnel, path),
      ]);
      const modern = paths.flatMap((path) => [
        EventStream.modern(url(path), wanted),
        EventStream.modernTunnel(tunnel, path, wanted),
      ]);
      const eras = { "2025-11-25": await Promise.all(legacy), "2026-07-28": await Promise.all(modern) };
      const all = Object.values(eras).flat();
      await settled(all);
      const before = new Map(all.map((stream) => [stream, stream.count(TOLD)]));
      const news = (stream: EventStream) => stream.count(TOLD) - before.get(stream)!;
      await act(thing);
      for (const [era, streams] of Object.entries(eras))
        await t.test(`told in ${era}`, async () => {
          for (const stream of streams) {
            await until(`${stream.what} to hear of it`, 30, () => news(stream) > 0);
          }
          await settled(streams);
          for (const stream of streams) assert.equal(news(stream), 1, stream.what);
        });
      for (const stream of all) stream.close();
    });

test("a stream on which nothing happens is kept alive with comments", async () => {
  for (const stream of idle) {
    await until(`${stream.what} to be kept alive`, 60, () => stream.keepAlives > 0);
    assert.equal(stream.count(TOLD), 0, "nothing that it did not ask for");
    stream.close();
  }
});

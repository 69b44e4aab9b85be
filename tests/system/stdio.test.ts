// `mcpboxctl stdio`: official clients that start a command, in both eras, against the real daemons; what passes
// unasked, what is withdrawn when the client hangs up, who may come in, and what a restarted gateway costs.
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, afterEach, before, test } from "node:test";

import { Client as ModernClient } from "@modelcontextprotocol/client";
import { StdioClientTransport as ModernTransport } from "@modelcontextprotocol/client/stdio";
import { Client as OldClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport as OldTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { ToolListChangedNotificationSchema } from "@modelcontextprotocol/sdk/types.js";

import { Instance } from "./harness/instance.ts";
import { CLIENT, LEGACY, MODERN, modernMeta, textOf } from "./harness/mcp.ts";
import { asUser, type User } from "./harness/run.ts";
import {
  approve,
  createTool,
  explainFailure,
  logsOf,
  publish,
  publishAnother,
  type Tool,
} from "./harness/story.ts";
import { until } from "./harness/wait.ts";

const ECHO = "async def main(text: str) -> str:\n    return text\n";
const NAP = "import asyncio\nasync def main():\n    await asyncio.sleep(50)\n";
const COUNTS =
  "async def main() -> str:\n    for i in range(3):\n        ctx.progress(i + 1, 3, f'step {i}')\n    return 'counted'\n";
const ASKS =
  "async def main() -> str:\n    got = await ctx.elicit('Which?', {'type': 'object', 'properties': {'it': {'type': 'string'}}})\n" +
  "    return str(got)\n";
const REGION =
  "INPUT_SCHEMA = {'type': 'object', 'properties': {'region': {'type': 'string', 'x-mcp-header': 'Region'}}}\n" +
  "async def main(region: str) -> str:\n    return region\n";

let box: Instance;
let echo: Tool;
let nap: Tool;

before(async () => {
  box = await Instance.started();
  echo = await publish(box, "place", "echo", ECHO);
  nap = await publishAnother(box, echo, "nap", NAP, { timeout_ms: 60_000 });
  await publishAnother(box, echo, "counts", COUNTS);
  await publishAnother(box, echo, "region", REGION);
});
after(async () => {
  await box?.stop();
  box?.destroy();
});
afterEach(explainFailure(() => box));

const command = () => join(box.bin, "mcpboxctl");
const args = (...more: string[]) => ["stdio", "--state", box.state, ...more];

async function oldClient(...more: string[]): Promise<OldClient> {
  const client = new OldClient(CLIENT, { capabilities: { elicitation: {} } });
  await client.connect(new OldTransport({ command: command(), args: args(...more) }));
  return client;
}

async function newClient(mode: unknown): Promise<ModernClient> {
  const client = new ModernClient(CLIENT, { versionNegotiation: { mode: mode as never } });
  await client.connect(new ModernTransport({ command: command(), args: args() }));
  return client;
}

const OFFICIAL: Record<string, () => Promise<any>> = {
  "the 1.x SDK": oldClient,
  "the client of 2025-11-25": () => newClient("legacy"),
  "the client pinned to 2026-07-28": () => newClient({ pin: MODERN }),
  "the client that negotiates by itself": () => newClient("auto"),
};

for (const [who, open] of Object.entries(OFFICIAL))
  test(`${who} lists and calls over standard input and output`, async () => {
    const client = await open();
    const { tools } = await client.listTools();
    assert.ok(tools.some(({ name }: { name: string }) => name === echo.name));
    const result = await client.callTool({ name: echo.name, arguments: { text: "straße\u2028🙂" } });
    assert.equal(textOf(result), "straße\u2028🙂");
    const managed = await client.callTool({ name: "mcpbox_list_servers", arguments: {} });
    assert.match(textOf(managed), /place/);
    await client.close();
    const [log] = await logsOf(box, echo, (logs) => logs.length > 0);
    assert.match(log.executed_by ?? log.caller, /^unix:/, "the kernel names who started the command");
  });

test("one server's tools alone, where --server names it", async () => {
  const client = await oldClient("--server", "place");
  const { tools } = await client.listTools();
  assert.deepEqual(tools.map(({ name }) => name).sort(), ["counts", "echo", "nap", "region"]);
  await client.close();
});

test("changes of the list come unasked", async () => {
  const client = await oldClient();
  let changed = 0;
  client.setNotificationHandler(ToolListChangedNotificationSchema, () => void changed++);
  await until("the stream to be up", 20, async () => {
    await box.mcp.manage("update_tool", { tool_id: echo.id, enabled: false });
    await box.mcp.manage("update_tool", { tool_id: echo.id, enabled: true });
    return changed > 0;
  });
  await client.close();
});

/** The bridge without an SDK: what is written to it and what it says, line by line. */
class Line {
  readonly child: ChildProcess;
  readonly said: any[] = [];

  constructor(user?: User) {
    const [program, ...rest] = asUser(user, [command(), ...args()]);
    this.child = spawn(program!, rest, { stdio: ["pipe", "pipe", "pipe"] });
    createInterface({ input: this.child.stdout! }).on("line", (text) => this.said.push(JSON.parse(text)));
  }

  write(message: unknown): void {
    this.child.stdin!.write(typeof message === "string" ? message : `${JSON.stringify(message)}\n`);
  }

  modern(id: unknown, method: string, params: Record<string, unknown> = {}): void {
    this.write({ jsonrpc: "2.0", id, method, params: { ...params, _meta: modernMeta() } });
  }

  answer(id: unknown): Promise<any> {
    return until(`the answer to ${JSON.stringify(id)}`, 30, () => this.said.find((one) => one.id === id));
  }

  async initialize(): Promise<void> {
    const params = { protocolVersion: LEGACY, capabilities: {}, clientInfo: CLIENT };
    this.write({ jsonrpc: "2.0", id: "init", method: "initialize", params });
    assert.equal((await this.answer("init")).result.protocolVersion, LEGACY);
    this.write({ jsonrpc: "2.0", method: "notifications/initialized" });
  }

  async ended(): Promise<number | null> {
    await until(
      "the bridge to end",
      20,
      () => this.child.exitCode !== null || this.child.signalCode !== null,
    );
    return this.child.exitCode;
  }

  hangUp(): Promise<number | null> {
    this.child.stdin!.end();
    return this.ended();
  }
}

const running = async () => (await box.ctlJson("status")).calls_in_flight as number;

test("progress passes, each line before the answer", async () => {
  const line = new Line();
  await line.initialize();
  const params = { name: "place__counts", arguments: {}, _meta: { progressToken: "p" } };
  line.write({ jsonrpc: "2.0", id: 1, method: "tools/call", params });
  await line.answer(1);
  const told = line.said.filter(({ id, method }) => id === 1 || method === "notifications/progress");
  assert.deepEqual(
    told.map((one) => one.params?.progress ?? "the answer"),
    [1, 2, 3, "the answer"],
  );
  assert.equal(await line.hangUp(), 0);
});

test("an argument that travels as a header needs none here: nothing stands in between", async () => {
  const line = new Line();
  line.modern(1, "tools/call", { name: "place__region", arguments: { region: "eu" } });
  assert.equal(textOf((await line.answer(1)).result), "eu");
  assert.equal(await line.hangUp(), 0);
});

test("listen of 2026-07-28 is relayed until its client hangs up", async () => {
  const line = new Line();
  line.modern("sub", "subscriptions/listen", { notifications: { toolsListChanged: true } });
  const acknowledged = () =>
    line.said.some(({ method }) => method === "notifications/subscriptions/acknowledged");
  await until("the acknowledgement", 20, acknowledged);
  await box.mcp.manage("update_tool", { tool_id: echo.id, enabled: false });
  await box.mcp.manage("update_tool", { tool_id: echo.id, enabled: true });
  await until("the news", 20, () =>
    line.said.some(({ method }) => method === "notifications/tools/list_changed"),
  );
  line.write({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: "sub" } });
  line.modern(2, "server/discover");
  await line.answer(2);
  assert.equal(await line.hangUp(), 0);
});

for (const [era, prepare] of [
  [MODERN, async () => {}],
  [LEGACY, (line: Line) => line.initialize()],
] as [string, (line: Line) => Promise<void>][]) {
  const call = (line: Line, id: unknown) =>
    era === MODERN
      ? line.modern(id, "tools/call", { name: nap.name, arguments: {} })
      : line.write({ jsonrpc: "2.0", id, method: "tools/call", params: { name: nap.name, arguments: {} } });

  test(`${era}: a cancelled call ends, and others go on`, async () => {
    const line = new Line();
    await prepare(line);
    call(line, "long");
    await until("the call to run", 20, async () => (await running()) === 1);
    line.write({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: "long" } });
    await until("the call to end", 20, async () => (await running()) === 0);
    if (era === MODERN) line.modern(3, "server/discover");
    else line.write({ jsonrpc: "2.0", id: 3, method: "ping" });
    await line.answer(3);
    assert.equal(
      line.said.find(({ id }) => id === "long"),
      undefined,
      "a withdrawn call has no answer",
    );
    assert.equal(await line.hangUp(), 0);
  });

  for (const [how, end] of [
    ["closes its end", (line: Line) => line.hangUp()],
    ["tells it to end", (line: Line) => (line.child.kill("SIGTERM"), line.ended())],
  ] as [string, (line: Line) => Promise<number | null>][])
    test(`${era}: a client that ${how} withdraws what it waits for`, async () => {
      const line = new Line();
      await prepare(line);
      call(line, "long");
      await until("the call to run", 20, async () => (await running()) === 1);
      assert.equal(await end(line), 0);
      await until("the call to end", 20, async () => (await running()) === 0);
      const [log] = await logsOf(box, nap, (logs) => logs.length > 0);
      assert.match(JSON.stringify(log), /cancelled/);
    });
}

test("what is no message is answered as such, and the next one is", async () => {
  const line = new Line();
  line.write("this is not JSON\n\n[]\n");
  line.write(`${"x".repeat(3 * 1024 * 1024)}\n`);
  line.modern(4, "server/discover");
  await line.answer(4);
  const codes = line.said.filter(({ id }) => id === null).map(({ error }) => error.code);
  assert.deepEqual(codes, [-32700, -32700, -32600]);
  line.modern("odd\n", "no/such\r\nX-Evil: 1");
  assert.equal((await line.answer("odd\n")).error.code, -32601);
  assert.equal(await line.hangUp(), 0);
});

test("a user who is not on the list is refused in words, whoever they say they are", async () => {
  const line = new Line({ uid: 12345 });
  line.modern(1, "tools/list");
  const { error } = await line.answer(1);
  assert.match(error.message, /may not use/);
  assert.equal(await line.hangUp(), 0);
});

test("a gateway that dies costs its calls an error each, and nobody the session", async () => {
  const line = new Line();
  await line.initialize();
  line.write({ jsonrpc: "2.0", id: "long", method: "tools/call", params: { name: nap.name, arguments: {} } });
  await until("the call to run", 20, async () => (await running()) === 1);
  process.kill(box.one("net-local").pid, "SIGKILL");
  assert.match((await line.answer("long")).error.message, /not known/);
  await until("the gateway to be back", 30, async () => {
    const id = `again${line.said.length}`;
    line.write({ jsonrpc: "2.0", id, method: "ping" });
    return (await line.answer(id)).result !== undefined;
  });
  const news = () => line.said.filter(({ method }) => method === "notifications/tools/list_changed").length;
  await until("the stream to be back, with the news that may have been missed", 20, () => news() > 0);
  assert.equal(await line.hangUp(), 0);
});

test("where nothing runs it says so and ends", async () => {
  const ran = await box.ctl(["stdio", "--state", "/nonexistent"]);
  assert.equal(ran.code, 3);
  assert.match(ran.stderr, /no socket at .*is MCPbox running/);
});

test("what a tool asks its client passes both ways", async () => {
  const asks = await createTool(box, { id: echo.server, name: "place" }, "asks", ASKS);
  await box.mcp.manage("request_publish", { tool_id: asks.id });
  await approve(box, asks.name);
  const line = new Line();
  const params = { protocolVersion: LEGACY, capabilities: { elicitation: {} }, clientInfo: CLIENT };
  line.write({ jsonrpc: "2.0", id: "init", method: "initialize", params });
  await line.answer("init");
  line.write({ jsonrpc: "2.0", method: "notifications/initialized" });
  line.write({ jsonrpc: "2.0", id: "q", method: "tools/call", params: { name: asks.name, arguments: {} } });
  const question = await until("the question", 20, () =>
    line.said.find(({ method }) => method === "elicitation/create"),
  );
  line.write({ jsonrpc: "2.0", id: question.id, result: { action: "accept", content: { it: "this one" } } });
  assert.match(textOf((await line.answer("q")).result), /this one/);
  assert.equal(await line.hangUp(), 0);
});

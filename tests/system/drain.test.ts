// Told to stop, MCPbox finishes what it has begun: streams end as their protocol says, calls in flight are answered,
// what comes meanwhile is told that nothing was done, and what takes too long is told that it was stopped.
import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, test } from "node:test";

import { ask } from "./harness/http.ts";
import { Instance } from "./harness/instance.ts";
import { textOf } from "./harness/mcp.ts";
import { ServiceManager } from "./harness/service_manager.ts";
import { explainFailure, publish, publishAnother, type Tool } from "./harness/story.ts";
import { EventStream } from "./harness/streams.ts";
import { until } from "./harness/wait.ts";
import { modern } from "./harness/wire.ts";

const NAP =
  "import asyncio\nasync def main(seconds: float) -> str:\n    await asyncio.sleep(seconds)\n    return 'slept'\n";

let box: Instance;
let manager: ServiceManager;
let nap: Tool;

before(async () => {
  box = await Instance.create();
  manager = new ServiceManager(box.folder);
  box.environment = manager.environment;
  await box.start();
  nap = await publish(box, "place", "nap", NAP, { timeout_ms: 60_000 });
  await publishAnother(box, nap, "echo", "async def main():\n    return 'here'\n");
});
after(async () => {
  await manager?.end();
  box?.destroy();
});
afterEach(explainFailure(() => box));
beforeEach(async () => {
  if (box.listing() === "") await box.start();
});

const sleep = (seconds: number) => box.mcp.attempt(nap.name, { seconds });
// Not by its exit status: soon after a start it may still miss a process that has nothing to do with calls.
const running = async (wanted: number) =>
  until("the calls to run", 20, async () => {
    const { stdout } = await box.ctl(["status", "--json"]);
    return JSON.parse(stdout || "{}").calls_in_flight === wanted;
  });

test("a call in flight is answered, and is in the log with its outcome", async () => {
  const calls = [sleep(6), sleep(7)]; // seen to run before they end, and over within the bound
  await running(2);
  const stopped = box.stop();
  for (const call of calls) {
    const ending = await call;
    assert.equal(ending.kind, "result", JSON.stringify(ending));
    assert.equal(textOf((ending as { result: any }).result), "slept");
  }
  await stopped;
  await box.start();
  const { logs } = await box.mcp.manage("get_tool_logs", { tool_id: nap.id });
  assert.deepEqual(
    logs.slice(0, 2).map((log: any) => log.success),
    [true, true],
  );
});

test("streams end as their protocol says", async () => {
  const [legacy, listen] = await Promise.all([
    EventStream.legacy(box.url),
    EventStream.modern(box.url, { toolsListChanged: true }),
  ]);
  await box.stop();
  await until("both streams to end", 20, () => legacy.ended !== undefined && listen.ended !== undefined);
  assert.equal(legacy.ended, "in order");
  assert.equal(listen.ended, "in order");
  const last = listen.messages.at(-1);
  assert.equal(last.id, "listen");
  assert.equal(last.result.resultType, "complete");
  assert.equal(last.result._meta["io.modelcontextprotocol/subscriptionId"], "listen");
});

test("what takes longer than the bound is stopped and told so, and what comes meanwhile that nothing was done", async () => {
  const long = sleep(50);
  await running(1);
  const drains = () => box.log().split("draining").length;
  const before = drains();
  const stopped = box.stop();
  await until("the gateway to drain", 20, () => drains() > before);
  const late = await ask(box.port, modern("tools/call", { name: "place__echo", arguments: {} }));
  assert.equal(late.status, 503, late.body);
  assert.equal(late.headers.get("retry-after"), "2");
  assert.match(late.body, /nothing was done/);
  const ending = await long;
  assert.equal(ending.kind, "tool-error", JSON.stringify(ending));
  assert.match(
    (ending as { text: string }).text,
    /being stopped or restarted.*check before you call it again/s,
  );
  await stopped;
});

test("the service manager is told that it is ready, again and again that it lives, and that it stops", async () => {
  const signs = () => manager.said.slice(manager.said.lastIndexOf("STOPPING=1") + 1);
  await until("a second sign of life", 60, () => signs().filter((one) => one === "WATCHDOG=1").length > 1);
  assert.equal(signs().filter((one) => one === "READY=1").length, 1, signs().join());
  await box.stop();
  await until("the last word", 20, () => manager.said.at(-1) === "STOPPING=1");
  assert.deepEqual([...new Set(manager.said)].sort(), ["READY=1", "STOPPING=1", "WATCHDOG=1"]);
});

// Whatever changes the list of tools, by whichever way, is told on the streams of both eras and both endpoints, and
// what does not change it is not.  One line a cell.
import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";

import { Instance } from "./harness/instance.ts";
import { approve, createTool, digestOf, explainFailure, publish, type Tool } from "./harness/story.ts";
import { EventStream } from "./harness/streams.ts";
import { until } from "./harness/wait.ts";

const CODE = "async def main():\n    return 'here'\n";
const TOLD = "notifications/tools/list_changed";

let box: Instance;
let tool: Tool; // published, in `where`
let where: { id: string; name: string };
let draft: Tool;
let streams: EventStream[];

const update = (id: string, fields: Record<string, unknown>) =>
  box.mcp.manage("update_tool", { tool_id: id, ...fields });
const server = (verb: string) => box.mcp.manage(`${verb}_server`, { server_id: where.id });

/** Each step begins where the one before ended.  told: does the list of callable tools change by it? */
const CELLS: [string, { told: boolean; act: () => Promise<unknown> }][] = [
  [
    "a draft is added",
    { told: false, act: async () => (draft = await createTool(box, where, "second", CODE)) },
  ],
  ["a draft is changed", { told: false, act: () => update(draft.id, { description: "better" }) }],
  [
    "a review is asked for",
    { told: false, act: () => box.mcp.manage("request_publish", { tool_id: draft.id }) },
  ],
  ["a tool is rejected", { told: false, act: () => reject(draft.name) }],
  ["a rejected tool is changed", { told: false, act: () => update(draft.id, { description: "best" }) }],
  [
    "its review is asked for",
    { told: false, act: () => box.mcp.manage("request_publish", { tool_id: draft.id }) },
  ],
  ["a tool is approved", { told: true, act: () => approve(box, draft.name) }],
  ["a tool is disabled", { told: true, act: () => update(draft.id, { enabled: false }) }],
  ["a disabled tool is disabled", { told: false, act: () => update(draft.id, { enabled: false }) }],
  ["a tool is enabled", { told: true, act: () => update(draft.id, { enabled: true }) }],
  ["a tool is renamed", { told: true, act: () => update(draft.id, { name: "renamed" }) }],
  ["the renamed tool is approved", { told: true, act: () => approve(box, `${where.name}__renamed`) }],
  ["a description changes", { told: true, act: () => update(draft.id, { description: "other" }) }],
  ["it is approved again", { told: true, act: () => approve(box, `${where.name}__renamed`) }],
  ["the same values are written", { told: false, act: () => update(draft.id, { description: "other" }) }],
  ["a server stops", { told: true, act: () => server("stop") }],
  [
    "a tool of a stopped server is disabled",
    { told: false, act: () => update(draft.id, { enabled: false }) },
  ],
  ["a tool of a stopped server is enabled", { told: false, act: () => update(draft.id, { enabled: true }) }],
  ["a server starts", { told: true, act: () => server("start") }],
];

async function reject(name: string): Promise<void> {
  const digest = await digestOf(box, name);
  const ran = await box.ctl(["reject", name, "--digest", digest, "--reason", "not like this"]);
  assert.equal(ran.code, 0, ran.stderr);
}

const counts = () => streams.map((stream) => stream.count(TOLD));

/** A change that everybody hears of, so that what came before it has come. */
async function flush(): Promise<void> {
  const seen = counts();
  const { status } = await box.mcp.manage("get_server", { server_id: tool.server });
  if (status === "running") {
    await update(tool.id, { enabled: false });
    await update(tool.id, { enabled: true });
  } else {
    await box.mcp.manage("start_server", { server_id: tool.server });
    await settled();
    await box.mcp.manage("stop_server", { server_id: tool.server });
  }
  await until("the flush to be heard", 30, () => counts().every((count, at) => count > seen[at]!));
  await settled();
}

/** Nothing comes for longer than news are gathered. */
async function settled(): Promise<void> {
  for (let seen = ""; seen !== String(counts());) {
    seen = String(counts());
    await new Promise((resolve) => setTimeout(resolve, 400));
  }
}

before(async () => {
  box = await Instance.started();
  tool = await publish(box, "place", "first", CODE);
  where = { id: tool.server, name: "place" };
  const wanted = { toolsListChanged: true, promptsListChanged: true, resourcesListChanged: true };
  const urls = [box.url, `${box.url}/servers/place`];
  streams = await Promise.all(
    urls.flatMap((url) => [EventStream.legacy(url), EventStream.modern(url, wanted)]),
  );
});
after(async () => {
  for (const stream of streams ?? []) stream.close();
  await box?.stop();
  box?.destroy();
});
afterEach(explainFailure(() => box));

for (const [name, { told, act }] of CELLS)
  test(`${name}: ${told ? "everybody is told" : "nobody is told"}`, async () => {
    await settled();
    const seen = counts();
    await act();
    if (told) {
      for (const [at, stream] of streams.entries())
        await until(`${stream.what} to hear of it`, 30, () => stream.count(TOLD) > seen[at]!);
      await settled();
    }
    const news = counts().map((count, at) => count - seen[at]!);
    assert.deepEqual(
      news,
      streams.map(() => (told ? 1 : 0)),
      streams.map(({ what }) => what).join(", "),
    );
    if (!told) {
      const before = counts();
      await flush(); // had there been news, it would have come first
      assert.ok(counts().every((count, at) => count - before[at]! <= 2));
    }
  });

const KINDS: [string, string, Record<string, unknown>][] = [
  ["prompt", "prompts", {}],
  ["resource", "resources", { uri_template: "place://one" }],
  ["resource_template", "resources", { uri_template: "place://{one}/it" }],
];

for (const [kind, list, more] of KINDS)
  test(`a ${kind} that comes, goes and is deleted is news of the list of ${list} alone`, async () => {
    const { status } = await box.mcp.manage("get_server", { server_id: tool.server });
    if (status !== "running") await server("start");
    await settled();
    const method = `notifications/${list}/list_changed`;
    const heard = () => streams.map((stream) => stream.count(method));
    const others = () =>
      streams.map((stream) => stream.messages.filter((one) => one.method !== method && one.method).length);
    const thing = await createTool(box, where, kind, CODE, { kind, ...more });
    await box.mcp.manage("request_publish", { tool_id: thing.id });
    const quiet = others();
    for (const act of [
      () => approve(box, thing.name),
      () => update(thing.id, { enabled: false }),
      () => update(thing.id, { enabled: true }),
      () => box.mcp.manage("delete_tool", { tool_id: thing.id }),
    ]) {
      const seen = heard();
      await act();
      for (const [at, stream] of streams.entries())
        await until(`${stream.what} to hear of it`, 30, () => stream.count(method) > seen[at]!);
      await settled();
    }
    assert.deepEqual(others(), quiet, "no other list changed");
  });

test("a burst of changes is told once or twice, not each by itself", async () => {
  await settled();
  const seen = counts();
  for (let i = 0; i < 5; i++) {
    await update(tool.id, { enabled: false });
    await update(tool.id, { enabled: true });
  }
  await settled();
  for (const [at, count] of counts().entries())
    assert.ok(count - seen[at]! < 10, `${streams[at]!.what}: ${count - seen[at]!} for ten changes`);
});

test("a listener that did not ask for tools hears nothing, and every message names its subscription", async () => {
  const deaf = await EventStream.modern(box.url, {});
  await flush();
  assert.deepEqual(
    deaf.messages.map(({ method }) => method),
    ["notifications/subscriptions/acknowledged"],
  );
  deaf.close();
  for (const stream of streams.filter(({ what }) => what.startsWith("listen")))
    for (const message of stream.messages)
      assert.equal(message.params._meta["io.modelcontextprotocol/subscriptionId"], "listen");
});

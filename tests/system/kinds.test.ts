// Prompts, resources, templates and completion, with the official client in both eras: written, approved and run like
// any tool, and reached by their own methods only.
import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";

import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";

import { Instance } from "./harness/instance.ts";
import { CLIENT, MODERN } from "./harness/mcp.ts";
import { explainFailure, publish, publishAnother, type Tool } from "./harness/story.ts";
import { EventStream } from "./harness/streams.ts";
import { until } from "./harness/wait.ts";
import { rpc, Session } from "./harness/wire.ts";

const PROMPT = `
async def main(topic: str, words: int = 10):
    return [ctx.user(f"Write {words + 1} words about {topic}"), ctx.assistant("Gladly")]
async def complete(argument, value, context):
    return [one for one in ("fish", "fire", "flood") if one.startswith(value)]
`;
const DAY = 'async def main(day: str):\n    return {"day": day, "uri": ctx.uri}\n';

let box: Instance;
let prompt: Tool;

before(async () => {
  box = await Instance.started();
  prompt = await publish(box, "docs", "write", PROMPT, { kind: "prompt", description: "Writes" });
  const note = { kind: "resource", uri_template: "notes://today", annotations: { mimeType: "text/plain" } };
  await publishAnother(box, prompt, "today", 'async def main():\n    return "sunny"\n', note);
  const day = { kind: "resource_template", uri_template: "notes://{day}/all" };
  await publishAnother(box, prompt, "day", DAY, day);
  const poke = 'async def main():\n    ctx.notify_resource_updated("notes://today")\n    return "poked"\n';
  await publishAnother(box, prompt, "poke", poke);
});
after(async () => {
  await box?.stop();
  box?.destroy();
});
afterEach(explainFailure(() => box));

const ERAS = { "2025-11-25": "legacy", "2026-07-28": { pin: MODERN } } as const;

async function client(era: keyof typeof ERAS): Promise<Client> {
  const made = new Client(CLIENT, { versionNegotiation: { mode: ERAS[era] as any } });
  await made.connect(new StreamableHTTPClientTransport(new URL(box.url)));
  return made;
}

for (const era of Object.keys(ERAS) as (keyof typeof ERAS)[])
  test(`${era}: prompts, resources and completion`, async () => {
    const caller = await client(era);
    const { prompts } = await caller.listPrompts();
    assert.deepEqual(
      prompts.map(({ name, arguments: given }: any) => [name, given.map((a: any) => [a.name, a.required])]),
      [
        [
          "docs__write",
          [
            ["topic", true],
            ["words", false],
          ],
        ],
      ],
    );
    const got: any = await caller.getPrompt({
      name: "docs__write",
      arguments: { topic: "fish", words: "4" },
    });
    assert.equal(got.messages[0].content.text, "Write 5 words about fish");
    assert.equal(got.messages[1].role, "assistant");
    await assert.rejects(caller.getPrompt({ name: "docs__write", arguments: { words: "4" } }), /topic/);
    const { resources } = await caller.listResources();
    assert.deepEqual(
      resources.map(({ uri, mimeType }: any) => [uri, mimeType]),
      [["notes://today", "text/plain"]],
    );
    const { resourceTemplates } = await caller.listResourceTemplates();
    assert.equal(resourceTemplates[0]!.uriTemplate, "notes://{day}/all");
    const today: any = await caller.readResource({ uri: "notes://today" });
    assert.equal(today.contents[0].text, "sunny");
    const day: any = await caller.readResource({ uri: "notes://2026-01-02/all" });
    assert.deepEqual(JSON.parse(day.contents[0].text), { day: "2026-01-02", uri: "notes://2026-01-02/all" });
    await assert.rejects(caller.readResource({ uri: "notes://none" }), /not found/i);
    const ref = { type: "ref/prompt", name: "docs__write" } as const;
    const offered = await caller.complete({ ref, argument: { name: "topic", value: "fi" } });
    assert.deepEqual(offered.completion.values, ["fish", "fire"]);
    const { tools } = await caller.listTools();
    assert.ok(!tools.some(({ name }) => name === "docs__write"), "a prompt is no tool");
    await assert.rejects(
      caller.callTool({ name: "docs__write", arguments: { topic: "x" } }),
      /unknown tool/i,
    );
    await caller.close();
  });

test("an update reaches whoever subscribed", async () => {
  const caller = await client("2025-11-25");
  let updated = "";
  caller.setNotificationHandler("notifications/resources/updated", (note: any) => {
    updated = note.params.uri;
  });
  await caller.subscribeResource({ uri: "notes://today" });
  await until("the client to be told", 20, async () => {
    await caller.callTool({ name: "docs__poke", arguments: {} });
    return updated !== "";
  });
  assert.equal(updated, "notes://today");
  await caller.unsubscribeResource({ uri: "notes://today" });
  await caller.close();
});

test("a subscription outlives the gateway that it was made at, and ends when it is taken back", async () => {
  const session = await Session.open(box.port);
  const ask = async (method: string, params: Record<string, unknown>) => {
    const { rpc: answer } = await session.post(rpc(method, params));
    assert.ok(answer?.result, JSON.stringify(answer));
  };
  await ask("resources/subscribe", { uri: "notes://today" });
  const gateway = box.one("net-local");
  process.kill(gateway.pid, "SIGKILL");
  await until("another gateway to answer", 60, async () => {
    const answer = await session.post(rpc("ping")).catch(() => undefined);
    return answer?.rpc?.result !== undefined && box.one("net-local").pid !== gateway.pid;
  });
  const told = "notifications/resources/updated";
  const [stream, other] = await Promise.all([
    EventStream.legacy(box.url, session),
    EventStream.legacy(box.url),
  ]);
  await ask("tools/call", { name: "docs__poke", arguments: {} });
  await until("the session to be told", 20, () => stream.count(told) === 1);
  // What comes on one stream comes in order: the poke between the two is one that nobody wished to hear of.
  await ask("resources/unsubscribe", { uri: "notes://today" });
  await ask("tools/call", { name: "docs__poke", arguments: {} });
  await ask("resources/subscribe", { uri: "notes://today" });
  await ask("tools/call", { name: "docs__poke", arguments: {} });
  await until("the session to be told again", 20, () => stream.count(told) > 1);
  assert.equal(stream.count(told), 2);
  assert.equal(other.count(told), 0, "it was another session's wish");
  for (const one of [stream, other]) one.close();
});

test("what is not approved any more is out of the lists and out of reach", async () => {
  const caller = await client("2025-11-25");
  await box.mcp.manage("update_tool", { tool_id: prompt.id, description: "Writes more" });
  assert.deepEqual((await caller.listPrompts()).prompts, []);
  await assert.rejects(
    caller.getPrompt({ name: "docs__write", arguments: { topic: "x" } }),
    /unknown prompt/i,
  );
  await caller.close();
});

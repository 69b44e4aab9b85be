// A tool and its client talk during a call, with the official client in both eras: progress, log messages, a form, a
// question to the model, folders; and what somebody else makes of questions and states that are not theirs.
import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";

import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";

import { Instance } from "./harness/instance.ts";
import { CLIENT, MODERN, modernMeta, textOf } from "./harness/mcp.ts";
import { explainFailure, publish, publishAnother, type Tool } from "./harness/story.ts";
import { INVALID_PARAMS, modern, reply } from "./harness/wire.ts";

const TELLS = `
import asyncio
async def main():
    for n in range(4):
        ctx.progress(n, 3, f"step {n}")
        ctx.log("info" if n else "debug", {"step": n})
        await asyncio.sleep(0)
    return "told"
`;
const ASKS = `
async def main(city: str):
    form = {"type": "object", "properties": {"days": {"type": "integer"}}, "required": ["days"]}
    days = await ctx.elicit(f"How long in {city}?", form, key="days")
    if not days.accepted:
        return days.action
    said = await ctx.sample("Greet me", 50, key="model")
    roots = await ctx.roots(key="roots")
    return f"{city} {days.content['days']} {said['content']['text']} {roots[0]['uri']}"
`;
const FLOODS = `
async def main():
    while True:
        ctx._link.say(2, b"{}")  # past ctx, which keeps to the limits
`;

let box: Instance;
let asks: Tool;

before(async () => {
  box = await Instance.started();
  asks = await publish(box, "talk", "asks", ASKS);
  await publishAnother(box, asks, "tells", TELLS);
  await publishAnother(box, asks, "floods", FLOODS);
  await publishAnother(box, asks, "quiet", 'async def main():\n    return "quiet"\n');
});
after(async () => {
  await box?.stop();
  box?.destroy();
});
afterEach(explainFailure(() => box));

const ERAS = { "2025-11-25": "legacy", "2026-07-28": { pin: MODERN } } as const;

/** The official client, which answers what it is asked. */
async function client(era: keyof typeof ERAS, action = "accept", capabilities: object = {}): Promise<Client> {
  const made = new Client(CLIENT, {
    capabilities: { elicitation: {}, sampling: {}, roots: {}, ...capabilities },
    versionNegotiation: { mode: ERAS[era] as any },
  });
  const content = action === "accept" ? { content: { days: 3 } } : {};
  made.setRequestHandler("elicitation/create", async () => ({ action, ...content }) as any);
  made.setRequestHandler(
    "sampling/createMessage",
    async () => ({ role: "assistant", model: "m", content: { type: "text", text: "Hello" } }) as any,
  );
  made.setRequestHandler("roots/list", async () => ({ roots: [{ uri: "file:///srv/project" }] }));
  await made.connect(new StreamableHTTPClientTransport(new URL(box.url)));
  return made;
}

for (const era of Object.keys(ERAS) as (keyof typeof ERAS)[]) {
  test(`${era}: progress and messages come before the result`, async () => {
    const caller = await client(era);
    const steps: unknown[] = [];
    const told: unknown[] = [];
    caller.setNotificationHandler("notifications/message", (note: any) => void told.push(note.params));
    const meta = { "io.modelcontextprotocol/logLevel": "info" };
    if (era === "2025-11-25") await caller.setLoggingLevel("info");
    const params = { name: "talk__tells", arguments: {}, ...(era === "2026-07-28" && { _meta: meta }) };
    const result = await caller.callTool(params, { onprogress: (step) => void steps.push(step) });
    assert.equal(textOf(result as any), "told");
    assert.deepEqual(
      steps,
      [0, 1, 2, 3].map((n) => ({ progress: n, total: 3, message: `step ${n}` })),
    );
    assert.deepEqual(
      told,
      [1, 2, 3].map((n) => ({ level: "info", data: { step: n } })),
      "debug was not wanted",
    );
    await caller.close();
  });

  test(`${era}: a person, a model and the client answer`, async () => {
    const caller = await client(era);
    const result = await caller.callTool({ name: asks.name, arguments: { city: "Oslo" } });
    assert.equal(textOf(result as any), "Oslo 3 Hello file:///srv/project");
    await caller.close();
    const declines = await client(era, "decline");
    const declined = await declines.callTool({ name: asks.name, arguments: { city: "Oslo" } });
    assert.equal(textOf(declined as any), "decline");
    await declines.close();
  });
}

test("a client that declared nothing is not asked, and the tool says so", async () => {
  const caller = new Client(CLIENT);
  await caller.connect(new StreamableHTTPClientTransport(new URL(box.url)));
  const result = await caller.callTool({ name: asks.name, arguments: { city: "Oslo" } });
  assert.ok(result.isError);
  assert.match(
    textOf(result as any),
    /did not declare that it can be asked this \(capability: elicitation\)/,
  );
  await caller.close();
  const got = await reply(box.port, modern("tools/call", { name: asks.name, arguments: { city: "Oslo" } }));
  assert.equal(got.status, 400);
  assert.equal(got.rpc?.error?.code, -32021);
});

const ABLE = modernMeta({
  "io.modelcontextprotocol/clientCapabilities": { elicitation: {}, sampling: {}, roots: {} },
});
const DAYS = { days: { action: "decline" } };
const call = async (more: Record<string, unknown>) =>
  (
    await reply(
      box.port,
      modern("tools/call", { name: asks.name, arguments: { city: "Oslo" }, ...more }, {}, ABLE),
    )
  ).rpc;
const freshState = async () => (await call({}))?.result?.["requestState"] as string;

test("a state is good once, for the same arguments, and as it was given out", async () => {
  const requestState = await freshState();
  const answer = { requestState, inputResponses: DAYS };
  assert.equal(
    (await call({ ...answer, requestState: `${requestState.slice(0, -2)}AA` }))?.error?.code,
    INVALID_PARAMS,
  );
  assert.equal(
    (await call({ ...answer, requestState: `${requestState}-TAMPERED` }))?.error?.code,
    INVALID_PARAMS,
  );
  assert.equal(textOf((await call(answer))?.result as any), "decline");
  const replayed = await call(answer);
  assert.equal(replayed?.error?.code, INVALID_PARAMS);
  assert.match(replayed?.error?.message ?? "", /used before/);
  const other = await freshState();
  const mutated = await call({ requestState: other, inputResponses: DAYS, arguments: { city: "Bergen" } });
  assert.equal(mutated?.error?.code, INVALID_PARAMS);
  assert.match(mutated?.error?.message ?? "", /other arguments/);
});

test("a state does not outlive the approval of its tool", async () => {
  const requestState = await freshState();
  await box.mcp.manage("update_tool", { tool_id: asks.id, description: "changed" });
  assert.equal((await call({ requestState, inputResponses: DAYS }))?.error?.code, INVALID_PARAMS);
});

test("a call that floods its client is stopped, and nobody else notices", async () => {
  const flood = box.mcp.attempt("talk__floods");
  for (let i = 0; i < 5; ++i) assert.equal(textOf(await box.mcp.call("talk__quiet")), "quiet");
  const ended = await flood;
  assert.equal(ended.kind, "tool-error");
  assert.match((ended as { text: string }).text, /more progress or log messages than anybody can read/);
});

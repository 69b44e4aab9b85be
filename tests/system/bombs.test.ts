// Every bomb of bombs/ in a real call and in a draft run: it ends in bounded time, in the right words, and with the
// right entry in the log; the call after it works; and in the end nothing is left over.
import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";

import { type Bomb, RUN } from "./bombs/bomb.ts";
import { COMPUTING_BOMBS } from "./bombs/computing.ts";
import { ENDING_BOMBS, FORGED_RESULTS } from "./bombs/endings.ts";
import { RESOURCE_BOMBS } from "./bombs/resources.ts";
import { Instance } from "./harness/instance.ts";
import { limit } from "./harness/limits.ts";
import { type Ending, type Mcp, textOf } from "./harness/mcp.ts";
import { assertSteady, type Snapshot, snapshot } from "./harness/steady.ts";
import { createTool, explainFailure, publish, publishAnother, type Tool } from "./harness/story.ts";
import { until } from "./harness/wait.ts";

const BOMBS = [...RESOURCE_BOMBS, ...COMPUTING_BOMBS, ...ENDING_BOMBS];
const AT_ONCE = 4;
const SHORT_MS = limit("kTimeoutMinMs");
const LONG_MS = 60_000;
const OVERHEAD_MS = 30_000; // to kill, to record and to answer, on two slow cores with other bombs on them

let box: Instance;
let mcp: Mcp;
let tools: Record<"long" | "short", Tool>;
let drafts: Record<"long" | "short", Tool>; // the same, approved by nobody
let start: Snapshot;

before(async () => {
  box = await Instance.started();
  const long = await publish(box, "bombs", "long", RUN, { timeout_ms: LONG_MS });
  const short = await publishAnother(box, long, "short", RUN, { timeout_ms: SHORT_MS });
  tools = { long, short };
  const server = { id: long.server, name: "bombs" };
  drafts = {
    long: await createTool(box, server, "long_draft", RUN, { timeout_ms: LONG_MS }),
    short: await createTool(box, server, "short_draft", RUN, { timeout_ms: SHORT_MS }),
  };
  await publishAnother(box, long, "next", "async def main():\n    return 'fine'\n");
  mcp = box.mcp;
  // The daemons have once held as much as the bombs will make them hold.
  const largest = {
    code: `print('x' * ${limit("kOutputBytes")})\nanswer = 'x' * ${limit("kResultBytes") - 2}`,
  };
  await Promise.all(Array.from({ length: AT_ONCE }, () => mcp.call(long.name, largest)));
  await mcp.manage("test_code", { tool_id: drafts.long.id, arguments: largest });
  start = await snapshot(box);
});
after(async () => {
  await box?.stop();
  box?.destroy();
});
afterEach(explainFailure(() => box));

async function nextCallWorks(): Promise<void> {
  assert.equal(textOf(await mcp.call("bombs__next")), "fine");
}

/** What the code is told: the text of its result, or of its error. */
function wordsOf(ending: Ending, kind: "result" | "tool-error"): string {
  assert.equal(ending.kind, kind, JSON.stringify(ending).slice(0, 2000));
  return textOf((ending as { result: { content: unknown } }).result);
}

/** The same of a draft run, which is reported as one object, or as an error with advice behind it. */
function draftWordsOf(ending: Ending, kind: "result" | "tool-error"): string {
  const text = wordsOf(ending, kind);
  return kind === "result" ? String(JSON.parse(text).result) : text.replace(/^Error: /, "");
}

/** The end of the call with this mark, as the tool's log has it. */
async function loggedEnd(tool: Tool, mark: string): Promise<string> {
  return until(`${mark} to be in the log`, 20, async () => {
    for (const page of [1, 2, 3]) {
      const { logs } = await mcp.manage("get_tool_logs", { tool_id: tool.id, limit: 50, page });
      const entry = logs.find(({ input_args }: any) => String(input_args).includes(`"${mark}"`));
      if (entry !== undefined) return entry.end as string;
    }
    return undefined;
  });
}

let marks = 0;

async function explode(bomb: Bomb, mode: "call" | "draft"): Promise<void> {
  const { long, short } = mode === "call" ? tools : drafts;
  const tool = bomb.endless ? short : long;
  const mark = `mark-${++marks}.`;
  const args = { mark, code: bomb.code };
  const kind = bomb.end === "ok" ? "result" : "tool-error";
  const began = performance.now();
  const text =
    mode === "call"
      ? wordsOf(await mcp.attempt(tool.name, args), kind)
      : draftWordsOf(await mcp.attempt("mcpbox_test_code", { tool_id: tool.id, arguments: args }), kind);
  const took = performance.now() - began;
  assert.ok(text.length < 20_000, `${text.length} characters: ${text.slice(0, 200)}`);
  assert.match(text, bomb.words);
  assert.equal(await loggedEnd(tool, mark), bomb.end);
  assert.ok(took < (bomb.endless ? SHORT_MS : LONG_MS) + OVERHEAD_MS, `it took ${took} ms`);
  await nextCallWorks();
}

describe("called, a tool", { concurrency: AT_ONCE }, () => {
  for (const bomb of BOMBS) test(bomb.name, () => explode(bomb, "call"));
});

// One draft at a time: of those that would not end, one that computes, one that waits, and one that does both in C.
const DRAFTS = BOMBS.filter(
  ({ name, endless }) =>
    !endless || ["a loop", "a future that nobody completes", "a sleep in C"].includes(name),
);

describe("as a draft, a tool", () => {
  for (const bomb of DRAFTS) test(bomb.name, () => explode(bomb, "draft"));
});

test("a draft that computes for ever has its own CPU limit, however long its tool may run", async () => {
  const loop = { tool_id: drafts.long.id, arguments: { code: "while True: pass" } };
  const text = wordsOf(await mcp.attempt("mcpbox_test_code", loop), "tool-error");
  assert.match(text, /CPU time|did not finish/);
  await nextCallWorks();
});

describe("an answer by hand that is no result is called that:", () => {
  for (const { name, code, words } of FORGED_RESULTS)
    test(name, async () => {
      assert.match(wordsOf(await mcp.attempt(tools.long.name, { code }), "tool-error"), words);
      await nextCallWorks();
    });
});

test("output is cut at its limit, and marked, also of what fails", async () => {
  const flood = "print('y' * 50_000_000)\n";
  for (const more of ["answer = 1", "raise ValueError"]) {
    const ending = await mcp.attempt(tools.long.name, { code: flood + more });
    assert.ok(ending.kind === "result" || ending.kind === "tool-error");
    const stdout = ending.result._meta?.execution?.stdout ?? "";
    assert.match(stdout.slice(-100), /cut/);
    assert.ok(stdout.length < limit("kOutputBytes") + 200);
  }
});

test("after all of these the daemons are as before, and nothing is left of the calls", async () => {
  await assertSteady(box, start, { replaced: "zygote" });
  assert.doesNotMatch(box.log(), /zzzz|yyyy/, "a tool cannot write to the log");
});

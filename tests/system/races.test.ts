// What happens at the same time: each pair a hundred times, on a hundred servers at once.  Whoever wins, no call runs
// what was not approved at that instant; the audit chain, read back in its order, is the judge.
import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";

import { chain } from "./harness/chain.ts";
import { Instance } from "./harness/instance.ts";
import { type Ending, textOf } from "./harness/mcp.ts";
import type { Ran } from "./harness/run.ts";
import { createServer, createTool, digestOf, explainFailure, type Tool } from "./harness/story.ts";
import { until } from "./harness/wait.ts";

const TIMES = 100;
const AT_ONCE = 10; // pairs in the same moment; each is several processes on a small machine
const EXIT = { done: 0, conflict: 5 };

const code = (answer: string) => `async def main() -> str:\n    return ${JSON.stringify(answer)}\n`;

let box: Instance;
const tools: Tool[] = [];

/** For every server, some at a time, in no promised order. */
async function everywhere(act: (tool: Tool, index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < tools.length) {
      const index = next++;
      await act(tools[index]!, index);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

before(async () => {
  box = await Instance.started();
  for (let i = 0; i < TIMES; ++i) {
    const server = { id: await createServer(box, `race${i}`), name: `race${i}` };
    tools.push(await createTool(box, server, "answer", code("one")));
    await box.mcp.manage("request_publish", { tool_id: tools[i]!.id });
  }
});
after(async () => {
  await box?.stop();
  box?.destroy();
});
afterEach(explainFailure(() => box));

const approving = (tool: Tool, digest: string) => box.ctl(["approve", tool.name, "--digest", digest]);
const saying = (ran: Ran) => `${ran.code}: ${ran.stdout}${ran.stderr}`;

async function statusOf(tool: Tool): Promise<any> {
  return box.mcp.manage("get_tool_status", { tool_id: tool.id });
}

/** A call may be answered by what was approved, or refused in words. */
function onlySays(ending: Ending, answers: string[]): void {
  if (ending.kind === "result") assert.ok(answers.includes(textOf(ending.result)), textOf(ending.result));
  else assert.notEqual(ending.kind, "disconnected", ending.text);
}

async function approveAll(): Promise<void> {
  await everywhere(async (tool) => {
    if ((await statusOf(tool)).approval_status === "approved") return;
    const ran = await approving(tool, await digestOf(box, tool.name));
    assert.equal(ran.code, EXIT.done, saying(ran));
  });
}

test("of two approvals one decides, and the other is told", async () => {
  await everywhere(async (tool) => {
    const digest = await digestOf(box, tool.name);
    const both = await Promise.all([approving(tool, digest), approving(tool, digest)]);
    assert.deepEqual(both.map((ran) => ran.code).sort(), [EXIT.done, EXIT.conflict], both.map(saying).join());
    assert.equal((await statusOf(tool)).approval_status, "approved");
    await box.mcp.manage("start_server", { server_id: tool.server });
  });
});

test("a call beside an update runs what is approved or nothing", async () => {
  await everywhere(async (tool) => {
    const [changed, ...calls] = await Promise.all([
      box.mcp.manage("update_tool", { tool_id: tool.id, python_code: code("two") }),
      ...Array.from({ length: 3 }, () => box.mcp.attempt(tool.name)),
    ]);
    assert.equal(changed.approval_status, "pending_review");
    for (const ending of calls) onlySays(ending, ["one"]);
    await box.mcp.refusal(tool.name);
  });
});

test("an approval beside an update approves what was shown or nothing", async () => {
  const ends = { approved: 0, pending: 0 };
  await everywhere(async (tool) => {
    const shown = await digestOf(box, tool.name);
    const [ran, update] = await Promise.all([
      approving(tool, shown),
      box.mcp.attempt("mcpbox_update_tool", { tool_id: tool.id, python_code: code("three") }),
    ]);
    assert.ok(ran.code === EXIT.done || ran.code === EXIT.conflict, saying(ran));
    const { approval_status } = await statusOf(tool);
    const now = await digestOf(box, tool.name);
    if (update.kind === "result") assert.notEqual(now, shown);
    if (approval_status === "approved") {
      assert.equal(now, shown, "only what was shown is approved");
      ends.approved += 1;
    } else {
      assert.equal(approval_status, "pending_review");
      ends.pending += 1;
    }
    onlySays(await box.mcp.attempt(tool.name), approval_status === "approved" ? ["two"] : []);
  });
  assert.equal(ends.approved + ends.pending, TIMES);
});

test("a call beside a revocation runs before it or not at all", async () => {
  await approveAll();
  await everywhere(async (tool) => {
    const [ran, ...calls] = await Promise.all([
      box.ctl(["revoke", tool.name, "--reason", "a race"]),
      ...Array.from({ length: 3 }, () => box.mcp.attempt(tool.name)),
    ]);
    assert.equal(ran.code, EXIT.done, saying(ran));
    for (const ending of calls) onlySays(ending, ["two", "three"]);
    await box.mcp.refusal(tool.name);
  });
});

test("a call beside a renaming is answered under a name that the server has", async () => {
  await approveAll();
  await everywhere(async (tool, index) => {
    const name = `named${index}`;
    const [ran, ...calls] = await Promise.all([
      box.ctl(["server", tool.name.split("__")[0]!, "--name", name]),
      box.mcp.attempt(tool.name),
      box.mcp.attempt(`${name}__answer`),
      box.mcp.attempt(tool.name),
    ]);
    assert.equal(ran.code, EXIT.done, saying(ran));
    for (const ending of calls) onlySays(ending, ["two", "three"]);
    await box.mcp.refusal(tool.name);
    tool.name = `${name}__answer`;
    onlySays({ kind: "result", result: await box.mcp.call(tool.name) }, ["two", "three"]);
  });
});

test("a call beside the deletion of its server runs before it or not at all", async () => {
  await everywhere(async (tool) => {
    const [, ...calls] = await Promise.all([
      box.mcp.manage("delete_server", { server_id: tool.server }),
      ...Array.from({ length: 3 }, () => box.mcp.attempt(tool.name)),
    ]);
    for (const ending of calls) onlySays(ending, ["two", "three"]);
    await box.mcp.refusal(tool.name);
  });
  assert.equal((await box.mcp.manage("list_servers")).total, 0);
});

test("the chain knows of no call whose digest was not approved when it was opened", async () => {
  await until("every call to end", 30, async () => (await box.ctlJson("status")).calls_in_flight === 0);
  const verified = await box.ctl(["audit", "verify"]);
  assert.equal(verified.code, 0, saying(verified));
  const approved = new Set<string>();
  const serverOf = new Map(tools.map((tool) => [plain(tool.id), plain(tool.server)]));
  const deleted = new Set<string>();
  let calls = 0;
  for (const one of await chain(box)) {
    const what = `${one.subject} ${one.digest}`;
    if (one.action === "approve") approved.add(what);
    if (one.action === "revoke" || one.action === "reject") approved.delete(what);
    if (one.action === "delete_server") deleted.add(one.subject);
    if (one.kind !== 1 || one.action !== "call") continue;
    calls += 1;
    assert.ok(approved.has(what), `record ${one.sequence}: a call of what nobody had approved`);
    assert.ok(!deleted.has(serverOf.get(one.subject)!), `record ${one.sequence}: its server was deleted`);
  }
  assert.ok(calls >= 2 * TIMES, `${calls} calls ran: enough of the races were real`);
});

const plain = (id: string) => id.replaceAll("-", "");

// The audit log of a running instance, checked with mcpboxctl and, from an export, with mcpbox-audit-verify; the
// execution log beside it, and what neither may hold.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, afterEach, before, test } from "node:test";

import { verifyExport, verifyLive } from "./harness/audit.ts";
import { exported } from "./harness/chain.ts";
import { Instance } from "./harness/instance.ts";
import { run } from "./harness/run.ts";
import { approve, explainFailure, logsOf, publish, type Tool } from "./harness/story.ts";

const ECHO = `
async def main(text: str, password: str = ""):
    if text == "fail": raise ValueError("broken on purpose")
    return text
`;
const CANARY = "canary-4c1d9e77-secret";

let box: Instance;
let echo: Tool;
before(async () => {
  box = await Instance.started();
  echo = await publish(box, "chain", "echo", ECHO);
});
after(async () => {
  await box?.stop();
  box?.destroy();
});
afterEach(explainFailure(() => box));

test("what happened is in the chain, and the chain verifies", async () => {
  await box.mcp.attempt(echo.name, { text: "one" });
  await box.mcp.attempt("chain__nothing", {});
  await verifyLive(box);
  const { records } = await exported(box);
  const actions = new Set(records.map(({ action }) => action));
  for (const action of [
    "start",
    "serving",
    "self_attack",
    "admitted",
    "control_opened",
    "create_tool",
    "approve",
    "call",
  ])
    assert.ok(actions.has(action), `${action} is recorded`);
  records.forEach(({ sequence }, at) => assert.equal(sequence, at + 1));
  const shown = await box.ctl(["audit", "show"]);
  assert.match(shown.stdout, /approve/);
  const page = await box.ctlJson("audit", "show");
  const approval = page.items.find(({ action }: { action: string }) => action === "approve");
  const { at, ...same } = approval;
  assert.match(at, /^\d{4}-\d\d-\d\dT/);
  assert.equal(same.kind, "decision");
  assert.equal(same.digest, records[same.sequence - 1]!.digest);
  assert.deepEqual([page.page, page.page_size], [1, 50]);
});

test("an export verifies with the public key alone, and no byte of it can be changed", async () => {
  const { file, bytes } = await exported(box);
  const whole = await verifyExport(box, file);
  assert.equal(whole.code, 0, whole.stdout);
  const damaged = `${file}.damaged`;
  for (let at = 3; at < bytes.length; at += Math.ceil(bytes.length / 25)) {
    const changed = Buffer.from(bytes);
    changed[at] = changed[at]! ^ 4;
    writeFileSync(damaged, changed);
    const ran = await verifyExport(box, damaged);
    assert.equal(ran.code, 1, `byte ${at}: ${ran.stdout}`);
    assert.match(ran.stdout, /^DAMAGED: /);
  }
  const other = await run([join(box.bin, "mcpbox-audit-verify"), file, "ab".repeat(32)]);
  assert.equal(other.code, 1);
  assert.match(other.stdout, /wrong key/);
});

test("an older export is recognised by a head that was noted later", async () => {
  const { file } = await exported(box);
  await box.mcp.attempt(echo.name, { text: "later" });
  const head = await box.ctlJson("audit", "head");
  const ran = await verifyExport(box, file, "--known", `${head.record}:${head.hash}`);
  assert.equal(ran.code, 1);
  assert.match(ran.stdout, /rolled back/);
});

test("a client is told the id by which the log and the chain know its call", async () => {
  const reply = await box.mcp.post("tools/call", { name: echo.name, arguments: { text: "with an id" } });
  const id = (reply.result as any)._meta["mcpbox/callId"] as string;
  assert.match(id, /^[0-9a-f-]{36}$/);
  await logsOf(box, echo, (logs) => logs.some((entry) => entry.id === id));
  const { bytes } = await exported(box);
  assert.ok(bytes.includes(Buffer.from(id.replaceAll("-", ""), "hex")), "it is in the chain");
});

test("metrics count what happened", async () => {
  const ran = await box.ctl(["metrics"]);
  assert.equal(ran.code, 0, ran.stderr);
  assert.match(ran.stdout, /^mcpbox_calls_total\{end="ok"\} [1-9]/m);
  assert.match(ran.stdout, /^mcpbox_call_duration_seconds_count [1-9]/m);
  assert.match(ran.stdout, /^mcpbox_database_up 1$/m);
});

test("checkpoints are signed, stored, and in the daemons' log", () => {
  assert.match(
    box.log(),
    /audit checkpoint record=\d+ hash=[0-9a-f]{64} statement=[0-9a-f]{234} signature=[0-9a-f]{128}/,
  );
});

test("the log is searched, filtered and counted, and a secret by its key's name is nowhere", async () => {
  await box.mcp.attempt(echo.name, { text: "findable", password: CANARY });
  await box.mcp.attempt(echo.name, { text: "fail" });
  await logsOf(box, echo, (logs) => logs.some((entry) => entry.end === "tool_error"));
  assert.equal((await box.ctlJson("logs", "--search", "findable")).total, 1);
  assert.equal(
    (await box.ctlJson("logs", "--end", "tool_error", "--server", "chain", "--since", "1h")).total,
    1,
  );
  assert.equal((await box.ctlJson("logs", "--server", "another")).total, 0);
  const stats = await box.ctlJson("stats", "--hours", "1");
  assert.ok(stats.total_executions >= 2 && stats.failed === 1, JSON.stringify(stats));
  const logs = JSON.stringify(await box.ctlJson("logs"));
  const { bytes } = await exported(box);
  for (const form of [CANARY, Buffer.from(CANARY).toString("base64"), Buffer.from(CANARY).toString("hex")])
    for (const [where, text] of Object.entries({ logs, export: bytes.toString("latin1"), log: box.log() }))
      assert.ok(!text.includes(form), `the canary is in the ${where}`);
});

test("an approval after all this is still one record, and the chain still whole", async () => {
  await box.mcp.manage("update_tool", { tool_id: echo.id, python_code: `${ECHO}\n# changed\n` });
  await approve(box, echo.name); // a changed tool that was approved waits by itself
  await verifyLive(box);
});

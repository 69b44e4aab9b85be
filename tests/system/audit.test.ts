// The audit log of a running instance, checked with mcpboxctl and, from an export, with mcpbox-audit-verify; and
// what must hold when processes are killed in the middle of many calls: what a client has seen is in the chain.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, afterEach, before, test } from "node:test";

import { Instance } from "./harness/instance.ts";
import { Load, stopAllLoads } from "./harness/load.ts";
import { run } from "./harness/run.ts";
import { approve, explainFailure, logsOf, publish, type Tool } from "./harness/story.ts";
import { until } from "./harness/wait.ts";

const ECHO = `
async def main(text: str, password: str = ""):
    if text == "fail": raise ValueError("broken on purpose")
    return text
`;
const CANARY = "canary-4c1d9e77-secret";
const CALLERS = 64;
const SERVE_SECONDS = 60;

let box: Instance;
let echo: Tool;
let exports = 0;

interface Exported {
  file: string;
  bytes: Buffer;
  records: { sequence: bigint; kind: number; action: string }[];
}

async function exported(): Promise<Exported> {
  const file = join(box.folder, `audit.${++exports}`);
  const ran = await box.ctl(["audit", "export", file]);
  assert.equal(ran.code, 0, ran.stderr);
  const bytes = readFileSync(file);
  const records: Exported["records"] = [];
  for (let at = 16; at < bytes.length;) {
    const size = bytes.readUInt32LE(at + 1);
    const item = bytes.subarray(at + 5, at + 5 + size);
    if (bytes[at] === "R".charCodeAt(0)) {
      const actor = item.readUInt32LE(137);
      const action = item.readUInt32LE(141 + actor);
      records.push({
        sequence: item.readBigUInt64LE(47),
        kind: item.readUInt16LE(63),
        action: item.subarray(145 + actor, 145 + actor + action).toString(),
      });
    }
    at += 5 + size;
  }
  return { file, bytes, records };
}

async function publicKey(): Promise<string> {
  return (await box.ctlJson("audit", "head")).public_key as string;
}

async function verifyExport(file: string, ...more: string[]) {
  return run([join(box.bin, "mcpbox-audit-verify"), file, await publicKey(), ...more]);
}

async function verifyLive(): Promise<void> {
  const ran = await box.ctl(["audit", "verify"]);
  assert.equal(ran.code, 0, `${ran.stdout}${ran.stderr}`);
  assert.match(ran.stdout, /whole, and signed/);
}

before(async () => {
  box = await Instance.started();
  echo = await publish(box, "chain", "echo", ECHO);
});
after(async () => {
  await box?.stop();
  box?.destroy();
});
afterEach(explainFailure(() => box));
afterEach(stopAllLoads);

test("what happened is in the chain, and the chain verifies", async () => {
  await box.mcp.attempt(echo.name, { text: "one" });
  await box.mcp.attempt("chain__nothing", {});
  await verifyLive();
  const { records } = await exported();
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
  records.forEach(({ sequence }, at) => assert.equal(sequence, BigInt(at + 1)));
  const shown = await box.ctl(["audit", "show"]);
  assert.match(shown.stdout, /approve/);
});

test("an export verifies with the public key alone, and no byte of it can be changed", async () => {
  const { file, bytes } = await exported();
  const whole = await verifyExport(file);
  assert.equal(whole.code, 0, whole.stdout);
  const damaged = `${file}.damaged`;
  for (let at = 3; at < bytes.length; at += Math.ceil(bytes.length / 25)) {
    const changed = Buffer.from(bytes);
    changed[at] = changed[at]! ^ 4;
    writeFileSync(damaged, changed);
    const ran = await verifyExport(damaged);
    assert.equal(ran.code, 1, `byte ${at}: ${ran.stdout}`);
    assert.match(ran.stdout, /^DAMAGED: /);
  }
  const other = await run([join(box.bin, "mcpbox-audit-verify"), file, "ab".repeat(32)]);
  assert.equal(other.code, 1);
  assert.match(other.stdout, /wrong key/);
});

test("an older export is recognised by a head that was noted later", async () => {
  const { file } = await exported();
  await box.mcp.attempt(echo.name, { text: "later" });
  const head = await box.ctlJson("audit", "head");
  const ran = await verifyExport(file, "--known", `${head.record}:${head.hash}`);
  assert.equal(ran.code, 1);
  assert.match(ran.stdout, /rolled back/);
});

test("a client is told the id by which the log and the chain know its call", async () => {
  const reply = await box.mcp.post("tools/call", { name: echo.name, arguments: { text: "with an id" } });
  const id = (reply.result as any)._meta["mcpbox/callId"] as string;
  assert.match(id, /^[0-9a-f-]{36}$/);
  await logsOf(box, echo, (logs) => logs.some((entry) => entry.id === id));
  const { bytes } = await exported();
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
  const { bytes } = await exported();
  for (const form of [CANARY, Buffer.from(CANARY).toString("base64"), Buffer.from(CANARY).toString("hex")])
    for (const [where, text] of Object.entries({ logs, export: bytes.toString("latin1"), log: box.log() }))
      assert.ok(!text.includes(form), `the canary is in the ${where}`);
});

/** Kills a process of the instance under load; then everything starts again, and every reply is accounted for. */
async function killUnderLoad(kill: () => void): Promise<void> {
  const earlier = (await exported()).records.length;
  const load = new Load(box, echo.name, { text: "x" }, CALLERS);
  await until("calls to succeed", SERVE_SECONDS, () => load.count("result") > CALLERS);
  kill();
  await until("the instance to end", SERVE_SECONDS, () => box.family().length === 0);
  await load.stop();
  const seen = load.count("result");
  await box.start();
  await verifyLive();
  const { file, records } = await exported();
  const fresh = records.slice(earlier).filter(({ action }) => action === "call" || action === "call_unknown");
  const outcomes = fresh.filter(({ kind }) => kind === 2).length;
  const intents = fresh.filter(({ kind }) => kind === 1).length;
  const unknown = fresh.filter(({ action }) => action === "call_unknown").length;
  assert.ok(outcomes >= seen, `${seen} replies were seen, ${outcomes} outcomes are recorded`);
  assert.equal(intents, outcomes + unknown, "every intent has an outcome, or is recorded as unknown");
  assert.equal((await verifyExport(file)).code, 0);
  await until(
    "a call to succeed",
    SERVE_SECONDS,
    async () => (await box.mcp.attempt(echo.name, { text: "again" })).kind === "result",
  );
}

for (const round of [1, 2])
  test(`the monitor is killed under 64 callers, and nothing that a client saw is missing (${round})`, async () => {
    await killUnderLoad(() => process.kill(box.processes("priv")[0]!.pid, "SIGKILL"));
  });

test("an approval after all this is still one record, and the chain still whole", async () => {
  await box.mcp.manage("update_tool", { tool_id: echo.id, python_code: `${ECHO}\n# changed\n` });
  await approve(box, echo.name); // a changed tool that was approved waits by itself
  await verifyLive();
});

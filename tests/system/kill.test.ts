// Each process is killed in turn while calls are running.  What must hold every time: the others go on, a call in
// flight ends once and says how, what was running before runs again without anybody's help, and nothing is left over.
import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";

import { Instance, type Role } from "./harness/instance.ts";
import { Load, stopAllLoads } from "./harness/load.ts";
import { type Ending, textOf } from "./harness/mcp.ts";
import { isAlive, type Process } from "./harness/processes.ts";
import { explainFailure, logsOf, publish, publishAnother, type Tool } from "./harness/story.ts";
import { sleep, until } from "./harness/wait.ts";

const NAP = `
import asyncio

async def main(seconds: float, mark: str = "") -> str:
    print("mark", mark)
    await asyncio.sleep(seconds)
    return "awake"
`;

// What an orderly end would not reach: in C, in Python, and holding much memory.
const STUBBORN: Record<string, string> = {
  spins: "def main():\n    return 9**9**9\n",
  computes: "def main():\n    while True: pass\n",
  heavy: "import time\ndef main():\n    kept = bytearray(200_000_000)\n    time.sleep(3600)\n",
};

const CLIENTS = 4;
const SERVE_SECONDS = 30; // until a call is answered again on a slow, busy machine

let box: Instance;
let nap: Tool;

before(async () => {
  box = await Instance.started();
  nap = await publish(box, "sleepy", "nap", NAP);
  await publishAnother(box, nap, "echo", "async def main(text: str):\n    return text\n");
  for (const [name, code] of Object.entries(STUBBORN)) await publishAnother(box, nap, name, code);
});
after(async () => {
  await box?.stop();
  box?.destroy();
});
afterEach(explainFailure(() => box));
afterEach(stopAllLoads);

/** One call of each stubborn kind, once they run. */
async function stubbornCalls(): Promise<Promise<Ending>[]> {
  const running = (await box.ctlJson("status")).calls_in_flight as number;
  const calls = Object.keys(STUBBORN).map((name) => box.mcp.attempt(`sleepy__${name}`));
  await until("the stubborn calls to run", SERVE_SECONDS, async () => {
    const status = await box.ctlJson("status");
    return status.calls_in_flight >= running + calls.length && status.calls_queued === 0;
  });
  return calls;
}

function kill(process_: Process): void {
  process.kill(process_.pid, "SIGKILL");
}

/** Waits for the replacement of a process that was killed. */
async function replaced(role: Role, old: Process): Promise<Process> {
  return await until(`a new [${role}]`, SERVE_SECONDS, () =>
    box.processes(role).find(({ pid, started }) => pid !== old.pid || started !== old.started),
  );
}

async function answersAgain(): Promise<void> {
  await until("a call to succeed", SERVE_SECONDS, async () => {
    const ending = await box.mcp.attempt("sleepy__echo", { text: "again" });
    return ending.kind === "result";
  });
}

/** The log's entries of calls with this mark in their arguments: there must be one at least. */
async function logged(mark: string): Promise<any[]> {
  const marked = (logs: any[]) => logs.filter((entry) => JSON.stringify(entry.input_args).includes(mark));
  return marked(await logsOf(box, nap, (logs) => marked(logs).length > 0));
}

function sayWhatHappened(ending: Ending): void {
  assert.ok(ending.kind === "tool-error" || ending.kind === "rpc-error", JSON.stringify(ending));
  assert.ok(ending.text.length > 20, `a sentence, not a code: ${ending.text}`);
  assert.doesNotMatch(ending.text, /internal error|undefined|null/i);
}

test("a zygote killed under load costs the calls in flight, and nothing else", async () => {
  const others = (["priv", "net-local"] as const).map((role) => box.one(role));
  const load = new Load(box, "sleepy__nap", { seconds: 0.3 }, CLIENTS);
  const inFlight = box.mcp.attempt("sleepy__nap", { seconds: 60, mark: "zygote-victim" });
  await until("the load to run", SERVE_SECONDS, () => load.count("result") >= 4);
  const zygote = box.one("zygote");
  const children = box.processes("call");
  kill(zygote);
  await replaced("zygote", zygote);
  sayWhatHappened(await inFlight);
  const good = load.count("result");
  await until("the load to go on", SERVE_SECONDS, () => load.count("result") >= good + 8);
  await load.stop();

  for (const failed of load.failures()) sayWhatHappened(failed);
  assert.ok(load.failures().length <= 3 * CLIENTS, `${load.failures().length} calls failed`);
  for (const child of children) assert.ok(!isAlive(child), `${child.title} outlived its zygote`);
  for (const other of others) assert.ok(isAlive(other), `${other.title} went on`);
  const entries = await logged("zygote-victim");
  assert.equal(entries.length, 1, "one call, one outcome");
  assert.equal(entries[0].success, false);
  await answersAgain();
});

test("a killed zygote takes calls with it that compute, block and hold memory", async () => {
  const calls = await stubbornCalls();
  const zygote = box.one("zygote");
  const children = box.processes("call");
  kill(zygote);
  for (const ending of await Promise.all(calls)) sayWhatHappened(ending);
  // They are told of when the zygote is lost; giving back 200 MB takes the kernel a moment longer.
  await until("its calls to be gone", SERVE_SECONDS, () => !children.some(isAlive));
  await replaced("zygote", zygote);
  await answersAgain();
});

test("a call's process killed from outside ends that call alone", async () => {
  const zygote = box.one("zygote");
  const bystander = box.mcp.attempt("sleepy__nap", { seconds: 3, mark: "bystander" });
  const victim = box.mcp.attempt("sleepy__nap", { seconds: 60, mark: "call-victim" });
  await sleep(1500);
  // Both sleepers and the spares look alike from outside: end them one by one until the victim's call has ended.
  let ended: Ending | undefined;
  void victim.then((ending) => (ended = ending));
  await bystander;
  for (const child of box.processes("call")) {
    if (ended) break;
    kill(child);
    await sleep(300);
  }
  sayWhatHappened(await victim);
  assert.equal((await bystander).kind, "result");
  assert.ok(isAlive(zygote), "the zygote went on");
  assert.equal((await logged("call-victim")).length, 1, "one call, one outcome");
  await answersAgain();
});

test("a gateway killed under load closes its connections, its calls are cancelled, and the log says so", async () => {
  const others = (["priv", "zygote"] as const).map((role) => box.one(role));
  const load = new Load(box, "sleepy__nap", { seconds: 0.3 }, CLIENTS);
  await until("the load to run", SERVE_SECONDS, () => load.count("result") >= 4);
  const inFlight = box.mcp.attempt("sleepy__nap", { seconds: 60, mark: "gateway-victim" });
  await sleep(1000);
  const gateway = box.one("net-local");
  kill(gateway);
  assert.equal((await inFlight).kind, "disconnected", "its connection was closed");
  await replaced("net-local", gateway);
  const good = load.count("result");
  await until("the load to go on", SERVE_SECONDS, () => load.count("result") >= good + 8);
  await load.stop();
  for (const failed of load.failures()) assert.equal(failed.kind, "disconnected", JSON.stringify(failed));
  for (const other of others) assert.ok(isAlive(other), `${other.title} went on`);
  const entries = await logged("gateway-victim");
  assert.equal(entries.length, 1, "one call, one outcome");
  assert.equal(entries[0].success, false);
  assert.match(entries[0].error ?? "", /cancel|withdr|gateway|caller/i);
});

test("a legacy session outlives the gateway that opened it", async () => {
  const { oldSdkClient } = await import("./harness/clients.ts");
  const client = await oldSdkClient(box.url);
  assert.equal(textOf(await client.call("sleepy__echo", { text: "one" })), "one");
  const gateway = box.one("net-local");
  kill(gateway);
  await replaced("net-local", gateway);
  const answer = await until("the session to answer", SERVE_SECONDS, async () => {
    try {
      return textOf(await client.call("sleepy__echo", { text: "two" }));
    } catch (error) {
      assert.doesNotMatch(String(error), /404|session/i, "the session is still known");
      return undefined;
    }
  });
  assert.equal(answer, "two");
  await client.close();
});

test("a second launcher on the same state refuses, and names the process that holds it", async () => {
  const holder = box.launcherPid();
  const family = box.family().length;
  const second = box.launch();
  assert.equal(await box.waitForExit(second), 1);
  assert.match(box.complaints(), new RegExp(`another instance.*\\b${holder}\\b`));
  // mcpbox-migrate, its session and one more may have ended meanwhile.
  assert.ok(box.family().length >= family - 3, "the first goes on");
  await answersAgain();
});

/** Kills one process that everything depends on, and checks that the instance ends whole and starts again whole. */
async function endsAndStartsAgain(victim: Process, mark: string): Promise<void> {
  const load = new Load(box, "sleepy__nap", { seconds: 0.2, mark }, CLIENTS);
  await until("the load to run", SERVE_SECONDS, () => load.count("result") >= 8);
  const names = (await box.mcp.toolNames()).join();
  const done = load.count("result");
  const stubborn = await stubbornCalls();
  const family = box.family();
  assert.ok(family.length >= 6, box.listing());
  const stopped = load.stop();
  kill(victim);
  await box.waitUntilGone(family, 30);
  await stopped;
  for (const ending of await Promise.all(stubborn)) assert.equal(ending.kind, "disconnected");
  for (const failed of load.failures()) assert.equal(failed.kind, "disconnected", JSON.stringify(failed));

  await box.start();
  assert.equal((await box.mcp.toolNames()).join(), names, "the same servers run, with the same tools");
  await answersAgain();
  const { logs } = await box.mcp.manage("get_tool_logs", { tool_id: nap.id, limit: 50 });
  const ids = logs.map((entry: any) => entry.id);
  assert.equal(new Set(ids).size, ids.length, "no call is in the log twice");
  const finished = logs.filter(
    (entry: any) => entry.success && JSON.stringify(entry.input_args).includes(mark),
  );
  assert.ok(finished.length >= Math.min(done - CLIENTS, 40), "what clients were told is in the log");
  const status = await box.ctlJson("status");
  assert.ok(JSON.stringify(status).length > 0);
}

test("when the monitor is killed nothing survives it, and a restart finds everything again", async () => {
  await endsAndStartsAgain(box.one("priv"), "monitor-victim");
});

test("when the launcher is killed nothing survives it, and a restart finds everything again", async () => {
  const launcher = box.family().find(({ pid }) => pid === box.launcherPid());
  await endsAndStartsAgain(launcher!, "launcher-victim");
});

test("when the database is killed nothing runs unrecorded, and a restart finds everything again", async () => {
  await endsAndStartsAgain(box.database(), "database-victim");
});

test("killed three times in a row, a child is still back", async () => {
  for (const role of ["zygote", "net-local", "zygote", "net-local"] as const) {
    const old = box.one(role);
    kill(old);
    await until(`a new [${role}]`, SERVE_SECONDS, () =>
      box.processes(role).find(({ pid, started }) => pid !== old.pid || started !== old.started),
    );
    await answersAgain();
  }
});

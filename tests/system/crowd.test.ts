// Calls beside each other: hostile ones beside honest ones, waiting ones beside computing ones.  A call is slowed by
// another at most by its fair share of the machine, and never changed by it.
import assert from "node:assert/strict";
import { availableParallelism, totalmem } from "node:os";
import { after, afterEach, before, test } from "node:test";

import { RUN } from "./bombs/bomb.ts";
import { COMPUTING_BOMBS } from "./bombs/computing.ts";
import { ENDING_BOMBS } from "./bombs/endings.ts";
import { RESOURCE_BOMBS } from "./bombs/resources.ts";
import { Instance } from "./harness/instance.ts";
import { limit } from "./harness/limits.ts";
import { type Ending, type Mcp, textOf } from "./harness/mcp.ts";
import { explainFailure, publish } from "./harness/story.ts";
import { until } from "./harness/wait.ts";

const HONEST = `
import asyncio, hashlib

async def main(number: int) -> dict:
    print("number", number)
    digest = hashlib.sha256(str(number).encode()).hexdigest()
    await asyncio.sleep(0.01)
    return {"number": number, "sum": sum(range(number)), "digest": digest}
`;
const NAP = `
import asyncio

async def main(seconds: float) -> str:
    await asyncio.sleep(seconds)
    return "awake"
`;
const COMPUTE = `
async def main(rounds: int) -> int:
    total = 0
    for number in range(rounds):
        total = (total * 31 + number) % 1_000_003
    return total
`;

let box: Instance;
let mcp: Mcp;

before(async () => {
  box = await Instance.started();
  mcp = box.mcp;
  await publish(box, "hostile", "run", RUN, { timeout_ms: limit("kTimeoutMinMs") });
  await publish(box, "honest", "check", HONEST);
  await publish(box, "honest2", "compute", COMPUTE, { timeout_ms: 120_000 });
});
after(async () => {
  await box?.stop();
  box?.destroy();
});
afterEach(explainFailure(() => box));

/** What the honest tool must answer for this number, worked out here. */
async function honestAnswer(number: number): Promise<Record<string, unknown>> {
  const bytes = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(String(number)));
  return { number, sum: (number * (number - 1)) / 2, digest: Buffer.from(bytes).toString("hex") };
}

test("while two hundred hostile calls run, every honest call has its right answer", async () => {
  const bombs = [...RESOURCE_BOMBS, ...COMPUTING_BOMBS, ...ENDING_BOMBS];
  const HOSTILE = 200;
  let begun = 0;
  let ended = 0;
  const attack = async () => {
    for (let i = begun++; i < HOSTILE; i = begun++) {
      const { code } = bombs[i % bombs.length]!;
      const ending = await mcp.attempt("hostile__run", { code });
      assert.notEqual(ending.kind, "disconnected", code);
      ++ended;
    }
  };
  let next = 1;
  let right = 0;
  const work = async () => {
    while (ended < HOSTILE) {
      const number = next++;
      const result = await mcp.call("honest__check", { number });
      assert.deepEqual(result.structuredContent, await honestAnswer(number));
      assert.equal(result._meta?.execution?.stdout, `number ${number}\n`);
      ++right;
    }
  };
  await Promise.all([...Array.from({ length: 8 }, attack), ...Array.from({ length: 3 }, work)]);
  assert.ok(right >= 100, `only ${right} honest calls were made`);
});

const CALLS = 200;
const SERVERS = Math.ceil(CALLS / limit("kCallsPerServer"));
const LONG_MS = 120_000; // never reached: what takes this long is withdrawn

/** Calls that end when they are withdrawn, and which of them ended before. */
class Endless {
  private readonly withdrawal = new AbortController();
  private readonly calls: Promise<void>[] = [];
  private withdrawn = false;
  readonly endedEarly: Ending[] = [];

  constructor(calls: [tool: string, args: Record<string, unknown>][]) {
    this.begin(calls);
  }

  begin(calls: [tool: string, args: Record<string, unknown>][]): void {
    const begun = calls.map(async ([tool, args]) => {
      const ending = await mcp.attempt(tool, args, this.withdrawal.signal);
      if (!this.withdrawn) this.endedEarly.push(ending);
    });
    this.calls.push(...begun);
  }

  async withdraw(): Promise<void> {
    this.withdrawn = true;
    this.withdrawal.abort();
    await Promise.all(this.calls);
    await inFlight(0);
  }
}

async function inFlight(calls: number): Promise<void> {
  await until(`${calls} calls to be in flight`, 60, async () => {
    return (await box.ctlJson("status")).calls_in_flight === calls;
  });
}

const nap = (i: number, seconds: number): [string, Record<string, unknown>] => [
  `waiting${i % SERVERS}__nap`,
  { seconds },
];

test("two hundred waiting calls do not hold up a computing one", async () => {
  for (let i = 0; i < SERVERS; ++i) await publish(box, `waiting${i}`, "nap", NAP, { timeout_ms: LONG_MS });
  const memory = (await box.ctlJson("status")).calls_memory_bytes as number;
  assert.ok(
    Math.abs(memory - totalmem() / 2) < 0.02 * totalmem(),
    "all calls together get half of the machine's",
  );
  const waiting = new Endless(Array.from({ length: CALLS }, (_, i) => nap(i, LONG_MS / 1000 - 1)));
  await until("all of them to wait, with room for what they hold", 100, async () => {
    const status = await box.ctlJson("status");
    assert.deepEqual(waiting.endedEarly, [], "none of them was told that there is no room");
    const settled = status.calls_memory_used_bytes < CALLS * 16 * limit("kMiB");
    const waits = status.calls_queued === 0 && status.cpu_slots_used === 0;
    return status.calls_in_flight === CALLS && waits && settled;
  });
  assert.equal(textOf(await mcp.call("honest2__compute", { rounds: 1000 })), "729977");
  assert.deepEqual(waiting.endedEarly, [], "they still wait");
  await waiting.withdraw();
});

test("computing calls, more than there are processors, do not hold up two hundred waiting ones", async () => {
  const busy = 2 * availableParallelism();
  const computing = new Endless(Array.from({ length: busy }, () => ["honest2__compute", { rounds: 1e12 }]));
  await inFlight(busy);
  // A few at a time: how many this machine starts within a call's patience is not the question.
  const waiting = new Endless([]);
  const AT_ONCE = 20;
  for (let begun = AT_ONCE; begun <= CALLS; begun += AT_ONCE) {
    waiting.begin(Array.from({ length: AT_ONCE }, (_, i) => nap(begun + i, LONG_MS / 1000 - 1)));
    await until(`${begun} calls to wait`, 60, async () => {
      const status = await box.ctlJson("status");
      return status.calls_queued === 0 && status.calls_in_flight === busy + begun;
    });
  }
  assert.equal(textOf(await mcp.call(...nap(0, 0.1))), "awake");
  assert.deepEqual(waiting.endedEarly, [], "they still wait");
  assert.deepEqual(computing.endedEarly, [], "they still compute");
  await Promise.all([waiting.withdraw(), computing.withdraw()]);
});

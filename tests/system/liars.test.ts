// Calls that say they wait, so as to have a CPU slot and a room in memory less counted, and then take what their limit
// allows: beside an honest one that computes with as much.  The instance gives all calls together four calls' memory,
// so that this needs little of the machine's.
import assert from "node:assert/strict";
import { appendFileSync } from "node:fs";
import { after, afterEach, before, test } from "node:test";

import { Instance } from "./harness/instance.ts";
import { limit } from "./harness/limits.ts";
import { type Ending, textOf } from "./harness/mcp.ts";
import { explainFailure, publish } from "./harness/story.ts";
import { until } from "./harness/wait.ts";

const ROOMS = 4;
const LIARS = 16;
const TAKES_MB = 200;

// Waits until the others wait too, then takes all of it at once, and keeps it until a time that is the same for all.
const LIAR = `
import asyncio, time

async def main(at: float, megabytes: int, to: float) -> str:
    while time.time() < at:
        await asyncio.sleep(0.05)
    kept = bytearray(b"x") * (megabytes * 2**20)
    if time.time() >= to:
        return "late"
    while time.time() < to:
        await asyncio.sleep(0.05)
    return f"held {len(kept)}"
`;
// Never waits: it keeps the room that it began with.
const COMPUTER = `
import time

def main(megabytes: int, until: float) -> str:
    kept = bytearray(b"x") * (megabytes * 2**20)
    while time.time() < until:
        pass
    return f"computed with {len(kept)}"
`;

let box: Instance;

before(async () => {
  box = await Instance.create();
  appendFileSync(box.config, `calls-memory = ${(ROOMS * limit("kMemoryBytes")) / limit("kMiB")}\n`);
  await box.start();
  await publish(box, "liars", "lie", LIAR, { timeout_ms: 120_000 });
  await publish(box, "honest", "compute", COMPUTER, { timeout_ms: 120_000 });
  await publish(box, "quiet", "nap", LIAR, { timeout_ms: 120_000 });
});
after(async () => {
  await box?.stop();
  box?.destroy();
});
afterEach(explainFailure(() => box));

const status = (): Promise<any> => box.ctlJson("status");
const seconds = () => Date.now() / 1000;

function words(ending: Ending): string {
  return ending.kind === "result" ? textOf(ending.result) : ending.text;
}

test("liars that take more than is left are ended with words, and no honest call with them", async () => {
  const { calls_memory_bytes } = await status();
  assert.equal(calls_memory_bytes, ROOMS * limit("kMemoryBytes"), "what the configuration says");
  const at = seconds() + 25;
  const to = at + 20;
  const liars = Array.from({ length: LIARS }, () =>
    box.mcp.attempt("liars__lie", { at, megabytes: TAKES_MB, to }),
  );
  const quiet = box.mcp.attempt("quiet__nap", { at: at + 10, megabytes: 1, to: to + 5 });
  await until("all of them to wait in room for what they hold", 60, async () => {
    const now = await status();
    const waits = now.calls_in_flight === LIARS + 1 && now.calls_queued === 0 && now.cpu_slots_used === 0;
    return waits && now.calls_memory_used_bytes < limit("kMemoryBytes");
  });
  assert.ok(
    seconds() < at,
    "they waited together: on a machine that is too busy for that, nothing is shown here",
  );
  const honest = box.mcp.attempt("honest__compute", { megabytes: TAKES_MB, until: to });

  const endings = await Promise.all(liars);
  const held = endings.filter((ending) => words(ending).startsWith("held")).length;
  const late = endings.filter((ending) => words(ending) === "late").length;
  const ended = endings.filter((ending) =>
    /waited for something and then took more memory/.test(words(ending)),
  ).length;
  assert.ok(ended > 0);
  assert.equal(held + late + ended, LIARS, JSON.stringify(endings.map(words)));
  assert.ok(held < ROOMS, `${held} liars held ${TAKES_MB} MB beside the honest one, in ${ROOMS} rooms`);
  assert.equal(words(await honest), `computed with ${TAKES_MB * 2 ** 20}`);
  assert.equal(words(await quiet), `held ${2 ** 20}`, "one that takes little is not the one to go");
  await until("their room to be given back", 20, async () => (await status()).calls_memory_used_bytes === 0);
});

// Who computes when, and which process a call gets: turns between servers, a flavour with a package, and a zygote that
// is replaced under load.  No assertion is about how long something took, only about what came before what.
import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";

import { Instance } from "./harness/instance.ts";
import { limit } from "./harness/limits.ts";
import { Load, stopAllLoads } from "./harness/load.ts";
import { type Ending, textOf } from "./harness/mcp.ts";
import { explainFailure, publish, publishAnother } from "./harness/story.ts";
import { until } from "./harness/wait.ts";

const NAP = `
import asyncio

async def main(seconds: float) -> str:
    await asyncio.sleep(seconds)
    return "awake"
`;
const SPIN = `
import time

def main(seconds: float) -> str:
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass
    return "computed"
`;
// A system call that no honest code makes: it kills.
const FORBIDDEN = `
import asyncio

def main():
    asyncio.events.os.sync()
`;
const FETCH = `
import httpx

async def main(url: str) -> str:
    async with httpx.AsyncClient() as client:
        return (await client.get(url)).text
`;

let box: Instance;

before(async () => {
  box = await Instance.started();
  const nap = await publish(box, "sleepers", "nap", NAP, { timeout_ms: 120_000 });
  await publishAnother(box, nap, "fetch", FETCH);
  await publish(box, "others", "nap", NAP, { timeout_ms: 120_000 });
  const spin = await publish(box, "thinkers", "spin", SPIN, { timeout_ms: 120_000 });
  await publishAnother(box, spin, "forbidden", FORBIDDEN);
});
after(async () => {
  await box?.stop();
  box?.destroy();
});
afterEach(explainFailure(() => box));
afterEach(stopAllLoads);

const status = (): Promise<any> => box.ctlJson("status");
const defaultZygotes = async (): Promise<any[]> =>
  (await status()).zygotes.filter(({ flavour }: { flavour: string }) => flavour === "default");

function kinds(endings: Ending[]): string[] {
  return [...new Set(endings.map(({ kind }) => kind))];
}

test("calls that wait hold up nobody who computes", async () => {
  const { cpu_slots } = await status();
  const each = limit("kCallsPerServer");
  assert.ok(cpu_slots >= 1 && 2 * each > cpu_slots, "more calls wait than there are slots");
  let awake = 0;
  const naps = ["sleepers__nap", "others__nap"].flatMap((name) =>
    Array.from({ length: each }, async () => {
      const ending = await box.mcp.attempt(name, { seconds: 20 });
      ++awake;
      return ending;
    }),
  );
  await until("all of them to wait for their own sake", 60, async () => {
    const now = await status();
    return now.calls_in_flight === naps.length && now.calls_queued === 0 && now.cpu_slots_used === 0;
  });
  assert.equal(textOf(await box.mcp.call("thinkers__spin", { seconds: 0.3 })), "computed");
  assert.equal(awake, 0, "the one that computes ended while all others slept");
  assert.deepEqual(kinds(await Promise.all(naps)), ["result"]);
});

test("calls that compute do not hold up another server's", async () => {
  let computed = 0;
  const spins = Array.from({ length: limit("kCallsPerServer") }, async () => {
    const ending = await box.mcp.attempt("thinkers__spin", { seconds: 0.5 });
    ++computed;
    return ending;
  });
  await until("a queue", 60, async () => (await status()).calls_queued > 0);
  await box.mcp.call("others__nap", { seconds: 0 });
  assert.ok(computed < spins.length, "it had its turn before the queue of the other server was empty");
  assert.deepEqual(kinds(await Promise.all(spins)), ["result"]);
});

test("a tool that imports httpx has an interpreter with it, which says what is not approved", async () => {
  const words = await box.mcp.refusal("sleepers__fetch", { url: "https://example.org/x" });
  assert.match(words, /example\.org:443 is not approved for this server; use mcpbox_request_network_access/);
  const flavours = (await status()).zygotes.map(({ flavour }: { flavour: string }) => flavour).sort();
  assert.deepEqual(flavours, ["default", "httpx"]);
});

test("a violation replaces the zygote under load, is recorded, and costs no other call anything", async () => {
  const [first] = await defaultZygotes();
  const load = new Load(box, "sleepers__nap", { seconds: 0.05 }, 4);
  const longest = box.mcp.attempt("others__nap", { seconds: 8 });
  await until("the load to run", 60, () => load.count("result") >= 4);
  const words = await box.mcp.refusal("thinkers__forbidden");
  assert.match(words, /jail does not allow/);
  await until("another zygote to fork and the old one to have ended", 60, async () => {
    const now = await defaultZygotes();
    return now.length === 1 && now[0].pid !== first.pid && now[0].state === "forks";
  });
  const beforehand = load.count("result");
  await until("calls on the new one", 60, () => load.count("result") > beforehand + 8);
  await load.stop();
  assert.deepEqual(load.failures(), []);
  assert.equal((await longest).kind, "result", "it ran on the old one to its end");
  assert.match(box.log(), /broke out of line .*thinkers__forbidden/);
  assert.equal((await status()).healthy, true);
});

// make bench ONLY=egress: what the way through egress costs.  A tool and a Python program outside of any jail ask the
// same server, over HTTP/1.1 without TLS on one kept connection, with the same httpx, in turns within the same run.
// The server is alone at the other end of a virtual cable (tests/system/harness/namespace.ts).
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";

import { Instance } from "../../tests/system/harness/instance.ts";
import {
  buildNamespace,
  insideNamespace,
  INTERNET,
  nameServer,
} from "../../tests/system/harness/namespace.ts";
import { plainSite } from "../../tests/system/harness/servers.ts";
import { publish, publishAnother } from "../../tests/system/harness/story.ts";

insideNamespace();

const ROUNDS = Number(process.env["ROUNDS"] ?? 15);
const REQUESTS = 200; // of each side in a round
const MANY = 900; // of one grant, for the CPU time
const TOGETHER = 16;
const TICKS = 100; // of the kernel's CPU clock, in a second

// The body of both sides, after a few requests that warm up: milliseconds of each, and of CPU time for each.
const TIMES = `
import httpx
import time

async def times(url: str, count: int) -> dict:
    taken = []
    async with httpx.AsyncClient() as client:
        for number in range(count + 20):
            if number == 20:
                cpu = time.process_time()
            began = time.perf_counter()
            reply = await client.get(url)
            taken.append((time.perf_counter() - began) * 1000)
            assert reply.status_code == 200
    return {"taken": taken[20:], "cpu": (time.process_time() - cpu) * 1000 / count}
`;
const TOOL = `${TIMES}
async def main(url: str, count: int) -> dict:
    return await times(url, count)
`;
const DIRECT = `${TIMES}
import asyncio
import json
import sys

print(json.dumps(asyncio.run(times(sys.argv[1], int(sys.argv[2])))))
`;
const CROWD = `
import asyncio
import httpx

async def main(url: str, count: int, together: int) -> int:
    async with httpx.AsyncClient() as client:
        async def some():
            for number in range(count // together):
                assert (await client.get(url)).status_code == 200
        await asyncio.gather(*(some() for number in range(together)))
    return count // together * together
`;

function quantile(values: number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (sorted.length - 1) * part;
  const low = sorted[Math.floor(at)]!;
  return low + (sorted[Math.ceil(at)]! - low) * (at - Math.floor(at));
}

function say(name: string, unit: string, values: number[]): void {
  const spread = (quantile(values, 0.75) - quantile(values, 0.25)) / 2;
  console.log(JSON.stringify({ name, value: quantile(values, 0.5), unit, runs: values.length, spread }));
}

/** CPU seconds that a process has used so far, of its own and in the kernel for it. */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]!.split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS;
}

const authority = buildNamespace();
await nameServer({ "bench.test": [INTERNET] });
const site = await plainSite("::", 80);
const box = await Instance.started();
const times = await publish(box, "bench", "times", TOOL, { timeout_ms: 60_000 });
const crowd = await publishAnother(box, times, "crowd", CROWD, { timeout_ms: 60_000 });
const allowed = await box.ctl(["network", "add", "bench", "bench.test"]);
assert.equal(allowed.code, 0, allowed.stderr);
const url = "http://bench.test/small";

interface Side {
  taken: number[];
  cpu: number; // milliseconds for each request
}

async function brokered(): Promise<Side> {
  const { pid } = box.one("egress");
  const before = cpuSeconds(pid);
  const side = (await box.mcp.call(times.name, { url, count: REQUESTS }))
    .structuredContent as unknown as Side;
  const egress = ((cpuSeconds(pid) - before) * 1000) / REQUESTS;
  return { taken: side.taken, cpu: side.cpu + egress };
}
async function direct(): Promise<Side> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  execFile("/usr/bin/python3", ["-c", DIRECT, url, `${REQUESTS}`], (error, out) =>
    error ? reject(error) : resolve(out),
  );
  return JSON.parse(await promise) as Side;
}

const added: number[] = [];
const addedCpu: number[] = []; // what the latency is without what else the machine does
const ours: number[] = [];
const theirs: number[] = [];
const speeds: number[] = [];
for (let round = -1; round < ROUNDS; round++) {
  // Who is first changes: what the machine does beside falls on both.
  const sides = round % 2 === 0 ? [brokered, direct] : [direct, brokered];
  const ran = new Map<unknown, Side>();
  for (const side of sides) ran.set(side, await side());
  const through = quantile(ran.get(brokered)!.taken, 0.5);
  const without = quantile(ran.get(direct)!.taken, 0.5);
  const { pid } = box.one("egress");
  const before = cpuSeconds(pid);
  const made = await box.mcp.call(crowd.name, { url, count: MANY, together: TOGETHER });
  const used = cpuSeconds(pid) - before;
  const text = JSON.stringify(made);
  assert.ok(!made.isError, text);
  if (round < 0) continue; // pages, caches and connections are there now
  ours.push(through);
  theirs.push(without);
  added.push(through - without);
  addedCpu.push(ran.get(brokered)!.cpu - ran.get(direct)!.cpu);
  speeds.push((Math.floor(MANY / TOGETHER) * TOGETHER) / Math.max(used, 1 / TICKS));
}
say("added_ms_p50", "ms", added);
say("added_cpu_ms", "ms", addedCpu);
say("requests_per_core_s", "1/s", speeds);
say(
  "brokered_over_direct",
  "x",
  ours.map((through, at) => through / theirs[at]!),
);
say("brokered_ms_p50", "ms", ours);
say("direct_ms_p50", "ms", theirs);
await box.stop();
box.destroy();
site.close();
authority.remove();
process.exit(0);

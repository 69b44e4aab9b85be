// After many thousands of calls, one in ten of them hostile, nothing is left over: no process, descriptor, cgroup,
// mount or file, and the monitor and the zygote need no more memory than after the first of them.
//   MCPBOX_ENDURANCE  how many calls; `make test` makes some, `make test-long` twenty thousand
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, afterEach, before, test } from "node:test";

import { RUN } from "./bombs/bomb.ts";
import { Instance, type Role } from "./harness/instance.ts";
import { limit } from "./harness/limits.ts";
import type { Mcp } from "./harness/mcp.ts";
import { allProcesses, openFiles, residentMib } from "./harness/processes.ts";
import { explainFailure, publish } from "./harness/story.ts";
import { sleep, until } from "./harness/wait.ts";

const CALLS = Number(process.env["MCPBOX_ENDURANCE"] ?? 1_500);
const WARM_UP = CALLS / 10;
const AT_ONCE = 8;

// What a leak of 200 bytes a call would come to over 18,000 calls; allocators and caches have their size by then.
const MIB_MORE = 4;

// Quick ways to end badly.  The later ones make the monitor end a process, and replace its zygote.
const HARMLESS = [
  "raise ValueError('x' * 100_000)",
  "answer = 'x' * 10**10",
  "load('os')._exit(1)",
  "load('os').abort()",
  "print('y' * 2_000_000)\nload('os').close(3)",
  "answer = 'x' * 2_000_000",
];
const VIOLATIONS = [
  "load('os').write(3, bytes(64))",
  "load('os').write(3, b'\\xff' * 64)",
  "load('mmap').mmap(-1, 4096, prot=4)",
];

let box: Instance;
let mcp: Mcp;

before(async () => {
  box = await Instance.started();
  mcp = box.mcp;
  await publish(box, "many", "run", RUN, { timeout_ms: 60_000 });
});
after(async () => {
  await box?.stop();
  box?.destroy();
});
afterEach(explainFailure(() => box));

async function makeCalls(count: number, hostile: string[]): Promise<void> {
  let next = 0;
  const worker = async () => {
    for (let i = next++; i < count; i = next++) {
      if (i % 10 === 9) {
        const code = hostile[((i - 9) / 10) % hostile.length]!;
        assert.equal((await mcp.attempt("many__run", { code })).kind, "tool-error", code);
      } else {
        const result = await mcp.call("many__run", { code: `print(${i})\nanswer = {'i': ${i}}` });
        assert.deepEqual(result.structuredContent, { i });
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" }).sort();
}

/** Cgroups below the ones that the instance's own processes are in. */
function cgroups(): string[] {
  const mounts = readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .filter((line) => / - cgroup2? /.test(line))
    .map((line) => line.split(" ")[4]!);
  return mounts.flatMap((mount) =>
    filesBelow(mount)
      .filter((path) => path.endsWith("/cgroup.procs") && path.includes("mcpbox"))
      .map((path) => join(mount, path)),
  );
}

const ROLES = ["priv", "net-local", "zygote"] as const satisfies Role[];

/** How many there are of each thing that a call might leave, and the memory of each process in MiB. */
interface Footprint {
  left: Record<string, number>;
  names: string[];
  mib: Record<string, number>;
}

function perRole(what: string, measure: (pid: number) => number): Record<string, number> {
  return Object.fromEntries(ROLES.map((role) => [`${what} ${role}`, measure(box.one(role).pid)]));
}

/** Once nothing is in flight, and no zygote is being replaced. */
async function footprint(): Promise<Footprint> {
  await sleep(limit("kReplacePauseMs")); // a violation's consequence may still be to come
  await until("calls and replaced zygotes to end", 60, async () => {
    const status = await box.ctlJson("status");
    const settled = status.zygotes.every(({ state }: { state: string }) => state === "forks");
    const idle = status.calls_in_flight === 0 && status.spares_ready > 0;
    return idle && settled && box.processes("zygote").length === 1;
  });
  const own = box.family().filter(({ title }) => !title.includes("postgres")); // it has helpers of its own
  const pids = new Set(own.map(({ pid }) => pid));
  const zombies = allProcesses().filter(({ parent, state }) => pids.has(parent) && state === "Z");
  const files = filesBelow(box.state).filter((path) => !path.startsWith("db/"));
  const mounts = (pid: number) => readFileSync(`/proc/${pid}/mountinfo`, "utf8").split("\n").length;
  return {
    left: {
      processes: own.length,
      zombies: zombies.length,
      files: files.length,
      cgroups: cgroups().length,
      "mounts here": mounts(process.pid),
      ...perRole("mounts of", mounts),
      ...perRole("descriptors of", (pid) => openFiles(pid).length),
    },
    names: [...own.map(({ title }) => title), ...files, ...cgroups()],
    mib: perRole("memory of", residentMib),
  };
}

/** What there is more of than before; empty when all is well. */
function surplus(before: Footprint, now: Footprint): string[] {
  const more = Object.entries(now.left).filter(([what, count]) => count > (before.left[what] ?? 0));
  const larger = Object.entries(now.mib).filter(([what, mib]) => mib > before.mib[what]! + MIB_MORE);
  if (more.length + larger.length === 0) return [];
  const names = now.names.filter((name) => !before.names.includes(name));
  return [...more, ...larger, ...names].map((one) => `now: ${String(one)}`).concat(JSON.stringify(before));
}

/** Waits until there is no more of anything than before. */
async function assertNothingLeft(before: Footprint): Promise<Footprint> {
  let now: Footprint | undefined;
  await until("nothing to be left over", 30, async () => {
    now = await footprint();
    return surplus(before, now).length === 0;
  }).catch(() => assert.deepEqual(surplus(before, now!), []));
  return now!;
}

// First, while nothing has cost the zygote its place.
test("a zygote that has forked many children needs no more memory than one that has forked few", async () => {
  await makeCalls(WARM_UP, HARMLESS);
  const zygote = box.one("zygote");
  const start = await footprint();
  await makeCalls(CALLS / 5, HARMLESS);
  await assertNothingLeft(start);
  assert.equal(box.one("zygote").pid, zygote.pid, "it was not replaced");
});

test(`${CALLS} calls leave nothing`, async (context) => {
  await makeCalls(WARM_UP, [...HARMLESS, ...VIOLATIONS]);
  const start = await footprint();
  await makeCalls(CALLS - WARM_UP, [...HARMLESS, ...VIOLATIONS]);
  const end = await assertNothingLeft(start);
  context.diagnostic(`MiB before ${JSON.stringify(start.mib)}, after ${JSON.stringify(end.mib)}`);
});

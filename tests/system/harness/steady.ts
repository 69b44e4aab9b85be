// "The daemons stay up": the same processes before and after, with no more memory and no more open files.
import assert from "node:assert/strict";

import type { Instance } from "./instance.ts";
import { isAlive, openFiles, type Process, residentMib } from "./processes.ts";
import { until } from "./wait.ts";

const ROLES = ["priv", "net-local", "zygote"] as const;
const SLACK = { files: 0, mib: 8 }; // allocators keep some of what they once needed
const SETTLE_SECONDS = 60; // connections and calls that were left alone have ended by then

interface Sample {
  process: Process;
  mib: number;
  files: number;
}

export interface Snapshot {
  samples: Sample[];
  processes: number;
}

/** Measured once nothing is in flight any more. */
export async function snapshot(box: Instance): Promise<Snapshot> {
  await until("calls to end and spares to be made", SETTLE_SECONDS, async () => {
    const status = await box.ctlJson("status");
    const settled = status.zygotes.every(({ state }: { state: string }) => state === "forks");
    return status.calls_in_flight === 0 && status.spares_ready > 0 && settled;
  });
  const samples = ROLES.map((role) => {
    const process = box.one(role);
    return { process, mib: residentMib(process.pid), files: openFiles(process.pid).length };
  });
  return { samples, processes: box.family().length };
}

/**
 * Compares with an earlier snapshot.
 *   slack  what a process may hold more than before; replaced: violations have cost the zygote its place
 */
export async function assertSteady(
  box: Instance,
  before: Snapshot,
  slack: { files?: number; mib?: number; replaced?: "zygote" } = {},
): Promise<void> {
  const more = { ...SLACK, ...slack };
  for (const [i, { process }] of before.samples.entries())
    if (ROLES[i] !== slack.replaced) assert.ok(isAlive(process), `${process.title} is the same process`);
  const fault = async () => {
    const now = await snapshot(box);
    if (now.processes > before.processes) return `${now.processes} processes, before ${before.processes}`;
    for (const [i, was] of before.samples.entries()) {
      const is = now.samples[i]!;
      if (is.files > was.files + more.files)
        return `${is.process.title}: ${is.files} open files, before ${was.files}`;
      if (is.mib > was.mib + more.mib) return `${is.process.title}: ${is.mib} MiB, before ${was.mib}`;
    }
    return undefined;
  };
  let last: string | undefined;
  await until(
    "the daemons to be as before",
    SETTLE_SECONDS,
    async () => (last = await fault()) === undefined,
  ).catch(() => assert.fail(last));
}

// What /proc says about processes: the tests believe the kernel, not the program under test.
import { readdirSync, readFileSync, statSync } from "node:fs";

export interface Process {
  pid: number;
  parent: number;
  started: string; // clock ticks since boot: with the pid, this names one process for good
  state: string;
  uid: number;
  title: string; // the command line, as `ps` shows it
}

// A process may end between any two system calls: then there is nothing to say about it.
function attempt<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "ENOENT" || code === "ESRCH" || code === "EACCES") return undefined;
    throw error;
  }
}

export function processOf(pid: number): Process | undefined {
  return attempt(() => {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name in parentheses may itself contain spaces and parentheses.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const title = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim();
    const uid = Number(/^Uid:\t(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
    return { pid, parent: Number(fields[1]), started: fields[19]!, state: fields[0]!, uid, title };
  });
}

export function allProcesses(): Process[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((name) => processOf(Number(name)))
    .filter((found) => found !== undefined);
}

/** Is it still running?  A zombie is not: only its parent can make it go. */
export function isAlive(process: Process): boolean {
  const now = processOf(process.pid);
  return now !== undefined && now.started === process.started && now.state !== "Z";
}

/** "device:inode" of a file, to compare it with what a process runs or holds. */
export function fileKey(path: string): string | undefined {
  return attempt(() => {
    const about = statSync(path, { bigint: true });
    return `${about.dev}:${about.ino}`;
  });
}

export function runs(pid: number, programs: Set<string>): boolean {
  const key = fileKey(`/proc/${pid}/exe`);
  return key !== undefined && programs.has(key);
}

export function openFiles(pid: number): number[] {
  return attempt(() => readdirSync(`/proc/${pid}/fd`).map(Number)) ?? [];
}

export function holds(pid: number, file: string): boolean {
  return openFiles(pid).some((fd) => fileKey(`/proc/${pid}/fd/${fd}`) === file);
}

function kibibytes(pid: number, field: string): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(status)?.[1] ?? 0);
}

/** Resident memory that belongs to this process alone or was touched by it, in MiB. */
export function residentMib(pid: number): number {
  return (kibibytes(pid, "RssAnon") + kibibytes(pid, "RssShmem")) / 1024;
}

export function statusField(pid: number, field: string): string | undefined {
  const status = attempt(() => readFileSync(`/proc/${pid}/status`, "utf8"));
  return status && new RegExp(`^${field}:\\s+(.*)$`, "m").exec(status)?.[1];
}

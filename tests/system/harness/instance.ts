// A fresh instance of the real daemons in a folder of its own, started as an administrator would start it and removed
// without a trace.  Which processes belong to it is decided by the kernel's answers: they run one of this instance's
// own copies of the programs, or hold its lock file open, as every process of its database does.
import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  chownSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

import { Mcp } from "./mcp.ts";
import { allProcesses, fileKey, holds, isAlive, type Process, runs } from "./processes.ts";
import { asUser, type Ran, run, type RunOptions, type User } from "./run.ts";
import { until } from "./wait.ts";

const ROOT = resolve(import.meta.dirname, "../../..");
const BUILD = resolve(import.meta.dirname, "..", process.env["MCPBOX_BUILD"] ?? "../../build");
const START_SECONDS = 180; // beside other work; nothing is passed by waiting
const IS_TEST = /_test(_[a-z]+)?$/; // of which there are gigabytes
const STOP_SECONDS = 40; // more than the launcher gives its database to stop in good order

export type Role = "priv" | "net-local" | "admin" | "zygote" | "call" | "password" | "egress" | "dial";

export async function freePort(): Promise<number> {
  const { promise, resolve: found } = Promise.withResolvers<number>();
  const server = createServer().listen(0, "127.0.0.1", () => {
    const address = server.address();
    assert.ok(address !== null && typeof address === "object");
    server.close(() => found(address.port));
  });
  return promise;
}

export class Instance {
  readonly folder: string;
  readonly state: string;
  readonly bin: string;
  readonly port: number;
  readonly adminPort: number;
  readonly user: User | undefined;
  under: string[] = []; // what the launcher is started by: a tracer
  private launcher: ChildProcess | undefined;
  private launches = 0;
  private mounted = false;

  private constructor(folder: string, port: number, adminPort: number, user: User | undefined) {
    this.folder = folder;
    this.state = join(folder, "state");
    this.bin = join(folder, "build", "bin");
    this.port = port;
    this.adminPort = adminPort;
    this.user = user;
    living.add(this);
  }

  /**
   * Sets one up without starting it.
   *   user         an ordinary user starts it, rootless; default: root
   *   databaseUrl  as the environment of the setup; default: an embedded database
   *   megabytes    its state is on a file system of its own, in memory, of this size; default: on the disk
   */
  static async create(user?: User, databaseUrl?: string, megabytes?: number): Promise<Instance> {
    const instance = Instance.bare(await freePort(), await freePort(), user);
    if (megabytes !== undefined) {
      mkdirSync(instance.state);
      const words = ["-t", "tmpfs", "-o", `size=${megabytes}m,mode=755`, "tmpfs", instance.state];
      assert.equal((await run(["mount", ...words])).code, 0, "a file system in memory");
      instance.mounted = true;
    }
    await instance.setUp(databaseUrl);
    return instance;
  }

  /** A folder with the programs and without an instance. */
  static bare(port: number, adminPort: number, user?: User): Instance {
    const folder = mkdtempSync(join(tmpdir(), "mcpbox-"));
    chmodSync(folder, 0o755); // ordinary users must reach control.sock
    if (user) chownSync(folder, user.uid, user.gid ?? user.uid);
    const instance = new Instance(folder, port, adminPort, user);
    // Copies, so that a process can be told from one of any other instance on this machine.
    cpSync(join(BUILD, "bin"), instance.bin, { recursive: true, filter: (path) => !IS_TEST.test(path) });
    return instance;
  }

  static async started(user?: User): Promise<Instance> {
    const instance = await Instance.create(user);
    await instance.start();
    return instance;
  }

  private async setUp(databaseUrl?: string): Promise<void> {
    await this.takePorts(databaseUrl);
    // Tests ask more often than anybody; limits.test.ts says what happens to who does.
    appendFileSync(this.config, "requests-per-minute = 1000000\n");
  }

  /** What a person does who makes an instance, or moves one that is there to other ports. */
  async takePorts(databaseUrl?: string): Promise<void> {
    const made = await run(
      [join(ROOT, "scripts", "setup-instance.sh"), this.state, `${this.port}`, `${this.adminPort}`],
      {
        ...(this.user && { as: { ...this.user, home: this.folder } }),
        env: {
          BUILD: join(this.folder, "build"),
          ...(databaseUrl !== undefined && { DATABASE_URL: databaseUrl }),
        },
        seconds: 120,
      },
    );
    assert.equal(made.code, 0, `setup-instance.sh: ${made.stdout}${made.stderr}`);
  }

  get config(): string {
    return join(this.state, "mcpbox.conf");
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/mcp`;
  }

  get adminUrl(): string {
    return `http://127.0.0.1:${this.adminPort}`;
  }

  get mcp(): Mcp {
    return new Mcp(this.url);
  }

  /** Variables of the launcher's environment, beside those that it always has. */
  environment: Record<string, string> = {};

  /** Starts the launcher and does not wait for anything. */
  launch(): ChildProcess {
    const errors = openSync(join(this.folder, `launcher.${++this.launches}.err`), "w");
    const [program, ...rest] = asUser(this.user, [
      ...this.under,
      join(this.bin, "mcpbox-launcher"),
      this.config,
    ]);
    return spawn(program!, rest, {
      cwd: "/",
      env: { PATH: "/usr/bin:/bin", ...this.environment },
      stdio: ["ignore", errors, errors],
    });
  }

  /** Starts it and waits until both of its listeners answer. */
  async start(): Promise<void> {
    const launcher = this.launch();
    this.launcher = launcher;
    await until("the instance to answer", START_SECONDS, async () => {
      assert.equal(launcher.exitCode, null, `the launcher ended:\n${this.complaints()}\n${this.logTail()}`);
      const reply = await this.mcp.post("server/discover").catch(() => undefined);
      const page = await fetch(this.adminUrl).catch(() => undefined);
      return reply?.result !== undefined && page !== undefined;
    });
  }

  /** What launchers wrote to standard error, the latest last. */
  complaints(): string {
    return readdirSync(this.folder)
      .filter((name) => name.startsWith("launcher."))
      .sort((one, other) => one.localeCompare(other, "en", { numeric: true }))
      .map((name) => readFileSync(join(this.folder, name), "utf8"))
      .join("");
  }

  log(): string {
    try {
      return readFileSync(join(this.state, "log", "mcpbox.log"), "utf8");
    } catch {
      return "";
    }
  }

  logTail(lines = 20): string {
    return this.log().split("\n").slice(-lines).join("\n");
  }

  /** All its processes, by what the kernel says. */
  family(): Process[] {
    const names = readdirSync(this.bin).map((name) => fileKey(join(this.bin, name)));
    const programs = new Set(names.filter((key) => key !== undefined));
    const lock = fileKey(join(this.state, "lock"));
    return allProcesses().filter(
      ({ pid, state }) => state !== "Z" && (runs(pid, programs) || (lock !== undefined && holds(pid, lock))),
    );
  }

  launcherPid(): number {
    assert.ok(this.launcher?.pid !== undefined && this.launcher.exitCode === null, "the launcher runs");
    const found = this.family().find(({ title }) => title.includes("mcpbox-launcher"));
    assert.ok(found, "the launcher is among the processes");
    return found.pid;
  }

  /** The processes of a role, as `ps` names them.  A call child that was just forked still has its zygote's name. */
  processes(role: Role): Process[] {
    const family = this.family();
    const zygotes = new Set(family.filter(({ title }) => title.includes("[zygote]")).map(({ pid }) => pid));
    const isCall = ({ parent }: Process) => zygotes.has(parent);
    return family.filter((one) =>
      role === "call" ? isCall(one) : one.title.includes(`[${role}]`) && !isCall(one),
    );
  }

  one(role: Role): Process {
    const [only, ...others] = this.processes(role);
    assert.ok(only && others.length === 0, `exactly one [${role}]:\n${this.listing()}`);
    return only;
  }

  database(): Process {
    const lock = fileKey(join(this.state, "lock"));
    const found = this.family().find(
      ({ pid, title }) => title.includes("postgres") && title.includes("-D") && holds(pid, lock!),
    );
    assert.ok(found, `the database is among the processes:\n${this.listing()}`);
    return found;
  }

  listing(): string {
    return this.family()
      .map(({ pid, parent, uid, title }) => `${pid}\t${parent}\t${uid}\t${title.slice(0, 90)}`)
      .join("\n");
  }

  ctl(args: string[], options: RunOptions = {}): Promise<Ran> {
    const as = options.as ?? this.user;
    const argv = [join(this.bin, "mcpboxctl"), "--socket", join(this.state, "control.sock"), ...args];
    return run(argv, { ...options, ...(as && { as }) });
  }

  /** mcpboxctl with --json, which must succeed. */
  async ctlJson(...args: string[]): Promise<any> {
    const ran = await this.ctl([...args, "--json"]);
    assert.equal(ran.code, 0, `mcpboxctl ${args.join(" ")}: ${ran.stdout}${ran.stderr}`);
    return JSON.parse(ran.stdout);
  }

  async waitForExit(launcher: ChildProcess, seconds = STOP_SECONDS): Promise<number | null> {
    await until(
      "the launcher to end",
      seconds,
      () => launcher.exitCode !== null || launcher.signalCode !== null,
    );
    return launcher.exitCode;
  }

  /** Stops it as Ctrl-C does, and checks that nothing is left. */
  async stop(): Promise<void> {
    const launcher = this.launcher;
    assert.ok(launcher, "it runs");
    process.kill(this.launcherPid(), "SIGTERM");
    const status = await this.waitForExit(launcher);
    this.launcher = undefined;
    assert.deepEqual(this.listing(), "", "processes that survived an orderly stop");
    assert.equal(status, 0, `the launcher's exit status:\n${this.logTail()}`);
  }

  /** Waits until all of these processes, and everything else of the instance, are gone. */
  async waitUntilGone(before: Process[], seconds: number): Promise<void> {
    const left = () => [...before.filter(isAlive), ...this.family()];
    await until("every process to end", seconds, () => left().length === 0).catch(() => {
      const names = left().map(({ pid, title }) => `${pid} ${title}`);
      assert.fail(`still alive after ${seconds} s:\n${names.join("\n")}`);
    });
    this.launcher = undefined;
  }

  /** Ends whatever is left, without politeness, and removes the folder. */
  destroy(): void {
    for (const { pid } of this.family()) killQuietly(pid);
    living.delete(this);
    if (this.mounted) spawnSync("umount", ["--lazy", this.state]);
    if (process.env["MCPBOX_KEEP"] === undefined) rmSync(this.folder, { recursive: true, force: true });
  }
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // it has ended by itself
  }
}

// A test file that ends early, for whatever reason, leaves nothing running.
const living = new Set<Instance>();
process.on("exit", () => {
  for (const instance of [...living]) instance.destroy();
});
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => process.exit(1));

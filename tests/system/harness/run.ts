// Runs programs as a person would: as some user, with or without a terminal.
import { spawn, type ChildProcess } from "node:child_process";

export interface User {
  uid: number;
  gid?: number; // default: the same number
  groups?: number[]; // supplementary
  home?: string;
}

export interface Ran {
  code: number | null;
  stdout: string; // with a terminal: everything that appeared on it
  stderr: string;
}

/** At the terminal: when this appears, type that (and Enter).  A page full of text is turned without being asked. */
export interface Turn {
  when: RegExp;
  type: string;
}

const END_OF_PAGE = /\(END\)|^:/m; // less(1) waits

export interface RunOptions {
  as?: User;
  terminal?: Turn[];
  env?: Record<string, string>;
  cwd?: string;
  input?: string;
  seconds?: number;
}

const PLAIN = { LANG: "C.UTF-8", TERM: "xterm" };

/** The command as that user: no capability and no group of ours is left. */
export function asUser(user: User | undefined, argv: string[]): string[] {
  if (!user) return argv;
  const groups = user.groups?.length ? ["--groups", user.groups.join(",")] : ["--clear-groups"];
  return [
    "setpriv",
    "--reuid",
    `${user.uid}`,
    "--regid",
    `${user.gid ?? user.uid}`,
    ...groups,
    "--",
    ...argv,
  ];
}

function quoted(argv: string[]): string {
  return argv.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(" ");
}

export async function run(argv: string[], options: RunOptions = {}): Promise<Ran> {
  // script(1) gives the command a terminal of its own, as its controlling one; this one shows a whole tool at once.
  const shown = `stty rows 900 cols 200; exec ${quoted(argv)}`;
  const inside = options.terminal ? ["script", "-qefc", shown, "/dev/null"] : argv;
  const [program, ...rest] = asUser(options.as, inside);
  const child = spawn(program!, rest, {
    cwd: options.cwd ?? "/",
    env: {
      ...PLAIN,
      PATH: process.env["PATH"] ?? "",
      HOME: options.as?.home ?? "/nonexistent",
      ...options.env,
    },
    stdio: "pipe",
  });
  return converse(child, argv, options);
}

async function converse(child: ChildProcess, argv: string[], options: RunOptions): Promise<Ran> {
  const { promise, resolve, reject } = Promise.withResolvers<Ran>();
  const ran: Ran = { code: null, stdout: "", stderr: "" };
  const turns = [...(options.terminal ?? [])];
  let answered = 0; // how much of the output was already reacted to
  const react = () => {
    const fresh = ran.stdout.slice(answered);
    const page = END_OF_PAGE.exec(fresh);
    const found = turns[0]?.when.exec(fresh);
    if (page && (!found || page.index < found.index)) {
      answered += page.index + page[0].length;
      child.stdin!.write("q");
    } else if (found) {
      answered += found.index + found[0].length;
      child.stdin!.write(`${turns.shift()!.type}\n`);
    }
  };
  child.stdout!.on("data", (bytes: Buffer) => {
    ran.stdout += bytes.toString();
    react();
  });
  child.stderr!.on("data", (bytes: Buffer) => (ran.stderr += bytes.toString()));
  child.stdin!.on("error", () => {}); // it may end without having read everything
  if (!options.terminal) child.stdin!.end(options.input ?? "");
  const seconds = options.seconds ?? 60;
  const timer = setTimeout(() => {
    child.kill("SIGKILL");
    reject(
      new Error(`${argv.join(" ")} did not end within ${seconds} s; so far:\n${ran.stdout}${ran.stderr}`),
    );
  }, seconds * 1000);
  child.on("error", reject);
  child.on("close", (code) => {
    clearTimeout(timer);
    resolve({ ...ran, code });
  });
  return promise;
}

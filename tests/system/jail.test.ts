// Tools that try to break out.  Each must fail in words that help its author, without any effect outside its own
// process, and the next call must work.  Those that break down, or do not end, are in bombs.test.ts.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { after, afterEach, before, test } from "node:test";

import { RUN } from "./bombs/bomb.ts";
import { Instance } from "./harness/instance.ts";
import { type Ending, type Mcp, textOf } from "./harness/mcp.ts";
import { isAlive, openFiles, statusField } from "./harness/processes.ts";
import { createTool, explainFailure, publish, publishAnother, type Tool } from "./harness/story.ts";
import { sleep, until } from "./harness/wait.ts";

const NAP =
  "import asyncio\n\nasync def main(seconds: float):\n    await asyncio.sleep(seconds)\n    return 'awake'\n";

const IN = "GOT IN";
const ENDED_BY_KERNEL = /forbidden system call/i;
const CRASHED = /crashed|killed|exited by itself|forbidden system call|stopped answering/i;

let box: Instance;
let run: Tool;
let mcp: Mcp;

before(async () => {
  box = await Instance.started();
  run = await publish(box, "hostile", "run", RUN, { timeout_ms: 60_000 });
  await publishAnother(box, run, "nap", NAP);
  mcp = box.mcp;
});
after(async () => {
  await box?.stop();
  box?.destroy();
});
afterEach(explainFailure(() => box));

const attempt = (code: string): Promise<Ending> => mcp.attempt("hostile__run", { code });

async function nextCallWorks(): Promise<void> {
  assert.equal(textOf(await mcp.call("hostile__run", { code: "answer = 'fine'" })), "fine");
}

/** The words of an ending that must not be a success. */
function wordsOf(ending: Ending): string {
  assert.equal(ending.kind, "tool-error", JSON.stringify(ending));
  const { text } = ending as { text: string };
  assert.ok(text.length > 10 && text.length < 20_000, `a bounded sentence: ${text.slice(0, 200)}`);
  return text;
}

/** Tries something that the kernel must refuse: an OSError is as good as death. */
async function isKeptIn(what: string, code: string): Promise<void> {
  const guarded = `
try:
${code.replace(/^/gm, "    ")}
    answer = "${IN}"
except (OSError, RuntimeError, ImportError, MemoryError, ValueError) as error:
    answer = f"refused: {type(error).__name__}"
`;
  const ending = await attempt(guarded);
  if (ending.kind === "result") assert.match(textOf(ending.result), /^refused: /, what);
  else assert.match(wordsOf(ending), CRASHED, what);
  await nextCallWorks();
}

test("no program can be started", async () => {
  const mark = `${box.folder}/pwned`;
  const shell = `assert load("os").system("touch ${mark}") == 0 or True\nraise OSError`;
  await isKeptIn("os.system", shell);
  await isKeptIn("subprocess", `load("subprocess").run(["/bin/touch", "${mark}"])`);
  await isKeptIn("os.execv", `load("os").execv("/bin/touch", ["touch", "${mark}"])`);
  await isKeptIn("os.fork", `load("os").fork()`);
  await isKeptIn("os.posix_spawn", `load("os").posix_spawn("/bin/touch", ["touch", "${mark}"], {})`);
  assert.ok(!existsSync(mark), "nothing was created");
});

test("no file can be opened, made, listed or looked at", async () => {
  for (const path of [
    "/etc/passwd",
    "/proc/self/maps",
    "/proc/1/environ",
    "/dev/null",
    "/",
    ".",
    "/sys",
    box.config,
  ]) {
    await isKeptIn(`open ${path}`, `open(${JSON.stringify(path)}).read()`);
    await isKeptIn(
      `stat ${path}`,
      `load("os").stat(${JSON.stringify(path)})\nload("os").listdir(${JSON.stringify(path)})`,
    );
  }
  await isKeptIn("write", `open("${box.folder}/pwned", "w").write("x")`);
  await isKeptIn("memfd", `load("os").memfd_create("x")`);
  await isKeptIn("chdir", `load("os").chdir("/")\nload("os").open(".", 0)`);
  assert.ok(!existsSync(`${box.folder}/pwned`));
});

test("no socket can be made, and no network is there", async () => {
  for (const family of ["AF_INET", "AF_INET6", "AF_UNIX", "AF_NETLINK", "AF_PACKET", "AF_VSOCK"])
    for (const kind of ["SOCK_STREAM", "SOCK_DGRAM", "SOCK_RAW"])
      await isKeptIn(`${family} ${kind}`, `s = load("socket")\ns.socket(s.${family}, s.${kind})`);
  const url = `http://127.0.0.1:${box.port}/`;
  await isKeptIn("urllib", `load("urllib.request", fromlist=["x"]).urlopen("${url}", timeout=2)`);
});

test("no process can be signalled, traced or changed, its own parent included", async () => {
  const zygote = box.one("zygote");
  for (const pid of ["1", "os.getppid()", "-1", `${zygote.pid}`, `${box.one("priv").pid}`])
    for (const signal of [9, 15, 19])
      await isKeptIn(`kill ${pid}`, `os = load("os")\nos.kill(${pid}, ${signal})\nos.kill(${pid}, 0)`);
  await isKeptIn("setuid", `load("os").setuid(0)`);
  await isKeptIn("setpriority", `os = load("os")\nos.setpriority(os.PRIO_PROCESS, os.getppid(), 19)`);
  await isKeptIn("rlimit", `r = load("resource")\nr.setrlimit(r.RLIMIT_DATA, (2**40, 2**40))`);
  await isKeptIn("ctypes", `load("ctypes").CDLL(None).ptrace(16, 1, 0, 0)\nraise OSError`);
  await isKeptIn("mmap", `m = load("mmap")\nm.mmap(-1, 4096, prot=m.PROT_READ | m.PROT_WRITE | m.PROT_EXEC)`);
  assert.ok(isAlive(zygote), "the zygote is untouched");
});

test("a call child has two descriptors, no environment, and no privilege", async () => {
  const { structuredContent: environment } = await mcp.call("hostile__run", {
    code: "answer = dict(load('os').environ)",
  });
  assert.deepEqual(
    Object.keys(environment).filter((name) => !/^(LC_CTYPE|PYTHON)/.test(name)),
    [],
  );
  const inFlight = mcp.attempt("hostile__nap", { seconds: 2 });
  await sleep(500);
  for (const child of box.processes("call")) {
    const field = (name: string) => statusField(child.pid, name);
    assert.deepEqual(openFiles(child.pid), [3, 4], "its sockets to the monitor and to egress");
    assert.notEqual(child.uid, 0);
    assert.equal(field("CapEff"), "0000000000000000");
    assert.equal(field("CapBnd"), "0000000000000000");
    assert.equal(field("NoNewPrivs"), "1");
    assert.equal(field("Seccomp"), "2");
    assert.equal(field("Threads"), "1");
  }
  await inFlight;
});

test("nothing of one call is there in the next", async () => {
  const poison = `
asyncio = load("asyncio")
asyncio.poison = getattr(asyncio, "poison", 0) + 1
load("builtins").poison = True
load("json").loads = None
answer = [asyncio.poison, load("random").random(), load("uuid").uuid4().hex, load("os").getpid()]
`;
  const answers = [];
  for (let i = 0; i < 5; ++i)
    answers.push(JSON.parse(textOf(await mcp.call("hostile__run", { code: poison }))));
  assert.deepEqual(
    answers.map(([count]) => count),
    [1, 1, 1, 1, 1],
  );
  for (const column of [1, 2])
    assert.equal(new Set(answers.map((row) => row[column])).size, 5, "no two alike");
});

test("a freeze ends every call within a second, survives a restart, and a thaw lifts it", async () => {
  const endedAt: number[] = [];
  const naps = Array.from({ length: 6 }, async () => {
    const ending = await mcp.attempt("hostile__nap", { seconds: 25 });
    endedAt.push(performance.now());
    return ending;
  });
  await until(
    "the calls to run",
    30,
    async () => (await box.ctlJson("status")).calls_in_flight === naps.length,
  );
  const frozen = await box.ctl(["freeze", "--reason", "just a test"]);
  const frozenAt = performance.now();
  assert.equal(frozen.code, 0, frozen.stderr);
  for (const ending of await Promise.all(naps)) assert.match(wordsOf(ending), /frozen|taken away/i);
  // The issue's own bound, from when the command had ended.
  for (const at of endedAt)
    assert.ok(at - frozenAt < 1000, `a call ended ${at - frozenAt} ms after the freeze`);
  assert.match(await mcp.refusal("hostile__run", { code: "answer = 1" }), /frozen/i);
  assert.match(
    await mcp.refusal("mcpbox_test_code", { tool_id: run.id, arguments: { code: "" } }),
    /frozen/i,
  );
  assert.equal((await box.ctlJson("status")).freeze_reason, "just a test");

  await box.stop();
  await box.start();
  assert.match(await mcp.refusal("hostile__run", { code: "answer = 1" }), /frozen/i);
  assert.equal((await box.ctl(["thaw"])).code, 0);
  await nextCallWorks();
});

test("a draft is held tighter than an approved tool", async () => {
  const tool = await createTool(box, { id: run.server, name: "hostile" }, "run_draft", RUN);
  const draft = (code: string) => mcp.attempt("mcpbox_test_code", { tool_id: tool.id, arguments: { code } });
  const open = await draft("open('/etc/passwd')");
  assert.match(JSON.stringify(open), /FileNotFoundError|PermissionError|OSError|forbidden/);
  assert.doesNotMatch(JSON.stringify(open), ENDED_BY_KERNEL, "an open is refused, not punished");
  await nextCallWorks();
});

// Tools that try to break out, break down, or not end.  Each must fail in words that help its author, without any
// effect outside its own process, and the next call must work.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { after, afterEach, before, test } from "node:test";

import { Instance } from "./harness/instance.ts";
import { limit } from "./harness/limits.ts";
import { type Ending, type Mcp, textOf } from "./harness/mcp.ts";
import { isAlive, openFiles, statusField } from "./harness/processes.ts";
import { assertSteady, snapshot } from "./harness/steady.ts";
import { explainFailure, publish, publishAnother, type Tool } from "./harness/story.ts";
import { sleep, until } from "./harness/wait.ts";

// Runs what it is given, with the real import: the check of imports is a courtesy, and nothing here relies on it.
const RUN = `
import asyncio

load = asyncio.events.sys.modules["builtins"].__import__

async def main(code: str):
    names = {"load": load, "answer": None}
    exec(code, names)
    return names["answer"]
`;
const NAP =
  "import asyncio\n\nasync def main(seconds: float):\n    await asyncio.sleep(seconds)\n    return 'awake'\n";

const SHORT_MS = limit("kTimeoutMinMs");
const IN = "GOT IN";
const ENDED_BY_DEADLINE = /did not finish|timed out|CPU time/i;
const ENDED_BY_KERNEL = /forbidden system call/i;
const CRASHED = /crashed|killed|exited by itself|forbidden system call|stopped answering/i;

let box: Instance;
let run: Tool;
let mcp: Mcp;

before(async () => {
  box = await Instance.started();
  run = await publish(box, "hostile", "run", RUN, { timeout_ms: 60_000 });
  await publishAnother(box, run, "short", RUN, { timeout_ms: SHORT_MS });
  await publishAnother(box, run, "nap", NAP);
  mcp = box.mcp;
});
after(async () => {
  await box?.stop();
  box?.destroy();
});
afterEach(explainFailure(() => box));

const attempt = (code: string, tool = "run"): Promise<Ending> => mcp.attempt(`hostile__${tool}`, { code });

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

test("a call child has one descriptor, no environment, and no privilege", async () => {
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
    assert.deepEqual(openFiles(child.pid), [3], "its socket to the monitor");
    assert.notEqual(child.uid, 0);
    assert.equal(field("CapEff"), "0000000000000000");
    assert.equal(field("CapBnd"), "0000000000000000");
    assert.equal(field("NoNewPrivs"), "1");
    assert.equal(field("Seccomp"), "2");
    assert.equal(field("Threads"), "1");
  }
  await inFlight;
});

test("a fork bomb, threads and a memory bomb end in that call alone", async () => {
  await isKeptIn("fork bomb", `os = load("os")\nwhile True:\n    os.fork()`);
  await isKeptIn("threads", `t = load("threading")\nfor _ in range(10):\n    t.Thread(target=print).start()`);
  const bombs = [
    "blocks = []\nwhile True:\n    blocks.append(bytearray(10_000_000))",
    "answer = 'x' * 10**10",
    "answer = [0] * 10**9",
    "text = 'x'\nwhile True:\n    text += text",
  ];
  for (const code of bombs) {
    assert.match(wordsOf(await attempt(code)), /MemoryError.*memory|out of memory|256 MB/i, code);
    await nextCallWorks();
  }
});

test("a call that computes for ever is ended at its deadline, whatever it ignores", async () => {
  const forever = [
    "answer = 9**9**9",
    "while True:\n    pass",
    "import_ = load\ns = load('signal')\nfor n in range(1, 32):\n    try:\n        s.signal(n, s.SIG_IGN)\n    except (OSError, ValueError):\n        pass\nwhile True:\n    pass",
    "while True:\n    try:\n        while True:\n            pass\n    except BaseException:\n        pass",
    "load('time').sleep(3600)",
    "load('re').match('(a+)+$', 'a' * 64 + 'b')",
    "sum(range(10**18))",
  ];
  for (const code of forever) {
    const began = performance.now();
    assert.match(wordsOf(await attempt(code, "short")), ENDED_BY_DEADLINE, code);
    const seconds = (performance.now() - began) / 1000;
    assert.ok(seconds < SHORT_MS / 1000 + 15, `${code}: ended after ${seconds} s`);
    await nextCallWorks();
  }
});

test("output without end is cut, and does not keep the call alive", async () => {
  const flood = await mcp.call("hostile__run", { code: "for _ in range(500):\n    print('y' * 100_000)" });
  assert.ok((flood._meta?.execution?.stdout.length ?? 0) < limit("kOutputBytes") + 200);
  assert.match(wordsOf(await attempt("while True:\n    print('y' * 1_000_000)", "short")), ENDED_BY_DEADLINE);
  const direct = await attempt("os = load('os')\nfor fd in (1, 2):\n    os.write(fd, b'z' * 1000)");
  assert.match(wordsOf(direct), /OSError|Bad file|forbidden/i);
  assert.ok(!box.log().includes("zzzz"), "a tool cannot write to the log");
  await nextCallWorks();
});

test("a process that leaves without a result is named for what it did", async () => {
  assert.match(wordsOf(await attempt("load('os')._exit(0)")), /exited by itself with status 0/);
  assert.match(wordsOf(await attempt("load('os')._exit(7)")), /exited by itself with status 7/);
  assert.match(wordsOf(await attempt("load('sys').exit('bye')")), /SystemExit/);
  assert.match(wordsOf(await attempt("raise KeyboardInterrupt")), /KeyboardInterrupt/);
  assert.match(
    wordsOf(await attempt("raise type('Odd', (BaseException,), {'__str__': lambda s: 1 / 0})")),
    /Odd/,
  );
  assert.match(wordsOf(await attempt("load('os').abort()")), CRASHED);
  assert.match(wordsOf(await attempt("def f():\n    return f()\nf()")), /RecursionError/);
  const c_stack = "load('sys').setrecursionlimit(10**9)\ndef f():\n    return f()\nf()";
  assert.match(wordsOf(await attempt(c_stack)), /crashed|RecursionError|SystemError|memory/i);
  await nextCallWorks();
});

test("results that cannot be used say what to return instead", async () => {
  const wrong: [string, RegExp][] = [
    [`answer = 'x' * ${limit("kResultBytes") + 1}`, new RegExp(`${limit("kResultBytes")}`)],
    ["answer = object()", /object/],
    ["answer = {1, 2}", /set/],
    ["answer = b'bytes'", /bytes/],
    ["answer = float('nan')", /not JSON|JSON/],
    ["answer = []\nanswer.append(answer)", /JSON/],
    ["answer = 1\nfor _ in range(200):\n    answer = [answer]", /nested/],
    ["answer = (n for n in range(3))", /generator/],
  ];
  for (const [code, words] of wrong) assert.match(wordsOf(await attempt(code)), words, code);
  await nextCallWorks();
});

test("a child that talks nonsense to the monitor harms only itself", async () => {
  const monitor = box.one("priv");
  for (const code of [
    "load('os').write(3, bytes(4096))",
    "load('os').write(3, b'\\xff' * 4096)",
    "load('os').write(3, b'\\xff\\xff\\xff\\x7f')\nload('time').sleep(1)",
    "load('os').close(3)",
    "load('os').read(3, 1 << 20)",
    "os = load('os')\nwhile True:\n    os.write(3, bytes(65536))",
  ]) {
    const ending = await attempt(code, "short");
    assert.notEqual(ending.kind, "disconnected");
    assert.notEqual(ending.kind, "result", code);
    assert.ok(isAlive(monitor), code);
    await nextCallWorks();
  }
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

test("after three hundred calls, one in ten hostile, nothing is left over", async () => {
  const hostile = [
    "load('os')._exit(1)",
    "answer = 'x' * 10**10",
    "load('os').fork()",
    "open('/etc/passwd')",
    "load('os').abort()",
    "load('os').write(3, bytes(64))",
  ];
  for (let i = 0; i < 20; ++i) await nextCallWorks(); // allocators and caches have their size
  const before_ = await snapshot(box);
  let next = 0;
  const worker = async () => {
    for (let i = next++; i < 300; i = next++) {
      if (i % 10 === 0) assert.notEqual((await attempt(hostile[(i / 10) % hostile.length]!)).kind, "result");
      else await nextCallWorks();
    }
  };
  await Promise.all(Array.from({ length: 6 }, worker));
  await assertSteady(box, before_, { replaced: "zygote" });
  assert.equal((await box.ctl(["status"])).code, 0);
});

test("a draft is held tighter than an approved tool", async () => {
  const draft = (code: string) => mcp.attempt("mcpbox_test_code", { tool_id: run.id, arguments: { code } });
  const busy = await draft("while True:\n    pass");
  assert.match(JSON.stringify(busy), ENDED_BY_DEADLINE);
  const open = await draft("open('/etc/passwd')");
  assert.match(JSON.stringify(open), /FileNotFoundError|PermissionError|OSError|forbidden/);
  assert.doesNotMatch(JSON.stringify(open), ENDED_BY_KERNEL, "an open is refused, not punished");
  await nextCallWorks();
});

// Backups of a living instance: made while calls run, locked with a passphrase and for a key, and restored elsewhere,
// where the log is whole, a secret decrypts and an approved tool runs.  What was changed, cut, is foreign or is locked
// for somebody else is refused before anything is made; a kill -9 in the middle of making or restoring loses nothing.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join, resolve } from "node:path";
import { after, afterEach, before, test } from "node:test";

import { verifyLive } from "./harness/audit.ts";
import { freePort, Instance } from "./harness/instance.ts";
import { textOf } from "./harness/mcp.ts";
import { type Ran, run } from "./harness/run.ts";
import { explainFailure, publish, type Tool } from "./harness/story.ts";
import { until } from "./harness/wait.ts";

const SCRIPTS = resolve(import.meta.dirname, "../../scripts");
const SECRET = `canary-secret-${randomBytes(12).toString("hex")}`;
const NOTE = `canary-note-${randomBytes(12).toString("hex")}`; // in a tool's code: in the rows, in clear
const PASSPHRASE = `correct horse ${randomBytes(12).toString("hex")}`;
const TOOL = `
import hashlib
async def main(text: str):
    """${NOTE}"""
    return text + " " + hashlib.sha256(secrets["OPEN"].encode()).hexdigest()
`;
const ANSWER = `hello ${createHash("sha256").update(SECRET).digest("hex")}`;
const CALLERS = 4;

let box: Instance;
let elsewhere: Instance; // not set up: what a restore makes there is its state
let tool: Tool;
let publicKey: string; // of the log
const file = (name: string) => join(box.folder, name);
let withPassphrase: string;
let withKey: string;

const backup = (words: string[], at: Instance = box, seconds = 180): Promise<Ran> =>
  run([join(at.bin, "mcpboxctl"), "backup", ...words], { seconds });

async function made(...words: string[]): Promise<string> {
  const ran = await backup(["create", file("backups"), "--state", box.state, ...words]);
  assert.equal(ran.code, 0, ran.stderr);
  const path = ran.stdout.split("\n")[0]!;
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.ok(ran.stdout.includes(publicKey), "the log's public key is printed, to be noted");
  return path;
}

/** No part of a restore is there. */
function nothingIsMade(at: Instance): void {
  assert.ok(!existsSync(at.state), "no instance");
  assert.ok(!existsSync(`${at.state}.restoring`), "nothing that is being made");
}

before(async () => {
  [box, elsewhere] = [await Instance.started(), Instance.bare(await freePort(), await freePort())];
  for (const one of [box, elsewhere]) cpSync(SCRIPTS, join(one.folder, "scripts"), { recursive: true });
  tool = await publish(box, "kept", "hello", TOOL);
  const set = await box.ctl(["secret", "set", "kept", "OPEN", "--exposed"], { input: SECRET });
  assert.equal(set.code, 0, set.stderr);
  assert.equal(textOf(await box.mcp.call(tool.name, { text: "hello" })), ANSWER);
  publicKey = (await box.ctlJson("audit", "head")).public_key;
  writeFileSync(file("passphrase"), `${PASSPHRASE}\n`, { mode: 0o600 });
  writeFileSync(file("wrong"), "correct horse battery\n", { mode: 0o600 });
  for (const name of ["key", "other-key"]) {
    const ran = await backup(["keygen", file(name)]);
    assert.equal(ran.code, 0, ran.stderr);
    writeFileSync(file(`${name}.public`), ran.stdout);
  }
});
afterEach(explainFailure(() => box));
after(() => {
  box?.destroy();
  elsewhere?.destroy();
});

test("backups are made while calls run", async () => {
  let going = true;
  let calls = 0;
  const callers = Array.from({ length: CALLERS }, async () => {
    while (going) {
      const ending = await box.mcp.attempt(tool.name, { text: "hello" }); // "busy" is no failure of a backup
      if (ending.kind !== "result") continue;
      assert.equal(textOf(ending.result), ANSWER);
      calls++;
    }
  });
  await until("calls to run", 60, () => calls >= CALLERS);
  const earlier = calls;
  withPassphrase = await made("--passphrase-file", file("passphrase"));
  withKey = await made("--recipient", file("key.public"));
  await until("a call to be answered that began in the meantime", 60, () => calls > earlier);
  going = false;
  await Promise.all(callers);

  const listed = await backup(["list", file("backups")]);
  assert.equal(listed.stdout.split("\n").length, 3, listed.stdout);
  assert.match(listed.stdout, /UTC {2}\d+ bytes {2}passphrase\n/);
  assert.ok(listed.stdout.includes(`public key ${readFileSync(file("key.public"), "utf8")}`));
});

test("nothing of them can be read without what locked them", () => {
  const master = readFileSync(join(box.state, "master.key"));
  for (const path of [withPassphrase, withKey]) {
    const bytes = readFileSync(path);
    assert.ok(bytes.length > 20_000, "it holds a database");
    for (const canary of [SECRET, NOTE, PASSPHRASE, "PGDMP", master])
      assert.ok(!bytes.includes(canary), `${path} holds ${String(canary)}`);
  }
  assert.deepEqual(
    readdirSync(file("backups")).filter((name) => !name.endsWith(".backup")),
    [],
    "nothing temporary is left",
  );
});

test("what is changed, cut, foreign or locked for another is refused, and nothing is made", async () => {
  const good = readFileSync(withKey);
  const flipped = Buffer.from(good);
  flipped[good.length >> 1]! ^= 1;
  const newer = Buffer.from(good);
  newer[8] = 9;
  const files: [string, Buffer, RegExp][] = [
    ["changed", flipped, /damaged/],
    ["cut", good.subarray(0, -1), /damaged or cut short/],
    ["cut behind the header", good.subarray(0, 154), /cut short/],
    ["more", Buffer.concat([good, Buffer.from("x")]), /damaged/],
    ["foreign", randomBytes(100_000), /no backup of MCPbox/],
    ["newer", newer, /newer MCPbox/],
    ["empty", Buffer.alloc(0), /no backup of MCPbox/],
  ];
  for (const [name, bytes, says] of files) {
    writeFileSync(file(name), bytes);
    const ran = await backup(["restore", file(name), "--into", elsewhere.state, "--identity", file("key")]);
    assert.equal(ran.code, 1, name);
    assert.match(ran.stderr, says, name);
    nothingIsMade(elsewhere);
  }
  const wrong: [string, string[], RegExp][] = [
    [withKey, ["--identity", file("other-key")], /another key/],
    [withKey, ["--passphrase-file", file("passphrase")], /--identity/],
    [withPassphrase, ["--identity", file("key")], /with a passphrase/],
    [withPassphrase, ["--passphrase-file", file("wrong")], /does not open/],
  ];
  for (const [path, words, says] of wrong) {
    const ran = await backup(["restore", path, "--into", elsewhere.state, ...words]);
    assert.equal(ran.code, 1, ran.stdout);
    assert.match(ran.stderr, says);
    nothingIsMade(elsewhere);
  }
});

test("a living instance is never restored over", async () => {
  const key = statSync(join(box.state, "master.key"));
  const ran = await backup(["restore", withKey, "--into", box.state, "--identity", file("key")]);
  assert.equal(ran.code, 1, ran.stdout);
  assert.match(ran.stderr, /holds something already/);
  assert.equal(statSync(join(box.state, "master.key")).ino, key.ino);
});

test("a drill starts an instance from a backup, and leaves nothing", async () => {
  const scratch = file("scratch");
  mkdirSync(scratch);
  const words = ["--drill", "--scratch", scratch, "--passphrase-file", file("passphrase")];
  const ran = await backup(["verify", withPassphrase, ...words]);
  assert.equal(ran.code, 0, ran.stderr);
  assert.match(ran.stdout, /drill: an instance started from it, its audit log is whole/);
  assert.ok(ran.stdout.includes(publicKey));
  assert.deepEqual(readdirSync(scratch), []);
});

/** Starts it, and kills it with -9 once `when` is true, or lets it end if it was faster. */
async function killed(at: Instance, words: string[], when: () => boolean): Promise<void> {
  const child = spawn(join(at.bin, "mcpboxctl"), ["backup", ...words], { stdio: "ignore" });
  const ended = new Promise((done) => child.on("exit", done));
  await until("the moment to kill it, or its end", 120, () => when() || child.exitCode !== null);
  child.kill("SIGKILL");
  await ended;
}

test("a kill -9 while a backup is made leaves those that were there, and the next one", async () => {
  const folder = file("backups");
  const before = readdirSync(folder);
  const words = ["create", folder, "--state", box.state, "--recipient", file("key.public")];
  const half = join(folder, ".mcpbox-backup.new");
  let whole = 0; // it was faster than we: then there is one more, and it is tried again
  for (;;) {
    await killed(box, words, () => existsSync(half));
    if (existsSync(half)) break;
    assert.ok(++whole < 20, "it is never in the middle");
  }
  assert.ok(existsSync(half), "what is left has no backup's name");
  for (const canary of [SECRET, NOTE]) assert.ok(!readFileSync(half).includes(canary));
  assert.deepEqual(
    readdirSync(folder).filter((name) => name !== ".mcpbox-backup.new").length,
    before.length + whole,
  );
  const next = await made("--recipient", file("key.public"), "--keep", "1");
  assert.deepEqual(readdirSync(folder), [next.slice(folder.length + 1)], "the older ones are pruned");
  withKey = next;
});

test("a kill -9 in the middle of a restore leaves nothing that the next one does not remove", async () => {
  const words = ["restore", withKey, "--into", elsewhere.state, "--identity", file("key")];
  const making = `${elsewhere.state}.restoring`;
  for (const middle of ["master.key", "db/data/postmaster.pid"]) {
    for (let tries = 0; ; tries++) {
      await killed(elsewhere, words, () => existsSync(join(making, middle)));
      if (!existsSync(elsewhere.state)) break;
      assert.ok(tries < 20, "it is never in the middle"); // it was faster than we
      rmSync(elsewhere.state, { recursive: true });
    }
    assert.ok(existsSync(making), "what is left has not the instance's name");
  }
  const ran = await backup(words, elsewhere);
  assert.equal(ran.code, 0, ran.stderr);
  assert.ok(ran.stdout.includes(publicKey), "to be compared with what was noted");
  assert.ok(!existsSync(making));
  assert.ok(existsSync(elsewhere.state));
});

test("what was restored is the instance: its log is whole, its tool runs, its secret decrypts", async () => {
  await elsewhere.takePorts();
  await elsewhere.start();
  const head = await elsewhere.ctlJson("audit", "head");
  assert.equal(head.public_key, publicKey);
  await verifyLive(elsewhere);
  assert.equal(textOf(await elsewhere.mcp.call(tool.name, { text: "hello" })), ANSWER);
  assert.equal(textOf(await box.mcp.call(tool.name, { text: "hello" })), ANSWER, "the first one goes on");
  await verifyLive(elsewhere);
  await elsewhere.stop();
});

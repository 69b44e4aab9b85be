// The master key is replaced while calls run: nobody notices, secrets open, approvals count, sessions go on, the audit
// log verifies across it.  Cut anywhere with kill -9, nothing is lost: the next start finds the key that fits, and the
// next rotation finishes.
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { chmodSync, copyFileSync, existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, afterEach, before, test } from "node:test";

import { verifyExport, verifyLive } from "./harness/audit.ts";
import { exported } from "./harness/chain.ts";
import { Instance } from "./harness/instance.ts";
import { textOf } from "./harness/mcp.ts";
import type { Process } from "./harness/processes.ts";
import { explainFailure, publish, type Tool } from "./harness/story.ts";
import { sleep, until } from "./harness/wait.ts";

const CALLERS = 4;
const GONE_SECONDS = 60;
const SECRET = `canary-secret-${randomBytes(12).toString("hex")}`;
const ANSWER = `hello ${createHash("sha256").update(SECRET).digest("hex")}`;
const TOOL = `
import hashlib
async def main(text: str):
    return text + " " + hashlib.sha256(secrets["OPEN"].encode()).hexdigest()
`;

let box: Instance;
let tool: Tool;
const key = () => join(box.state, "master.key");
const next = () => join(box.state, "master.key.next");

before(async () => {
  box = await Instance.started();
  tool = await publish(box, "kept", "hello", TOOL);
  const set = await box.ctl(["secret", "set", "kept", "OPEN", "--exposed"], { input: SECRET });
  assert.equal(set.code, 0, set.stderr);
});
afterEach(explainFailure(() => box));
after(() => box?.destroy());

const rotate = () => box.ctl(["key", "rotate"]);

/** The tool is approved, its secret opens, nothing is reported, and the log is whole. */
async function allIsThere(): Promise<void> {
  const result = await until("a call that is not refused as busy", 120, async () => {
    const ending = await box.mcp.attempt(tool.name, { text: "hello" });
    return ending.kind === "result" ? ending.result : undefined;
  });
  assert.equal(textOf(result), ANSWER);
  const log = box.log();
  for (const trouble of ["a row is ignored", "does not fit"])
    assert.ok(!log.includes(trouble), `the log says: ${trouble}`);
  await verifyLive(box);
}

/** Kills one that everything depends on; all others end with it. */
async function cut(victim: Process): Promise<void> {
  const before = box.family();
  process.kill(victim.pid, "SIGKILL");
  await box.waitUntilGone(before, GONE_SECONDS);
}

const monitor = (): Process => box.one("priv");
const launcher = (): Process => box.family().find(({ pid }) => pid === box.launcherPid())!;

test("a rotation while calls run is noticed by none of them", async () => {
  const old = readFileSync(key());
  const { public_key: oldPublic } = await box.ctlJson("audit", "head");
  let going = true;
  let calls = 0;
  const callers = Array.from({ length: CALLERS }, async () => {
    while (going) {
      const ending = await box.mcp.attempt(tool.name, { text: "hello" }); // "busy" is no failure of a rotation
      if (ending.kind !== "result") continue;
      assert.equal(textOf(ending.result), ANSWER);
      calls++;
    }
  });
  await until("calls to run", 120, () => calls >= CALLERS);
  const ran = await rotate();
  assert.equal(ran.code, 0, ran.stderr);
  const earlier = calls;
  await until("calls that began afterwards", 120, () => calls > earlier + CALLERS);
  going = false;
  await Promise.all(callers);

  const { public_key: newPublic } = await box.ctlJson("audit", "head");
  assert.notEqual(newPublic, oldPublic);
  assert.ok(ran.stdout.includes(newPublic), "to be noted");
  assert.notDeepEqual(readFileSync(key()), old);
  assert.equal(statSync(key()).mode & 0o777, 0o600);
  assert.equal(statSync(key()).size, 32);
  assert.ok(!existsSync(next()), "nothing is left beside it");
  await allIsThere();

  const { file, records } = await exported(box);
  const checked = await verifyExport(box, file);
  assert.equal(checked.code, 0, `an export of both keys' time: ${checked.stdout}`);
  const rotations = records.filter(({ action }) => action === "rotate_key");
  assert.equal(rotations.length, 1);
  assert.equal(rotations[0]!.payload, newPublic);
  await cut(monitor());
  await box.start();
  await allIsThere();
});

test("cut before the database knows of it, the old key stays, and the next rotation is as any other", async () => {
  writeFileSync(next(), randomBytes(32), { mode: 0o600 }); // what is there when the monitor was not asked yet
  const old = readFileSync(key());
  await cut(launcher());
  await box.start();
  await allIsThere();
  const ran = await rotate();
  assert.equal(ran.code, 0, ran.stderr);
  assert.notDeepEqual(readFileSync(key()), old);
  assert.ok(!existsSync(next()));
  await allIsThere();
});

test("cut after the database knows of it, the new key is found, and the next rotation finishes", async () => {
  const saved = join(box.folder, "old.key");
  copyFileSync(key(), saved);
  const head = readFileSync(join(box.state, "audit.head"));
  const ran = await rotate();
  assert.equal(ran.code, 0, ran.stderr);
  const current = readFileSync(key());
  // As if mcpboxctl had been killed before it could rename, and the monitor before it could write audit.head.
  copyFileSync(key(), next());
  chmodSync(next(), 0o600);
  copyFileSync(saved, key());
  await cut(monitor());
  writeFileSync(join(box.state, "audit.head"), head);
  await box.start();
  await allIsThere();
  const finished = await rotate();
  assert.equal(finished.code, 0, finished.stderr);
  assert.match(finished.stdout, /is finished/);
  assert.deepEqual(readFileSync(key()), current);
  assert.ok(!existsSync(next()));
  await cut(launcher());
  await box.start();
  await allIsThere();
});

test("killed with -9 at whatever moment of a rotation, nothing is lost", async () => {
  const rounds: [number, () => Process][] = [
    [0, monitor],
    [10, () => box.database()],
    [20, launcher],
    [40, monitor],
  ];
  for (const [milliseconds, victim] of rounds) {
    const found = victim();
    const rotation = rotate();
    await sleep(milliseconds);
    await cut(found);
    await box.start();
    await rotation;
    await allIsThere();
    const ran = await rotate(); // this one, or the end of the one that was cut
    assert.equal(ran.code, 0, ran.stderr);
    await allIsThere();
  }
  assert.ok(!existsSync(next()));
});

test("who may not have the key is refused, and a key from elsewhere is left alone", async () => {
  const old = readFileSync(key());
  const stranger = await box.ctl(["key", "rotate"], { as: { uid: 65534, gid: 65534 } });
  assert.notEqual(stranger.code, 0);
  writeFileSync(key(), randomBytes(32)); // not the one that the monitor was given
  const ran = await rotate();
  assert.equal(ran.code, 1, ran.stdout);
  assert.match(ran.stderr, /MCPBOX_ENCRYPTION_KEY or from a credential/);
  writeFileSync(key(), old);
  await allIsThere();
});

test("the old key alone does not start it, and the message says which key is missing", async () => {
  const saved = join(box.folder, "old.key");
  copyFileSync(key(), saved);
  const ran = await rotate();
  assert.equal(ran.code, 0, ran.stderr);
  await box.stop();
  const current = readFileSync(key());
  copyFileSync(saved, key());
  assert.equal(await box.waitForExit(box.launch(), 180), 1);
  assert.match(
    box.log(),
    /the master key is not the one that this database was sealed with|seal of audit.head/,
  );
  writeFileSync(key(), current);
  await box.start();
  const call = await box.mcp.call(tool.name, { text: "hello" });
  assert.equal(textOf(call), ANSWER);
});

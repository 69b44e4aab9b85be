// The attack on the own jail: at the start, when a person asks, and when it finds something.
import assert from "node:assert/strict";
import { copyFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { after, afterEach, before, test } from "node:test";

import { Instance } from "./harness/instance.ts";
import { explainFailure } from "./harness/story.ts";
import { until } from "./harness/wait.ts";

const HELD = /^\d{4,} attempts to leave the jail of a call, none succeeded/;
const NOT_JAILED = 1; // the launcher's exit status after any failure
const EXIT_UNHEALTHY = 7;

let box: Instance;

before(async () => {
  box = await Instance.create();
});
after(() => box?.destroy());
afterEach(explainFailure(() => box));

async function attackFindings(...options: string[]): Promise<{ health: string; what: string }[]> {
  const ran = await box.ctl(["doctor", "--json", ...options], { seconds: 120 });
  const { findings } = JSON.parse(ran.stdout);
  return findings.filter(({ what }: { what: string }) => /\bjail\b/.test(what));
}

test("at every start the jail is attacked before anybody is served, and the status says so", async () => {
  await box.start();
  const status = await box.ctl(["status", "--json"]); // its exit status is about processes: one may still be starting
  assert.match(JSON.parse(status.stdout).self_attack, HELD);
  const lines = box.log().split("\n");
  const attacked = lines.findIndex((line) => line.includes("the jail was attacked"));
  const served = lines.findIndex((line) => line.includes("serving listeners"));
  assert.ok(attacked >= 0 && attacked < served, "before a gateway listens");
});

test("doctor attacks again, with the long corpus too, and leaves no process behind", async () => {
  for (const options of [[], ["--long"]]) {
    const [finding, ...more] = await attackFindings(...options);
    assert.equal(finding?.health, "ok", JSON.stringify(finding));
    assert.match(finding.what, HELD);
    assert.deepEqual(more, []);
  }
  const attackers = () => box.family().filter(({ title }) => title.includes("[attack]"));
  await until("the attackers to end", 30, () => attackers().length === 0);
});

test("a user who may not decide cannot order an attack, and is told so", async () => {
  const ran = await box.ctl(["doctor", "--json"], { as: { uid: 65534 } });
  assert.match(ran.stdout, /the jail was not attacked: only root may order that/);
});

test("an executor with a hole in its jail is found by doctor, and is not served at the next start", async () => {
  const executor = join(box.bin, "mcpbox-executor");
  rmSync(executor); // the running zygote keeps its own
  copyFileSync(join(box.bin, "holed_executor"), executor);
  const findings = await attackFindings();
  assert.ok(
    findings.some(({ health, what }) => health === "problem" && /hole: newfstatat/.test(what)),
    JSON.stringify(findings),
  );
  assert.equal((await box.ctl(["doctor"])).code, EXIT_UNHEALTHY);
  await box.stop();

  const launcher = box.launch();
  assert.equal(await box.waitForExit(launcher), NOT_JAILED);
  assert.match(box.log(), /the jail has a hole attempt=newfstatat/);
  assert.match(
    box.log(),
    /the monitor cannot serve why="the jail of the calls has a hole: nobody is served"/,
  );
  assert.doesNotMatch(
    box.log().slice(box.log().lastIndexOf("starting")),
    /net-local/,
    "no gateway was started",
  );
  assert.equal(box.listing(), "");
});

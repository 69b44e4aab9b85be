// A full disk, on a small tmpfs: the reserve is given up so that what runs is recorded, nothing new begins, root can
// look, freeze and prune, and with room again everything works again.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { rmSync, statfsSync } from "node:fs";
import { join } from "node:path";
import { after, afterEach, before, test } from "node:test";

import { accountOf, callOf, verifyLive } from "./harness/audit.ts";
import { exported } from "./harness/chain.ts";
import { Instance } from "./harness/instance.ts";
import type { Ending } from "./harness/mcp.ts";
import { Load, stopAllLoads } from "./harness/load.ts";
import { explainFailure, publish, type Tool } from "./harness/story.ts";
import { until } from "./harness/wait.ts";

const MEGABYTES = 400;
const CALLERS = 64;
const SECONDS = 60;
const ROUNDS = Number(process.env["MCPBOX_ROUNDS"] ?? 1); // `make test-long` takes more
const ALICE = { username: "alice", password: "correct horse battery" };
const NAP =
  "import asyncio\nasync def main(seconds: float):\n    await asyncio.sleep(seconds)\n    return 'awake'\n";

let box: Instance;
let nap: Tool;
let echo: Tool;

const filler = () => join(box.state, "filler");

/** Takes all that is free now, at once: what the reserve gives back a moment later is not for us. */
function fill(): void {
  const { bavail, bsize } = statfsSync(box.state);
  for (let bytes = bavail * bsize; bytes > 0; bytes -= 1 << 20)
    if (spawnSync("fallocate", ["--length", `${bytes}`, filler()]).status === 0) return;
  assert.fail("the disk could not be filled");
}

async function signIn(): Promise<number> {
  const reply = await fetch(`${box.adminUrl}/api/auth/login`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ ...ALICE, token: true }),
  });
  return reply.status;
}

async function isShort(): Promise<boolean> {
  return /disk is almost full/.test((await box.ctl(["status"])).stdout);
}

before(async () => {
  box = await Instance.create(undefined, undefined, MEGABYTES);
  await box.start();
  // Each on a server of its own: what the callers keep busy is not what the naps need.
  nap = await publish(box, "bedroom", "nap", NAP);
  echo = await publish(box, "disk", "echo", "async def main(text: str):\n    return text\n");
  const { code } = await box.ctlJson("setup-code");
  const made = await fetch(`${box.adminUrl}/api/auth/setup`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ code, ...ALICE }),
  });
  assert.equal(made.status, 201);
});
after(async () => {
  if (box) rmSync(filler(), { force: true });
  await box?.stop();
  box?.destroy();
});
afterEach(explainFailure(() => box));
afterEach(stopAllLoads);

for (let round = 1; round <= ROUNDS; round++)
  test(`the disk is filled under ${CALLERS} callers (${round})`, async () => {
    const earlier = (await exported(box)).records.length;
    assert.equal(await isShort(), false);
    const running = Array.from({ length: 8 }, () => box.mcp.attempt(nap.name, { seconds: 4 }));
    const load = new Load(box, echo.name, { text: "x".repeat(500) }, CALLERS);
    await until("calls to succeed", SECONDS, () => load.count("result") > CALLERS);
    fill();

    await until("a call to be refused for the disk", SECONDS, async () => {
      const ending = await box.mcp.attempt(echo.name, { text: "y" });
      return ending.kind === "tool-error" && /disk is almost full/.test(ending.text);
    });
    assert.match(box.log(), /the space reserve is given up/);
    await load.stop();
    const ended: Ending[] = await Promise.all(running);
    for (const ending of ended) assert.equal(ending.kind, "result", JSON.stringify(ending));

    const writing = await box.mcp.refusal("mcpbox_create_server", { name: `late${round}`, description: "" });
    assert.match(writing, /disk is almost full/, "nobody else takes what is left");
    assert.equal(await isShort(), true, "root sees it");
    assert.equal((await box.ctl(["freeze", "--reason", "the disk"])).code, 0);
    const pruned = await box.ctl(["audit", "prune", "--until", "365d"]);
    assert.equal(pruned.code, 0, pruned.stderr);
    assert.equal((await box.ctl(["thaw"])).code, 0);

    rmSync(filler());
    await until("a call to succeed", SECONDS, async () => {
      return (await box.mcp.attempt(echo.name, { text: "again" })).kind === "result";
    });
    assert.equal(await isShort(), false);
    assert.equal(await signIn(), 200);
    await verifyLive(box);

    const { records } = await exported(box);
    const { outcomes } = accountOf(records, earlier);
    const replies = [...ended, ...load.endings].filter((ending) => ending.kind === "result");
    for (const { result } of replies as { result: unknown }[])
      assert.ok(outcomes.has(callOf(result)), "what a client saw is in the chain");
    const actions = records.slice(earlier).map(({ action }) => action);
    for (const action of ["freeze", "audit_prune", "thaw", "sign_in"])
      assert.ok(actions.includes(action), `${action} is recorded`);
  });

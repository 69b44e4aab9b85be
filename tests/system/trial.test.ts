// An instance that an ordinary user starts: rootless, with what is missing written down, and not without that.
import assert from "node:assert/strict";
import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { after, afterEach, before, test } from "node:test";

import { Instance } from "./harness/instance.ts";
import { textOf } from "./harness/mcp.ts";
import { isAlive } from "./harness/processes.ts";
import type { User } from "./harness/run.ts";
import { explainFailure, publish } from "./harness/story.ts";

let box: Instance;

// An account that every Debian has and that owns nothing: PostgreSQL wants its users to have a name.
function ordinaryUser(): User {
  const fields = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .find((line) => line.startsWith("nobody:"))!
    .split(":");
  return { uid: Number(fields[2]), gid: Number(fields[3]) };
}

before(async () => {
  box = await Instance.create(ordinaryUser());
  appendFileSync(box.config, "allow-user = root\n"); // the tests themselves run as root
});
after(async () => {
  box?.destroy();
});
afterEach(explainFailure(() => box));

test("the configuration of an ordinary user says that it is a trial, and what is missing", () => {
  const config = readFileSync(box.config, "utf8");
  assert.match(config, /^isolation = trial$/m);
  assert.match(config, /^missing-layers = .*\bown-uid\b/m);
});

test("a trial runs the whole story, all of it as that user", async () => {
  await box.start();
  const tool = await publish(
    box,
    "trial",
    "hello",
    "async def main(name: str):\n    return f'hello {name}'\n",
  );
  assert.equal(textOf(await box.mcp.call(tool.name, { name: "you" })), "hello you");
  for (const { uid, title } of box.family()) assert.equal(uid, box.user!.uid, title);
});

test("status says that it is a trial and names each missing layer with what its absence allows", async () => {
  const status = await box.ctl(["status"]);
  assert.equal(status.code, 0, status.stderr);
  assert.match(status.stdout, /TRIAL/);
  assert.match(status.stdout, /own-uid/);
  const json = await box.ctlJson("status");
  assert.equal(json.isolation, "trial");
  assert.ok(json.missing_allowed.includes("own-uid"));
});

test("the jail still holds where it can: a tool opens no file and makes no socket", async () => {
  const code = `
import asyncio
load = asyncio.events.sys.modules["builtins"].__import__

async def main(what: str):
    try:
        load("socket").socket() if what == "socket" else open("/etc/passwd")
    except OSError as error:
        return f"refused: {type(error).__name__}"
    return "GOT IN"
`;
  const tool = await publish(box, "kept", "try_it", code);
  for (const what of ["socket", "file"]) {
    const ending = await box.mcp.attempt(tool.name, { what });
    if (ending.kind === "result") assert.match(textOf(ending.result), /^refused/);
    else assert.match((ending as { text: string }).text, /forbidden|killed|crashed/);
  }
});

test("a trial ends as cleanly as it began, and killed it leaves nothing either", async () => {
  await box.stop();
  await box.start();
  const family = box.family();
  process.kill(box.launcherPid(), "SIGKILL");
  await box.waitUntilGone(family, 30);
  assert.ok(family.every((one) => !isAlive(one)));
  await box.start();
  assert.equal(textOf(await box.mcp.call("trial__hello", { name: "again" })), "hello again");
  await box.stop();
});

test("without the line, nothing starts, and the message names the layer", async () => {
  const config = readFileSync(box.config, "utf8");
  const changes: [string, RegExp][] = [
    [config.replace(/^(isolation|missing-layers).*\n/gm, ""), /own-uid/],
    [config.replace(/\bown-uid(, )?/, ""), /own-uid/],
    [config.replace(/^isolation.*$/m, "isolation = full"), /missing-layers|own-uid/],
    [config.replace(/^missing-layers = /m, "missing-layers = no-such-layer, "), /no-such-layer/],
  ];
  for (const [text, words] of changes) {
    writeFileSync(box.config, text);
    const launcher = box.launch();
    assert.equal(await box.waitForExit(launcher), 1);
    assert.match(box.complaints(), words);
    assert.equal(box.family().length, 0, box.listing());
  }
  writeFileSync(box.config, config);
  await box.start();
  await box.stop();
});

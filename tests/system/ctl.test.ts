// Everything that an administrator does, from a script of root's: mcpboxctl alone, from nothing to a working tool and
// back.  Whoever may not decide is refused each of it.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, afterEach, before, test } from "node:test";

import { AdminApi } from "./harness/admin_api.ts";
import { Instance } from "./harness/instance.ts";
import { textOf } from "./harness/mcp.ts";
import type { User } from "./harness/run.ts";
import { explainFailure } from "./harness/story.ts";

const ORDINARY: User = { uid: 12345 };
const PASSWORD = "correct horse battery";
const EXIT = { done: 0, refused: 1, usage: 2, notFound: 4, conflict: 5, notPermitted: 6 };
const says = (word: string) => `async def main() -> str:\n    return ${JSON.stringify(word)}\n`;

let box: Instance;
let code: string;

before(async () => {
  box = await Instance.started();
  code = join(box.folder, "tool.py");
  writeFileSync(code, says("first"));
});
after(async () => {
  await box?.stop();
  box?.destroy();
});
afterEach(explainFailure(() => box));

async function ctl(...args: string[]): Promise<any> {
  return box.ctlJson(...args);
}
async function fails(exit: number, ...args: string[]): Promise<string> {
  const ran = await box.ctl(args);
  assert.equal(ran.code, exit, `${args.join(" ")}: ${ran.stdout}${ran.stderr}`);
  return ran.stderr;
}

test("from nothing to a working tool, and back", async () => {
  assert.equal((await ctl("server", "create", "desk", "--description", "What a desk does.")).server, "desk");
  await fails(EXIT.conflict, "server", "create", "desk");
  const made = await ctl("tool", "create", "desk__note", "--code", code, "--description", "Notes.");
  assert.deepEqual([made.name, made.version, made.approval], ["note", 1, "draft"]);
  await fails(EXIT.refused, "server", "start", "desk");
  assert.equal((await ctl("tool", "submit", "desk__note", "--notes", "please")).approval, "pending_review");
  assert.equal((await ctl("show", "desk__note")).notes, "please");
  await fails(EXIT.done, "approve", "desk__note", "--digest", made.digest);
  await ctl("server", "start", "desk");
  assert.equal(textOf(await box.mcp.call("desk__note")), "first");

  writeFileSync(code, says("second"));
  const changed = await ctl("tool", "change", "desk__note", "--code", code, "--timeout", "5000");
  assert.deepEqual([changed.version, changed.approval], [2, "pending_review"]);
  await box.mcp.refusal("desk__note");
  await fails(EXIT.done, "rollback", "desk__note", "1");
  assert.equal(textOf(await box.mcp.call("desk__note")), "first", "what was approved needs no new review");
  await ctl("tool", "disable", "desk__note");
  await box.mcp.refusal("desk__note");
  await ctl("tool", "enable", "desk__note");
  assert.equal(textOf(await box.mcp.call("desk__note")), "first");
  const { items } = await ctl("versions", "desk__note");
  assert.deepEqual(
    items.map((version: any) => [version.version_number, version.change_source, version.author]),
    [
      [5, "manual", "root"],
      [4, "manual", "root"],
      [3, "rollback", "root"],
      [2, "manual", "root"],
      [1, "manual", "root"],
    ],
  );
  await ctl("server", "stop", "desk");
  await box.mcp.refusal("desk__note");
});

test("what is there is listed, by what it says", async () => {
  await ctl("server", "create", "shelf");
  const names = async (...args: string[]) =>
    (await ctl("servers", ...args)).items.map(({ name }: any) => name);
  assert.deepEqual((await names()).sort(), ["desk", "shelf"]);
  assert.deepEqual(await names("--search", "a desk DOES"), ["desk"]);
  const tools = await ctl("tools", "--search", "desk");
  assert.deepEqual([tools.total, tools.items[0].published_name], [1, "desk__note"]);
  assert.match((await box.ctl(["servers"])).stdout, /^SERVER +STATUS/);
  assert.match((await box.ctl(["tools"])).stdout, /desk__note +approved/);
});

test("what makes no sense is refused and nothing is saved", async () => {
  writeFileSync(code, "def main(:\n");
  assert.match(await fails(EXIT.refused, "tool", "create", "desk__bad", "--code", code), /line 1/);
  await fails(EXIT.usage, "tool", "create", "desk__bad");
  await fails(EXIT.usage, "tool", "create", "nameless", "--code", code);
  await fails(EXIT.usage, "tool", "create", "desk__bad", "--code", join(box.folder, "none"));
  await fails(EXIT.usage, "tool", "change", "desk__note");
  await fails(EXIT.usage, "tool", "paint", "desk__note");
  await fails(EXIT.usage, "server", "paint", "desk");
  await fails(EXIT.notFound, "server", "start", "nowhere");
  await fails(EXIT.notFound, "tool", "submit", "desk__none");
  await fails(EXIT.usage, "admin", "end-session", "7");
  writeFileSync(code, `# ${"x".repeat(500_000)}\n`);
  await fails(EXIT.usage, "tool", "change", "desk__note", "--code", code);
  assert.equal((await ctl("tools", "--search", "desk")).total, 1);
});

test("a secret has its place before it has its value", async () => {
  const made = await ctl(
    "secret",
    "create",
    "desk",
    "API_KEY",
    "--host",
    "api.example",
    "--description",
    "A key.",
  );
  assert.deepEqual([made.key, made.has_value], ["API_KEY", false]);
  await fails(EXIT.conflict, "secret", "create", "desk", "API_KEY");
  const set = await box.ctl(["secret", "set", "desk", "API_KEY"], { input: "hunter2\n" });
  assert.equal(set.code, 0, set.stderr);
  assert.ok(!JSON.stringify(await ctl("secret", "list", "desk")).includes("hunter2"));
  await ctl("secret", "delete", "desk", "API_KEY");
});

test("admins come and go, and so do their sessions", async () => {
  for (const name of ["alice", "bob"]) {
    const set = await box.ctl(["admin", "set-password", name], { input: `${PASSWORD}\n` });
    assert.equal(set.code, 0, set.stderr);
  }
  const listed = async () => (await ctl("admin", "list")).items.map(({ username }: any) => username);
  assert.deepEqual(await listed(), ["alice", "bob"]);
  const api = await AdminApi.at(box.adminPort);
  const enter = async (username: string) => {
    const reply = await api.raw("POST", "/api/auth/login", {}, { username, password: PASSWORD, token: true });
    assert.equal(reply.status, 200, JSON.stringify(reply.body));
    return reply.body.access_token as string;
  };
  const tokens = { alice: await enter("alice"), bob: await enter("bob") };
  const status = async (token: string) =>
    (await api.raw("GET", "/api/auth/me", { authorization: `Bearer ${token}` })).status;
  const { items, total } = await ctl("admin", "sessions");
  assert.equal(total, 2);
  const [theirs] = items.filter(({ admin }: any) => admin === "alice");
  await ctl("admin", "end-session", theirs.id);
  assert.deepEqual([await status(tokens.alice), await status(tokens.bob)], [401, 200]);
  await fails(EXIT.notFound, "admin", "end-session", theirs.id);
  await ctl("admin", "remove", "bob");
  assert.equal(await status(tokens.bob), 401, "who is removed is out at once");
  assert.deepEqual(await listed(), ["alice"]);
  await fails(EXIT.conflict, "admin", "remove", "alice");
  await fails(EXIT.notFound, "admin", "remove", "bob");
});

test("whoever may not decide does none of it", async () => {
  const orders = [
    ["server", "create", "mine"],
    ["server", "start", "desk"],
    ["server", "stop", "desk"],
    ["servers"],
    ["tools"],
    ["tool", "create", "desk__mine", "--code", "/etc/hostname"],
    ["tool", "change", "desk__note", "--description", "mine"],
    ["tool", "disable", "desk__note"],
    ["tool", "submit", "desk__note"],
    ["rollback", "desk__note", "1"],
    ["secret", "create", "desk", "MINE"],
    ["admin", "list"],
    ["admin", "remove", "alice"],
    ["admin", "sessions"],
    ["admin", "end-session", "00000000-0000-4000-8000-000000000000"],
  ];
  for (const order of orders) {
    const ran = await box.ctl(order, { as: ORDINARY });
    assert.equal(ran.code, EXIT.notPermitted, `${order.join(" ")}: ${ran.stdout}${ran.stderr}`);
    assert.equal(ran.stdout, "", order.join(" "));
  }
  await ctl("delete", "desk__note");
  await ctl("delete", "desk");
  assert.equal((await ctl("tools")).total, 0);
});

// Who may decide.  The kernel names the user; the table of messages keeps everybody else out; a decision binds the
// digest that the person saw.
import assert from "node:assert/strict";
import { appendFileSync, readFileSync } from "node:fs";
import { after, afterEach, before, test } from "node:test";

import { Instance } from "./harness/instance.ts";
import { textOf } from "./harness/mcp.ts";
import { run, type User } from "./harness/run.ts";
import { createTool, digestOf, EIGHT_DIGITS, explainFailure, publish, type Tool } from "./harness/story.ts";
import { until } from "./harness/wait.ts";

const ADMIN_GROUP = "games"; // any group that every Debian has: none is created for a test
const ORDINARY: User = { uid: 12345 };
const PASSWORD = "correct horse battery";

const EXIT = { refused: 1, usage: 2, unreachable: 3, notFound: 4, conflict: 5, notPermitted: 6 };
let box: Instance;
let asked: Tool;
let member: User;
let nobody: User;

function numberOf(file: string, name: string): number {
  const line = readFileSync(file, "utf8")
    .split("\n")
    .find((one) => one.startsWith(`${name}:`));
  assert.ok(line, `${file} has ${name}`);
  return Number(line.split(":")[2]);
}

before(async () => {
  member = { uid: 12346, groups: [numberOf("/etc/group", ADMIN_GROUP)] };
  nobody = { uid: numberOf("/etc/passwd", "nobody"), gid: numberOf("/etc/group", "nogroup") };
  box = await Instance.create();
  appendFileSync(box.config, `admin-group = ${ADMIN_GROUP}\nallow-user = nobody\n`);
  await box.start();
  await publish(box, "plain", "echo", "async def main(text: str):\n    return text\n");
  const { servers } = await box.mcp.manage("list_servers");
  asked = await createTool(
    box,
    { id: servers[0].id, name: "plain" },
    "asked",
    "async def main():\n    return 'v1'\n",
  );
  await box.mcp.manage("request_publish", { tool_id: asked.id });
});
after(async () => {
  await box?.stop();
  box?.destroy();
});
afterEach(explainFailure(() => box));

async function isStillPending(): Promise<void> {
  const status = await box.mcp.manage("get_tool_status", { tool_id: asked.id });
  assert.equal(status.approval_status, "pending_review");
}

/** One MCP request as another user of the machine: the kernel tells the monitor whose connection it is. */
async function asksAs(user: User, method: string, params: object): Promise<string> {
  const script = `
import json, sys, urllib.request, urllib.error
meta = {"io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientCapabilities": {}}
method, params = sys.argv[2], json.loads(sys.argv[3])
body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": {**params, "_meta": meta}}
headers = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream",
           "MCP-Protocol-Version": "2026-07-28", "Mcp-Method": method, "Mcp-Name": params.get("name", "")}
request = urllib.request.Request(sys.argv[1], json.dumps(body).encode(), headers)
try:
    print(urllib.request.urlopen(request, timeout=30).read().decode())
except urllib.error.HTTPError as error:
    print(error.code, error.read().decode())
`;
  const ran = await run(["/usr/bin/python3", "-c", script, box.url, method, JSON.stringify(params)], {
    as: user,
  });
  assert.equal(ran.code, 0, ran.stderr);
  return ran.stdout;
}

const DECISIONS: [string, string[]][] = [
  ["approve", ["approve", "plain__asked"]],
  ["approve by digest", ["approve", "plain__asked", "--digest", "0".repeat(64)]],
  ["reject", ["reject", "plain__asked", "--reason", "no"]],
  ["revoke", ["revoke", "plain__asked"]],
  ["change a server", ["server", "plain", "--name", "other"]],
  ["delete", ["delete", "plain__asked"]],
  ["versions", ["versions", "plain__asked"]],
  ["roll back", ["rollback", "plain__asked", "1"]],
  ["pending", ["pending"]],
  ["show", ["show", "plain__asked"]],
  ["explain", ["explain", "plain__asked"]],
  ["freeze", ["freeze"]],
  ["thaw", ["thaw"]],
  ["set a password", ["admin", "set-password", "eve"]],
];

test("an ordinary user sees the status and decides nothing", async () => {
  const status = await box.ctl(["status"], { as: ORDINARY });
  assert.equal(status.code, 0, status.stderr);
  assert.match(status.stdout, /may look, not decide/);
  for (const [what, args] of DECISIONS) {
    const ran = await box.ctl(args, { as: ORDINARY });
    assert.equal(ran.code, EXIT.notPermitted, `${what}: ${ran.stdout}${ran.stderr}`);
    assert.equal(ran.stdout, "", `${what} shows nothing`);
  }
  const typed = await box.ctl(["approve", "plain__asked"], {
    as: ORDINARY,
    terminal: [{ when: EIGHT_DIGITS, type: (await digestOf(box, asked.name)).slice(0, 8) }],
  });
  assert.equal(typed.code, EXIT.notPermitted, typed.stdout);
  await isStillPending();
});

test("a user sees the own calls in the log and nobody else's", async () => {
  const call = (text: string) => ({ name: "plain__echo", arguments: { text } });
  assert.match(await asksAs(nobody, "tools/call", call("from-nobody")), /from-nobody/);
  assert.equal(textOf(await box.mcp.call("plain__echo", { text: "from-root" })), "from-root");
  await until("both calls to be in the log", 20, async () => (await box.ctlJson("logs")).total >= 2);
  const theirs = await box.ctl(["logs", "--json"], { as: nobody });
  assert.equal(theirs.code, 0, theirs.stderr);
  assert.match(theirs.stdout, /from-nobody/);
  assert.doesNotMatch(theirs.stdout, /from-root/);
  const none = await box.ctl(["logs", "--json"], { as: ORDINARY });
  assert.equal(none.code, 0, none.stderr);
  assert.doesNotMatch(none.stdout, /from-/);
  const all = await box.ctl(["logs", "--json"]);
  assert.match(all.stdout, /from-nobody/);
  assert.match(all.stdout, /from-root/);
});

test("a user who is not on the list of the configuration cannot use MCP at all", async () => {
  const answer = await asksAs(ORDINARY, "tools/list", {});
  assert.match(answer, /^(401|403) /);
  assert.match(answer, /allow-user/);
  assert.doesNotMatch(answer, /mcpbox_list_servers/);
});

test("a member of the group decides with an admin's password typed at a terminal, and not without", async () => {
  const noAdmin = await box.ctl(["pending"], { as: member });
  assert.equal(noAdmin.code, EXIT.notPermitted, "no terminal, no password");
  const set = await box.ctl(["admin", "set-password", "alice"], { input: `${PASSWORD}\n` });
  assert.equal(set.code, 0, set.stderr);

  const login = (password: string) => [
    { when: /Admin name: $/, type: "alice" },
    { when: /Password: $/, type: password },
  ];
  const piped = await box.ctl(["pending"], { as: member, input: `alice\n${PASSWORD}\n` });
  assert.equal(piped.code, EXIT.notPermitted, "standard input is not a terminal");
  const outsider = await box.ctl(["pending"], { as: ORDINARY, terminal: login(PASSWORD) });
  assert.equal(outsider.code, EXIT.notPermitted, "the password alone is not enough");
  const right = await box.ctl(["pending"], { as: member, terminal: login(PASSWORD) });
  assert.equal(right.code, 0, right.stdout);
  assert.match(right.stdout, /plain__asked/);
  assert.ok(!right.stdout.includes(PASSWORD), "the password is not echoed");

  const wrong = await box.ctl(["pending"], { as: member, terminal: login(`${PASSWORD}x`) });
  assert.equal(wrong.code, EXIT.notPermitted, wrong.stdout);
  const soon = await box.ctl(["pending"], { as: member, terminal: login(PASSWORD), seconds: 120 });
  assert.ok(soon.code === EXIT.notPermitted || soon.code === 0, "right after a wrong one there is a pause");
  await isStillPending();
});

test("a password that is too short, or that nobody may set, is not set", async () => {
  const short = await box.ctl(["admin", "set-password", "bob"], { input: "elevenchars\n" });
  assert.equal(short.code, EXIT.refused, short.stderr);
  const long = await box.ctl(["admin", "set-password", "bob"], { input: `${"x".repeat(1025)}\n` });
  assert.equal(long.code, EXIT.refused, long.stderr);
});

test("the wrong eight digits approve nothing", async () => {
  const digest = await digestOf(box, asked.name);
  for (const typed of [
    "",
    "yes",
    digest.slice(0, 7),
    digest.slice(8, 16),
    digest.slice(0, 8).toUpperCase() + "x",
  ]) {
    const ran = await box.ctl(["approve", asked.name], { terminal: [{ when: EIGHT_DIGITS, type: typed }] });
    assert.equal(ran.code, EXIT.refused, `${JSON.stringify(typed)}: ${ran.stdout}`);
  }
  const blind = await box.ctl(["approve", asked.name], { input: `${digest.slice(0, 8)}\n` });
  assert.equal(blind.code, EXIT.notPermitted, "what is piped in was not typed by anybody");
  await isStillPending();
});

test("an approval of what is no longer there is a conflict", async () => {
  const stale = await digestOf(box, asked.name);
  await box.mcp.manage("update_tool", {
    tool_id: asked.id,
    python_code: "async def main():\n    return 'v2'\n",
  });
  const ran = await box.ctl(["approve", asked.name, "--digest", stale]);
  assert.equal(ran.code, EXIT.conflict, ran.stderr);
  assert.match(ran.stderr, /changed/);
  await isStillPending();

  const shown = await digestOf(box, asked.name);
  assert.notEqual(shown, stale);
  const between = box.ctl(["approve", asked.name], {
    terminal: [{ when: EIGHT_DIGITS, type: stale.slice(0, 8) }],
  });
  assert.equal((await between).code, EXIT.refused, "the digits of the old code are not those of the new");
  await isStillPending();
});

test("what does not exist is not found, and what makes no sense is a usage error", async () => {
  const cases: [string[], number][] = [
    [["show", "no__such"], EXIT.notFound],
    [["explain", "no__such"], EXIT.notFound],
    [["approve", "no__such", "--digest", "0".repeat(64)], EXIT.notFound],
    [["show", "\u001b[2J"], EXIT.notFound],
    [["show"], EXIT.usage],
    [["approve", "plain__asked", "--digest", "abc"], EXIT.usage],
    [["approve", "plain__asked", "--digest", "g".repeat(64)], EXIT.usage],
    [["reject", "plain__asked"], EXIT.usage],
    [["sing"], EXIT.usage],
    [["--nonsense"], EXIT.usage],
    [[], EXIT.usage],
  ];
  for (const [args, code] of cases) {
    const ran = await box.ctl(args);
    assert.equal(ran.code, code, `${args.join(" ")}: ${ran.stdout}${ran.stderr}`);
    assert.doesNotMatch(ran.stderr, /\u001b/);
  }
  const elsewhere = await run([`${box.bin}/mcpboxctl`, "--state", box.folder, "status"]);
  assert.equal(elsewhere.code, EXIT.unreachable);
});

test("root approves, and explain tells who did and what it binds", async () => {
  const digest = await digestOf(box, asked.name);
  const ran = await box.ctl(["approve", asked.name, "--digest", digest]);
  assert.equal(ran.code, 0, ran.stderr);
  assert.equal(textOf(await box.mcp.call("plain__asked")), "v2");
  const again = await box.ctl(["approve", asked.name, "--digest", digest]);
  assert.equal(again.code, EXIT.conflict, "it is approved already");
  const explained = (await box.ctl(["explain", asked.name])).stdout;
  assert.ok(explained.includes(digest));
  assert.match(explained, /root/);
});

test("a decision outlives a restart, and so does a password", async () => {
  await box.stop();
  await box.start();
  assert.equal(textOf(await box.mcp.call("plain__asked")), "v2");
  const ran = await box.ctl(["pending"], {
    as: member,
    terminal: [
      { when: /Admin name: $/, type: "alice" },
      { when: /Password: $/, type: PASSWORD },
    ],
  });
  assert.equal(ran.code, 0, ran.stdout);
});

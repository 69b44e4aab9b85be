// The limits of policy/limits.h that a client can reach: one below, at, and one above.  Sizes of bodies, headers and
// nesting are in bad_http.test.ts and bad_input.test.ts, names in story.test.ts.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { after, afterEach, before, test } from "node:test";

import { bytesOf, Connection } from "./harness/http.ts";
import { Instance } from "./harness/instance.ts";
import { limit } from "./harness/limits.ts";
import { textOf } from "./harness/mcp.ts";
import { asUser } from "./harness/run.ts";
import { assertSteady, type Snapshot, snapshot } from "./harness/steady.ts";
import { createTool, explainFailure, publish, publishAnother, type Tool } from "./harness/story.ts";
import { reply, rpc, Session } from "./harness/wire.ts";
import { until } from "./harness/wait.ts";

const MAKE = "async def main(size: int):\n    return 'x' * size\n";
const PRINT = "async def main(size: int):\n    print('x' * size, end='')\n    return 'done'\n";
const NAP =
  "import asyncio\n\nasync def main(seconds: float):\n    await asyncio.sleep(seconds)\n    return 'awake'\n";

let box: Instance;
let make: Tool;
let server: { id: string; name: string };
let start: Snapshot;

before(async () => {
  box = await Instance.started();
  make = await publish(box, "limits", "make", MAKE);
  server = { id: make.server, name: "limits" };
  await publishAnother(box, make, "print", PRINT);
  await publishAnother(box, make, "nap", NAP);
  start = await snapshot(box);
});
after(async () => {
  await box?.stop();
  box?.destroy();
});
afterEach(explainFailure(() => box));

/** Calls a management tool with a text of n characters: at the limit it is taken, one beyond it is refused. */
async function textLimit(
  chars: number,
  use: (text: string) => [string, Record<string, unknown>],
  fill = "x",
) {
  const [name, beyond] = use(fill.repeat(chars + 1));
  const refusal = await box.mcp.refusal(`mcpbox_${name}`, beyond);
  assert.match(refusal, /\d/, `says the limit: ${refusal}`);
  for (const size of [chars - 1, chars]) {
    const [again, args] = use(fill.repeat(size));
    await box.mcp.manage(again, args);
  }
}

test("a description has 2,000 characters, and a character is a character in every script", async () => {
  let next = 0;
  const chars = limit("kDescriptionChars");
  await textLimit(chars, (description) => ["create_server", { name: `server${++next}`, description }]);
  await textLimit(chars, (description) => ["create_server", { name: `server${++next}`, description }], "é");
  await textLimit(
    chars,
    (description) => ["create_server", { name: `server${++next}`, description }],
    "\u{1f600}",
  );
  const code = "async def main():\n    pass\n";
  await textLimit(chars, (description) => [
    "create_tool",
    { server_id: server.id, name: `tool${++next}`, python_code: code, description },
  ]);
});

test("code has 100,000 characters in every path", async () => {
  let next = 0;
  const head = "async def main():\n    return 1\n#";
  const code = (text: string) => head + text.slice(head.length);
  await textLimit(limit("kCodeChars"), (text) => ["validate_code", { code: code(text) }]);
  await textLimit(limit("kCodeChars"), (text) => ["validate_code", { code: code(text) }], "ü");
  await textLimit(limit("kCodeChars"), (text) => [
    "create_tool",
    { server_id: server.id, name: `code${++next}`, python_code: code(text) },
  ]);
  const small = await createTool(box, server, "code_small", `${head}\n`);
  await textLimit(limit("kCodeChars"), (text) => [
    "update_tool",
    { tool_id: small.id, python_code: code(text) },
  ]);
});

test("notes have 2,000 characters", async () => {
  const made = await createTool(box, server, "noted", "async def main():\n    pass\n");
  const chars = limit("kNotesChars");
  await box.mcp.refusal("mcpbox_request_publish", { tool_id: made.id, notes: "x".repeat(chars + 1) });
  await box.mcp.manage("request_publish", { tool_id: made.id, notes: "x".repeat(chars) });
});

test("a time limit is between one second and five minutes", async () => {
  const made = await createTool(box, server, "timed", "async def main():\n    pass\n");
  const set = { tool_id: made.id };
  for (const timeout_ms of [
    limit("kTimeoutMinMs"),
    limit("kTimeoutMinMs") + 1,
    limit("kTimeoutMaxMs") - 1,
    limit("kTimeoutMaxMs"),
  ])
    await box.mcp.manage("update_tool", { ...set, timeout_ms });
  for (const timeout_ms of [limit("kTimeoutMinMs") - 1, limit("kTimeoutMaxMs") + 1])
    await box.mcp.refusal("mcpbox_update_tool", { ...set, timeout_ms });
});

test("a page has at most a hundred items", async () => {
  for (const page_size of [1, limit("kPageMax") - 1, limit("kPageMax")])
    assert.ok((await box.mcp.manage("list_servers", { page_size })).servers.length >= 1);
  await box.mcp.refusal("mcpbox_list_servers", { page_size: limit("kPageMax") + 1 });
  await box.mcp.refusal("mcpbox_list_servers", { page_size: 0 });
  await box.mcp.refusal("mcpbox_list_servers", { page: 0 });
});

test("a result is whole up to one megabyte and an error that says so beyond", async () => {
  const most = limit("kResultBytes");
  for (const size of [most - 1024, most - 3]) {
    const result = await box.mcp.call("limits__make", { size });
    assert.equal(textOf(result).length, size);
  }
  const beyond = await box.mcp.refusal("limits__make", { size: most + 1 });
  assert.match(beyond, new RegExp(`${most}`));
});

test("printed output is kept up to one megabyte and cut with a marker beyond", async () => {
  const most = limit("kOutputBytes");
  const printed = async (size: number) => {
    const result = await box.mcp.call("limits__print", { size });
    assert.equal(textOf(result), "done");
    return result._meta?.execution?.stdout ?? "";
  };
  assert.equal((await printed(most)).length, most);
  const cut = await printed(most + 1);
  assert.ok(cut.length > most && /cut/.test(cut.slice(most)));
  assert.ok((await printed(100 * most)).length <= most + 200);
});

test("a server runs so many calls at once, and one more is told to wait and is not run", async () => {
  const most = limit("kCallsPerServer");
  const ended = Promise.all(
    Array.from({ length: most }, () => box.mcp.attempt("limits__nap", { seconds: 20 })),
  );
  await until("all of them to run", 60, async () => (await box.ctlJson("status")).calls_in_flight === most);
  const one = await box.mcp.refusal("limits__nap", { seconds: 0 });
  assert.match(one, /nothing was executed/i);
  assert.deepEqual([...new Set((await ended).map(({ kind }) => kind))], ["result"]);
  await box.mcp.call("limits__nap", { seconds: 0 });
});

test("a caller runs one draft at a time", async () => {
  const nap = await createTool(box, server, "nap_draft", NAP);
  const run = (seconds: number) =>
    box.mcp.attempt("mcpbox_test_code", { tool_id: nap.id, arguments: { seconds } });
  const first = run(6);
  await until("the draft to run", 20, async () => (await box.ctlJson("status")).calls_in_flight >= 1);
  const second = await run(0);
  assert.ok(second.kind === "tool-error" || second.kind === "rpc-error", JSON.stringify(second));
  assert.match(second.text, /still running|wait/i);
  assert.equal((await first).kind, "result");
  assert.equal((await run(0)).kind, "result");
});

test("a list longer than a page has a cursor, and no tool is lost or doubled between pages", async () => {
  const names = Array.from(
    { length: limit("kToolsPerListPage") + 3 },
    (_, i) => `t${String(i).padStart(3, "0")}`,
  );
  const code = "async def main():\n    return 'x'\n";
  const first = await publish(box, "many", names[0]!, code);
  for (const name of names.slice(1)) await publishAnother(box, first, name, code);
  const expected = names.map((name) => `many__${name}`);
  const listed = await box.mcp.toolNames();
  assert.deepEqual(
    listed.filter((name) => name.startsWith("many__")),
    expected,
  );
  assert.equal(new Set(listed).size, listed.length);
  const page = await box.mcp.post("tools/list");
  assert.ok(page.result?.["nextCursor"], "the first page is not all");
  await box.mcp.manage("stop_server", { server_id: first.server });
});

test("the oldest idle session makes room for one more", async () => {
  const first = await Session.open(box.port);
  for (let i = 0; i < limit("kSessions") - 1; ++i) await Session.open(box.port);
  await first.post(rpc("ping")); // used just now, so it is not the one idle for longest
  await Session.open(box.port);
  assert.equal((await first.post(rpc("ping"))).status, 200);
});

test("event streams are given out up to their number, and one more is told so", async () => {
  const opened: Connection[] = [];
  /** A stream of a session's own: a second one of the same session would replace the first. */
  const open = async (session: Session) => {
    const headers = session.headers({ Accept: "text/event-stream", "Content-Type": undefined });
    const connection = await Connection.open(box.port);
    opened.push(connection);
    connection.send(bytesOf(box.port, { method: "GET", headers }));
    await connection.wait(() => /\r\n\r\n/.test(connection.soFar));
    return /^HTTP\/1\.1 (\d+)/.exec(connection.soFar)?.[1];
  };
  const first = await Session.open(box.port);
  assert.equal(await open(first), "200");
  for (let i = 1; i < limit("kStreams"); ++i)
    assert.equal(await open(await Session.open(box.port)), "200", `stream ${i + 1}`);
  const late = await Session.open(box.port);
  assert.equal(await open(late), "503");
  for (const connection of opened) connection.close();
  await until("a stream to be free again", 30, async () => (await open(late)) === "200");
  assert.equal(await open(late), "200");
  const [before_, now] = opened.slice(-2);
  const ended = ({ soFar }: Connection) => soFar.endsWith("\r\n0\r\n\r\n");
  await before_!.wait(() => ended(before_!));
  assert.ok(ended(before_!) && !ended(now!), "a session's new stream ends its old one");
  now!.close();
});

// Opens as many control connections as it is told to, says how many were closed at once, and keeps the rest.
const CROWD = `
import socket, sys
crowd = [socket.socket(socket.AF_UNIX) for _ in range(int(sys.argv[2]))]
closed = 0
for one in crowd:
    one.connect(sys.argv[1])
for one in crowd:
    one.settimeout(1)
    try:
        closed += one.recv(1) == b""
    except ConnectionError:
        closed += 1
    except TimeoutError:
        pass
print(closed, flush=True)
sys.stdin.read()
`;

test("a user who opens too many control connections keeps four, and never keeps root out", async () => {
  const user = { uid: 65534 };
  const kept = limit("kCtlClientsPerUser");
  const count = kept + 6;
  const command = ["/usr/bin/python3", "-c", CROWD, `${box.state}/control.sock`, `${count}`];
  const [program, ...rest] = asUser(user, command);
  const crowd = spawn(program!, rest, { stdio: ["pipe", "pipe", "inherit"] });
  let said = "";
  crowd.stdout.on("data", (bytes: Buffer) => (said += bytes.toString()));
  await until("the crowd to be counted", 30, () => said.endsWith("\n"));
  assert.equal(Number(said), count - kept);
  assert.equal((await box.ctl(["status"], { as: user })).code, 3, "one more of that user is closed");
  assert.equal((await box.ctl(["status"])).code, 0, "root is let in");
  crowd.stdin.end();
  await until(
    "that user to be let in again",
    20,
    async () => (await box.ctl(["status"], { as: user })).code === 0,
  );
});

test("after all of this the daemons are the same processes with the same memory and files", async () => {
  await assertSteady(box, start);
  const ping = await reply(box.port, { body: JSON.stringify(rpc("tools/list")) });
  assert.equal(ping.status, 400, "and as strict as before");
});

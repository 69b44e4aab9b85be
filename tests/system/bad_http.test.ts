// Bytes that are not the HTTP of any honest client: broken framing, too much, too slow, too many.  The gateway answers
// with an error or closes; it never confuses two requests, and it goes on serving everybody else.
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { after, afterEach, before, test } from "node:test";

import { type Answer, ask, bytesOf, Connection, exchange, rpcOf } from "./harness/http.ts";
import { Instance } from "./harness/instance.ts";
import { limit } from "./harness/limits.ts";
import { isAlive, residentMib } from "./harness/processes.ts";
import { assertSteady, type Snapshot, snapshot } from "./harness/steady.ts";
import { explainFailure, publish, type Tool } from "./harness/story.ts";
import { modern, rpc, Session } from "./harness/wire.ts";
import { sleep, until } from "./harness/wait.ts";

let box: Instance;
let tool: Tool;
let session: Session;
let start: Snapshot;

before(async () => {
  box = await Instance.started();
  tool = await publish(box, "plain", "echo", "async def main(text: str):\n    return text\n");
  session = await Session.open(box.port);
  start = await snapshot(box);
});
after(async () => {
  await box?.stop();
  box?.destroy();
});
afterEach(explainFailure(() => box));

async function stillServes(): Promise<void> {
  assert.equal((await session.post(rpc("ping"))).status, 200);
}

/** Either an error status or a closed connection; never a success. */
function isRefused(answer: Answer, what: string): void {
  const closed = answer.status === 0 && answer.closed;
  assert.ok(
    closed || (answer.status >= 400 && answer.status < 600),
    `${what}: ${answer.status} ${answer.body}`,
  );
}

const head = (...lines: string[]) => `${lines.join("\r\n")}\r\n\r\n`;
const PING = JSON.stringify(rpc("ping"));

/** The header lines of a good ping, so that a test can spoil one. */
function good(): string[] {
  return [
    `Host: 127.0.0.1:${box.port}`,
    "Content-Type: application/json",
    "Accept: application/json, text/event-stream",
    `Mcp-Session-Id: ${session.id}`,
    "MCP-Protocol-Version: 2025-11-25",
  ];
}

test("bytes that are not HTTP are refused", async () => {
  const garbage = [
    "\r\n\r\n\r\n\r\n",
    "hello\r\n\r\n",
    "GET\r\n\r\n",
    "GET /mcp\r\n\r\n",
    "GET /mcp HTTP/9.9\r\n\r\n",
    "POST /mcp HTTP/1.1\r\nHost\r\n\r\n",
    "POST /mcp HTTP/1.1\r\n: x\r\n\r\n",
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".padEnd(200, "\x00"),
    "\0".repeat(1000),
    `POST http://evil.example/mcp HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 0\r\n\r\n`,
  ];
  for (const bytes of garbage) {
    const connection = await Connection.open(box.port);
    connection.send(Buffer.from(bytes, "latin1"));
    connection.socket.end();
    isRefused(await connection.answer(30_000), JSON.stringify(bytes.slice(0, 40)));
    connection.close();
  }
  await stillServes();
});

test("a body has one length, or the request is refused", async () => {
  const length = PING.length;
  const framings = [
    [`Content-Length: ${length}`, `Content-Length: ${length + 1}`],
    [`Content-Length: ${length}, ${length + 1}`],
    ["Content-Length: -1"],
    ["Content-Length: 1e3"],
    ["Content-Length: 0x20"],
    ["Content-Length: "],
    [`Content-Length: ${"9".repeat(30)}`],
    [`Content-Length: ${length}`, "Transfer-Encoding: chunked"],
    ["Transfer-Encoding: chunked, identity"],
    ["Transfer-Encoding: gzip"],
  ];
  for (const lines of framings) {
    const answer = await exchange(box.port, head("POST /mcp HTTP/1.1", ...good(), ...lines) + PING, 30_000);
    isRefused(answer, lines.join(" | "));
  }
  await stillServes();
});

test("no second request can be hidden in the body of a first", async () => {
  const hidden = head("POST /mcp HTTP/1.1", ...good(), `Content-Length: ${PING.length}`) + PING;
  for (const lines of [
    [`Content-Length: ${hidden.length}`, "Transfer-Encoding: chunked"],
    ["Transfer-Encoding: chunked", "Content-Length: 4"],
    ["Transfer-Encoding : chunked"],
    ["Transfer-Encoding: xchunked"],
    ["Content-Length: 4", "Content-Length: 5"],
  ]) {
    const connection = await Connection.open(box.port);
    connection.send(`${head("POST /mcp HTTP/1.1", ...good(), ...lines)}0\r\n\r\n${hidden}`);
    await connection.wait(() => false, 1500);
    const answers = [...connection.soFar.matchAll(/^HTTP\/1\.1 \d/gm)].length;
    assert.ok(answers <= 1, `${lines.join(" | ")}: ${answers} answers\n${connection.soFar}`);
    assert.doesNotMatch(connection.soFar, /^HTTP\/1\.1 200/m, lines.join(" | "));
    connection.close();
  }
});

test("headers that must be there once are refused when they come twice", async () => {
  for (const [name, values] of Object.entries({
    Host: [`127.0.0.1:${box.port}`, "evil.example"],
    "Mcp-Session-Id": [session.id, "nobody"],
    "MCP-Protocol-Version": ["2025-11-25", "2026-07-28"],
    Origin: ["http://localhost", "https://evil.example"],
    "Content-Type": ["application/json", "text/plain"],
  })) {
    const answer = await ask(box.port, { headers: session.headers({ [name]: values }), body: PING });
    isRefused(answer, `${name} twice`);
  }
  isRefused(
    await ask(box.port, modern("tools/call", { name: tool.name }, { "Mcp-Name": [tool.name, "x"] })),
    "Mcp-Name",
  );
  isRefused(
    await exchange(box.port, head("POST /mcp HTTP/1.1", ...good().slice(1), "Content-Length: 0")),
    "no Host",
  );
});

test("a chunked body counts like any other", async () => {
  const chunk = (text: string) => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
  const start_ = head("POST /mcp HTTP/1.1", ...good(), "Transfer-Encoding: chunked");
  const whole = await exchange(
    box.port,
    `${start_}${chunk(PING.slice(0, 9))}${chunk(PING.slice(9))}0\r\n\r\n`,
  );
  assert.equal(whole.status, 200, whole.body);
  assert.deepEqual(rpcOf(whole).result, {});

  const big = await Connection.open(box.port);
  big.send(start_);
  const piece = chunk(" ".repeat(64 * 1024));
  for (let sent = 0; sent <= limit("kBodyBytes") && !big.closed; sent += 64 * 1024) big.send(piece);
  big.send("0\r\n\r\n");
  isRefused(await big.answer(), "a chunked body beyond the limit");
  big.close();
  for (const bad of ["zz\r\nab\r\n", "-1\r\n", "ffffffffffffffffff\r\n", "5\r\nabcdefgh\r\n0\r\n\r\n"])
    isRefused(await closedOrAnswered(start_ + bad), `chunk ${JSON.stringify(bad)}`);
});

/** For requests that never become complete: says what came, and closes our side so that the server need not wait. */
async function closedOrAnswered(bytes: string): Promise<Answer> {
  const connection = await Connection.open(box.port);
  connection.send(bytes);
  connection.socket.end();
  const answer = await connection.answer(30_000);
  connection.close();
  return answer;
}

test("a body is taken up to its limit and refused one byte beyond", async () => {
  for (const [bytes, status] of [
    [limit("kBodyBytes") - 1, 200],
    [limit("kBodyBytes"), 200],
    [limit("kBodyBytes") + 1, 413],
    [limit("kBodyBytes") * 3, 413],
  ] as const) {
    const answer = await ask(box.port, { headers: session.headers(), body: PING.padEnd(bytes) });
    assert.equal(answer.status, status, `${bytes} bytes: ${answer.body.slice(0, 200)}`);
  }
  const liar = head("POST /mcp HTTP/1.1", ...good(), `Content-Length: ${limit("kBodyBytes") + 1}`);
  assert.equal((await exchange(box.port, liar)).status, 413, "the length alone is enough: nothing was sent");
});

test("headers are taken up to their limit and refused one byte beyond", async () => {
  const padded = (bytes: number) => {
    const bare =
      bytesOf(box.port, { headers: session.headers({ "X-Pad": "" }), body: PING }).length - PING.length;
    const pad = "p".repeat(bytes - bare);
    return bytesOf(box.port, { headers: session.headers({ "X-Pad": pad }), body: PING });
  };
  for (const bytes of [limit("kHeaderBytes") - 1, limit("kHeaderBytes")])
    assert.equal((await exchange(box.port, padded(bytes))).status, 200, `${bytes} bytes`);
  const beyond = await exchange(box.port, padded(limit("kHeaderBytes") + 1));
  assert.equal(beyond.status, 400, beyond.body);
  isRefused(await exchange(box.port, padded(limit("kHeaderBytes") * 20)), "twenty times the limit");
  const many = "X: y\r\n".repeat(100_000);
  isRefused(await exchange(box.port, `POST /mcp HTTP/1.1\r\n${many}\r\n`), "a hundred thousand headers");
  const endless = await Connection.open(box.port);
  endless.send("GET /");
  for (let i = 0; i < 200 && !endless.closed; ++i) {
    endless.send("x".repeat(1024));
    if (i % 20 === 0) await sleep(1);
  }
  isRefused(await endless.answer(30_000), "a request line without an end");
  await stillServes();
});

test("HTTP/1.0 is refused, and requests in a row on one connection are answered one by one", async () => {
  const old = await exchange(
    box.port,
    `${head("POST /mcp HTTP/1.0", ...good(), `Content-Length: ${PING.length}`)}${PING}`,
  );
  assert.equal(old.status, 505, "the transport of MCP is HTTP/1.1");
  const connection = await Connection.open(box.port);
  for (let i = 0; i < 3; ++i) {
    connection.send(bytesOf(box.port, { headers: session.headers(), body: PING }));
    assert.equal((await connection.answer()).status, 200);
  }
  const body = (id: number) => JSON.stringify(rpc("ping", undefined, id));
  const three = [1, 2, 3].map((id) => bytesOf(box.port, { headers: session.headers(), body: body(id) }));
  connection.send(Buffer.concat(three));
  await connection.wait(() => connection.soFar.split("HTTP/1.1 200").length > 3);
  const ids = [...connection.soFar.matchAll(/"id": ?(\d)/g)].map((match) => match[1]);
  assert.deepEqual(ids, ["1", "2", "3"], "pipelined requests, in their order");
  connection.close();
});

test("a client that sends its request drop by drop is cut off, and nobody else waits", async () => {
  const slow = await Promise.all(Array.from({ length: 50 }, () => Connection.open(box.port)));
  const began = performance.now();
  const bytes = bytesOf(box.port, { headers: session.headers(), body: PING });
  let at = 0;
  const patience = limit("kHeaderSeconds") * 3 + 15;
  while (slow.some((connection) => !connection.closed)) {
    for (const connection of slow) connection.send(bytes.subarray(at, at + 1));
    at = Math.min(at + 1, bytes.length - 1); // never complete: the last byte stays unsent
    await stillServes();
    await sleep(500);
    const seconds = (performance.now() - began) / 1000;
    assert.ok(seconds < patience, `still connected after ${seconds} s`);
  }
  assert.ok(slow.every((connection) => !/^HTTP\/1\.1 200/.test(connection.soFar)));
});

test("a client that never reads its answer is cut off or costs nothing", async () => {
  const gateway = box.one("net-local");
  const before_ = residentMib(gateway.pid);
  const deaf = await Promise.all(Array.from({ length: 20 }, () => Connection.open(box.port)));
  const list = bytesOf(box.port, modern("tools/list"));
  for (const connection of deaf) {
    connection.socket.pause();
    for (let i = 0; i < 300; ++i) connection.send(list);
  }
  await sleep(3000);
  await stillServes();
  const grown = residentMib(gateway.pid) - before_;
  assert.ok(grown < 64, `the gateway grew by ${grown} MiB for twenty clients that do not read`);
  for (const connection of deaf) connection.close();
});

interface Idle {
  child: ChildProcess;
  seen: { connected: number; failed: number; closed: number; waiting: number };
}

const IDLE = 10_000;

async function openIdle(): Promise<Idle> {
  const script = new URL("harness/idle.ts", import.meta.url).pathname;
  const argv = [`--nofile=${IDLE + 500}`, process.execPath, script, `${box.port}`, `${IDLE}`];
  const child = spawn("prlimit", argv, { stdio: ["pipe", "pipe", "inherit"] });
  for await (const line of createInterface({ input: child.stdout })) return { child, seen: JSON.parse(line) };
  throw new Error("the idle clients ended without a word");
}

async function closeIdle({ child }: Idle): Promise<void> {
  child.stdin!.end();
  await until("the idle clients to end", 30, () => child.exitCode !== null);
}

test("ten thousand idle connections cost neither the daemons nor the next honest client", async () => {
  const gateway = box.one("net-local");
  const sizes: number[] = [];
  for (let round = 0; round < 3; ++round) {
    const idle = await openIdle();
    const { connected, failed, waiting } = idle.seen;
    assert.equal(connected + failed + waiting, IDLE);
    assert.ok(connected >= limit("kConnections"), `${connected} were connected`);
    assert.ok(isAlive(gateway), "the gateway lives");
    sizes.push(residentMib(gateway.pid));
    await closeIdle(idle);
    await until("an honest client to be served", 60, async () => {
      const answered = await session.post(rpc("ping")).catch(() => undefined);
      return answered?.status === 200;
    });
  }
  const [, second, third] = sizes;
  assert.ok(third! < second! + 8, `each round costs the same: ${sizes.join(", ")} MiB`);
});

test("after all of this the daemons are the same processes with the same memory and files", async () => {
  // What four thousand connections once needed is kept by the allocator; that it does not grow was seen above.
  await assertSteady(box, start, { mib: 32 });
  assert.equal((await box.mcp.call(tool.name, { text: "still here" })).content[0]?.text, "still here");
});

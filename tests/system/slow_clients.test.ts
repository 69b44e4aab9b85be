// Clients that take their time or leave: whoever opens more streams than there may be, reads a byte a second, or hangs
// up, is served or refused by the rules, and nobody else notices.
import assert from "node:assert/strict";
import { connect, type Socket } from "node:net";
import { after, afterEach, before, test } from "node:test";

import { Instance } from "./harness/instance.ts";
import { limit } from "./harness/limits.ts";
import { modernHeaders, modernMeta } from "./harness/mcp.ts";
import { explainFailure, publish, publishAnother, type Tool } from "./harness/story.ts";
import { sleep, until } from "./harness/wait.ts";
import { Session } from "./harness/wire.ts";

const BIG = 'async def main(size: int) -> str:\n    return "x" * size\n';
const NAP =
  "import asyncio\n\nasync def main(seconds: float) -> str:\n    await asyncio.sleep(seconds)\n    return 'awake'\n";
const STREAMS = 1000;

let box: Instance;
let port: number;
let big: Tool;
let nap: Tool;

before(async () => {
  box = await Instance.started();
  port = Number(new URL(box.url).port);
  big = await publish(box, "slow", "big", BIG);
  nap = await publishAnother(box, big, "nap", NAP);
});
after(async () => {
  await box?.stop();
  box?.destroy();
});
afterEach(explainFailure(() => box));

/** A request of 2026-07-28 as bytes. */
function bytesOf(method: string, params: Record<string, unknown>): string {
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params: { ...params, _meta: modernMeta() } });
  const lines = {
    Host: `127.0.0.1:${port}`,
    Accept: "application/json, text/event-stream",
    "Content-Type": "application/json",
    "Content-Length": `${Buffer.byteLength(body)}`,
    ...modernHeaders(method, params["name"] as string | undefined),
  };
  const head = Object.entries(lines).map(([name, value]) => `${name}: ${value}\r\n`);
  return `POST /mcp HTTP/1.1\r\n${head.join("")}\r\n${body}`;
}

const call = (tool: Tool, args: Record<string, unknown>) =>
  bytesOf("tools/call", { name: tool.name, arguments: args });

/** A connection that has sent this and reads nothing yet. */
function connected(bytes: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1" }, () => socket.write(bytes, () => resolve(socket)));
    socket.on("error", reject);
    socket.pause();
  });
}

/** The status of the answer that comes on this connection, whose rest is left alone. */
async function statusOn(socket: Socket): Promise<number> {
  const bytes: Buffer = await until("an answer", 60, () => socket.read() ?? undefined);
  return Number(/^HTTP\/1\.1 (\d{3})/.exec(bytes.toString("latin1"))?.[1]);
}

const others = async () => {
  const { isError, content } = await box.mcp.call(big.name, { size: 3 });
  assert.ok(!isError && content[0]!.text === "xxx", "another client's call");
};

test("of a thousand event streams those are served that there may be, and other clients notice nothing", async () => {
  const listen = bytesOf("subscriptions/listen", { notifications: { toolsListChanged: true } });
  const sockets = await Promise.all(Array.from({ length: STREAMS }, () => connected(listen)));
  try {
    const statuses = await Promise.all(sockets.map(statusOn));
    assert.equal(statuses.filter((status) => status === 200).length, limit("kStreams"));
    assert.equal(statuses.filter((status) => status === 503).length, STREAMS - limit("kStreams"));
    await others();
  } finally {
    for (const socket of sockets) socket.destroy();
  }
  await until("room for a new stream", 30, async () => {
    const socket = await connected(listen);
    const status = await statusOn(socket);
    socket.destroy();
    return status === 200;
  });
});

test("an answer that is read a byte a second waits for its reader, and holds up nobody else", async () => {
  const size = 400_000;
  const socket = await connected(call(big, { size }));
  try {
    let text = "";
    for (let second = 0; second < 5; ++second) {
      const byte: Buffer = await until("the next byte", 60, () => socket.read(1) ?? undefined);
      text += byte.toString("latin1");
      await Promise.all([others(), sleep(1000)]);
    }
    assert.equal(text, "HTTP/");
    await until("the rest", 60, () => {
      for (let more = socket.read(); more !== null; more = socket.read()) text += more.toString("latin1");
      return text.includes("isError");
    });
    assert.ok(text.includes("x".repeat(size)), "all of the result, as it was made");
  } finally {
    socket.destroy();
  }
});

/** The entry of the call with these arguments, once it is over. */
const logged = (seconds: number) =>
  until("the call in the log", 60, async () => {
    const { logs } = await box.mcp.manage("get_tool_logs", { tool_id: nap.id, limit: 50 });
    return logs.find((entry: any) => `${entry.input_args}`.includes(`${seconds}`));
  });

test("hanging up ends a call of 2026-07-28", async () => {
  const socket = await connected(call(nap, { seconds: 25.5 }));
  await until("the call to run", 60, async () => (await box.ctlJson("status")).calls_in_flight > 0);
  const began = performance.now();
  socket.destroy();
  const entry = await logged(25.5);
  assert.equal(entry.end, "cancelled");
  assert.ok(performance.now() - began < 20_000, "long before it would have ended by itself");
});

test("hanging up does not end a call of 2025-11-25", async () => {
  const session = await Session.open(port);
  const body = JSON.stringify({
    jsonrpc: "2.0",
    id: 5,
    method: "tools/call",
    params: { name: nap.name, arguments: { seconds: 1.25 } },
  });
  const lines = {
    Host: `127.0.0.1:${port}`,
    Accept: "application/json, text/event-stream",
    "Content-Type": "application/json",
    "Content-Length": `${body.length}`,
    ...(session.headers() as Record<string, string>),
  };
  const head = Object.entries(lines).map(([name, value]) => `${name}: ${value}\r\n`);
  const socket = await connected(`POST /mcp HTTP/1.1\r\n${head.join("")}\r\n${body}`);
  await sleep(300); // the request is read; what follows is right whenever it was
  socket.destroy();
  assert.equal((await logged(1.25)).success, true);
});

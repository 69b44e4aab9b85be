// The network of tools under attack, through the real daemons in a network namespace of the test's own: servers and
// call children that break every rule, crowds, processes that are killed in the middle, and sealed secrets.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { after, afterEach, before, test } from "node:test";

import type { Instance } from "./harness/instance.ts";
import { textOf } from "./harness/mcp.ts";
import { insideNamespace } from "./harness/namespace.ts";
import { FETCH, type Fetched, World } from "./harness/network_world.ts";
import { BROKEN_PATHS } from "./harness/servers.ts";
import { explainFailure, publish, publishAnother, type Tool } from "./harness/story.ts";
import { until } from "./harness/wait.ts";

insideNamespace();

// What no honest runtime does: a frame of the tool's own making, on the runtime's own socket.
const RAW = `
import httpx

async def main(op: int, payload: str) -> str:
    cells = type(http._transport)._handle.__closure__
    link = next(cell.cell_contents for cell in cells if hasattr(cell.cell_contents, "ops"))
    link.send(op, bytes.fromhex(payload))
    try:
        return str((await http.get("http://api.test/hello")).status_code)
    except httpx.HTTPError as error:
        return f"{type(error).__name__}: {error}"
`;

const HOSTS = ["api.test", "wrong.test", "silent.test"];

let net: World;
let box: Instance;
let tool: Tool;

before(async () => {
  net = await World.build(HOSTS);
  ({ box, tool } = net);
});
after(() => net?.remove());
afterEach(explainFailure(() => box));

test("a hostile server costs its own exchange and nothing else", async () => {
  for (const path of [...BROKEN_PATHS, "/endless-headers"]) {
    const reply = await net.fetched(`http://api.test:81${path}`, { seconds: 5 });
    assert.ok(
      ["RemoteProtocolError", "ReadError"].includes(reply.error ?? ""),
      `${path}: ${JSON.stringify(reply)}`,
    );
  }
  assert.equal((await net.fetched("http://api.test/hello")).status, 200);
});

test("one byte a second for ever costs the call its time, and the server its connection", async () => {
  const short = await publishAnother(box, tool, "short", FETCH, { timeout_ms: 5000 });
  const egress = box.one("egress");
  const before = net.internet.seen.length;
  const drip = await box.mcp.attempt(short.name, { url: "http://api.test/drip", seconds: 60 });
  assert.equal(drip.kind, "tool-error", JSON.stringify(drip));
  assert.match((drip as { text: string }).text, /5 s/);
  assert.equal(net.internet.seen.length - before, 1, "it was asked once");
  await until("the connection to be closed", 20, () => net.internet.now === 0);
  assert.equal(box.one("egress").pid, egress.pid);
});

test("a bomb is the call's own to unpack: egress passes on what came", async () => {
  const egress = box.one("egress");
  const before = net.internet.seen.length;
  const bomb = await box.mcp.attempt(tool.name, { url: "http://api.test/bomb" });
  if (bomb.kind === "result")
    assert.equal((bomb.result.structuredContent as Fetched).bytes, 64 << 20, JSON.stringify(bomb));
  else assert.match(JSON.stringify(bomb), /memory/i);
  assert.equal(net.internet.seen.length - before, 1);
  const rss = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${egress.pid}/status`, "latin1"))?.[1]);
  assert.ok(rss < 40 << 10, `${rss} KiB of memory`);
  assert.equal(box.one("egress").pid, egress.pid, "egress went on");
  assert.equal((await net.fetched("http://api.test/hello")).status, 200);
});

test("a hostile call child loses its own network and nobody else's", async () => {
  const raw = await publishAnother(box, tool, "raw", RAW);
  const egress = box.one("egress");
  const FETCH_START = 3000;
  const FETCH_BODY = 3001;
  for (const [op, payload] of [
    [1, ""], // Hello
    [9999, "00"],
    [FETCH_START, ""],
    [FETCH_START, "01000000".repeat(40)],
    [FETCH_BODY, `0100000001${"ff".repeat(4)}`], // four gigabytes, it says
  ] as const) {
    const said = textOf(await box.mcp.call(raw.name, { op, payload }));
    assert.match(said, /^ConnectError: .*call the tool again/, `${op}: ${said}`);
  }
  assert.equal((await net.fetched("http://api.test/hello")).status, 200);
  assert.equal(box.one("egress").pid, egress.pid, "egress went on");
});

// Each runs 32 calls at most.
const SERVERS = ["net", "net2", "net3", "net4", "net5", "net6", "net7"];
const CROWD = 200;
const AT_ONCE = 20;
let fetching: string[]; // the names of FETCH, of each server
let twice: string[]; // of TWICE

// One request, and when that is answered another one to another port, for which no connection is kept.
const TWICE = `
import httpx

async def main(url: str, seconds: float) -> dict:
    async with httpx.AsyncClient(timeout=seconds) as client:
        first = (await client.get(url)).text
    try:
        async with httpx.AsyncClient(timeout=30) as client:
            return {"first": first, "body": (await client.get("https://api.test/hello")).text}
    except httpx.HTTPError as error:
        return {"first": first, "error": type(error).__name__, "text": str(error)}
`;

test("a crowd of servers is there", async () => {
  const patient = { timeout_ms: 300_000 };
  fetching = [];
  twice = [];
  for (const server of SERVERS) {
    const first = server === "net" ? tool : await publish(box, server, "fetch", FETCH);
    if (server !== "net") await net.allow(server, "api.test");
    fetching.push((await publishAnother(box, first, "patient", FETCH, patient)).name);
    twice.push((await publishAnother(box, first, "twice", TWICE, patient)).name);
  }
});

/** So many calls, of all servers in turns, each with a request that its server holds.  A few are begun at a time: how many a
 *  machine starts within a call's patience is not the question.  Returns what they return, later. */
async function crowd(tools: string[]): Promise<{ replies: Promise<Fetched[]> }> {
  const url = "http://api.test/held";
  const { held } = net.internet;
  const one = async (number: number) => {
    for (;;) {
      const ending = await box.mcp.attempt(tools[number % tools.length]!, { url, seconds: 280 });
      if (ending.kind === "result") return ending.result.structuredContent as unknown as Fetched;
      assert.match(ending.text, /nothing was executed/, JSON.stringify(ending));
    }
  };
  const all: Promise<Fetched>[] = [];
  while (all.length < CROWD) {
    const next = Array.from({ length: AT_ONCE }, (_, number) => one(all.length + number));
    next.forEach((call) => call.catch(() => {})); // it is looked at with the others
    all.push(...next);
    await until(`${all.length} calls to have a request under way`, 120, () => held.length === all.length);
  }
  return { replies: Promise.all(all) };
}

test("two hundred calls fetch at the same time", async () => {
  const { replies } = await crowd(fetching);
  for (const reply of net.internet.held.splice(0)) reply.end("at last");
  assert.deepEqual([...new Set((await replies).map((one) => one.body))], ["at last"]);
  assert.equal(net.internet.held.length, 0, "each fetched once");
});

test("[egress] is killed under two hundred calls: each fails clearly, and the next ones work", async () => {
  const old = box.one("egress");
  const { replies } = await crowd(fetching);
  process.kill(old.pid, "SIGKILL");
  for (const reply of await replies) {
    assert.equal(reply.error, "ConnectError", JSON.stringify(reply));
    assert.match(reply.text, /the process that carries it ended.*call the tool again/);
  }
  await worksAgain("egress", old.pid);
  assert.equal(net.internet.held.splice(0).length, CROWD, "nothing was sent again");
});

test("[dial] is killed under two hundred calls: each fails clearly, and the next ones work", async () => {
  const old = box.one("dial");
  const { replies } = await crowd(twice);
  process.kill(old.pid, "SIGKILL");
  await until("the dialer to be gone", 30, () => !box.processes("dial").some(({ pid }) => pid === old.pid));
  for (const reply of net.internet.held.splice(0)) reply.end("first");
  for (const reply of (await replies) as (Fetched & { first: string })[]) {
    assert.equal(reply.first, "first", "what was connected goes on");
    assert.equal(reply.error, "ConnectError", JSON.stringify(reply));
    assert.match(reply.text, /the process that connects was started again|the dialer is being started again/);
  }
  assert.equal(net.internet.held.length, 0, "nobody was connected to");
  await worksAgain("dial", old.pid);
});

test("[dial] is killed while a name is looked up: the call fails clearly, and the next one works", async () => {
  const old = box.one("dial");
  const before = net.asked.get("silent.test") ?? 0;
  const cut = net.fetched("http://silent.test/", { seconds: 30 });
  await until("the name to be looked up", 20, () => (net.asked.get("silent.test") ?? 0) > before);
  process.kill(old.pid, "SIGKILL");
  const reply = await cut;
  assert.equal(reply.error, "ConnectError", JSON.stringify(reply));
  assert.ok(reply.text.length > 20, reply.text);
  await worksAgain("dial", old.pid);
});

async function worksAgain(role: "egress" | "dial", old: number): Promise<void> {
  await until(`a new [${role}]`, 30, () => box.processes(role).some(({ pid }) => pid !== old));
  await until(
    "a fetch to succeed",
    30,
    async () => (await net.fetched("http://api.test/hello")).status === 200,
  );
}

test("a sealed secret goes to its host, port and place, over TLS, and comes back from nowhere", async () => {
  const value = `sealed-${createHash("sha256").update(`${Date.now()}`).digest("base64url")}`;
  const set = (key: string, ...binding: string[]) =>
    box.ctl(["secret", "set", "net", key, ...binding], { input: value });
  for (const ran of [
    await set("TOKEN", "--host", "api.test"),
    await set("PASSWORD", "--host", "api.test", "--place", "basic", "--template", "bob:{}"),
  ])
    assert.equal(ran.code, 0, ran.stderr);
  const bearer = { headers: { Authorization: "Bearer {TOKEN}" } };

  const reply = await net.fetched("https://api.test/echo", bearer);
  assert.equal(net.secure.seen.at(-1)!.headers["authorization"], `Bearer ${value}`);
  assert.equal(net.secure.seen.at(-1)!.headers["accept-encoding"], "identity");
  assert.equal(reply.headers["x-echo"], `Bearer ${"*".repeat(value.length)}`);
  assert.ok(!JSON.stringify(reply).includes(value), "the echo is redacted");

  const basic = await net.fetched("https://api.test/echo", { user: "bob" });
  const credentials = Buffer.from(`bob:${value}`).toString("base64");
  assert.equal(net.secure.seen.at(-1)!.headers["authorization"], `Basic ${credentials}`);
  assert.ok(
    !JSON.stringify(basic).includes(value) && !JSON.stringify(basic).includes(credentials.slice(8, -4)),
  );

  const before = net.internet.seen.length + net.secure.seen.length;
  const refused = /placeholder of a sealed secret and is not sent/;
  await net.fails("http://api.test/echo", "LocalProtocolError", /bound to another host or port/, bearer);
  await net.fails("https://wrong.test/echo", "LocalProtocolError", /bound to another host or port/, bearer);
  await net.fails("https://api.test/echo", "LocalProtocolError", refused, {
    headers: { "X-Other": "{TOKEN}" },
  });
  await net.fails("https://api.test/echo", "LocalProtocolError", refused, {
    headers: { Authorization: "{TOKEN}" },
  });
  await net.fails("https://api.test/echo", "LocalProtocolError", refused, { user: "eve" });
  assert.equal(net.internet.seen.length + net.secure.seen.length, before, "nothing of it was sent");
  // To its host and port, but in clear to a public address.
  assert.equal((await set("CLEAR", "--host", "api.test", "--port", "80")).code, 0);
  await net.fails("http://api.test/echo", "LocalProtocolError", /TLS/, {
    headers: { Authorization: "Bearer {CLEAR}" },
  });
  assert.equal(net.internet.seen.length + net.secure.seen.length, before);
  // And in clear to an approved host of the local network.
  await net.allow("net", "nas.lan", "--port", "8080", "--private");
  assert.equal(
    (await set("HOME", "--host", "nas.lan", "--port", "8080", "--name", "X-Key", "--template", "{}")).code,
    0,
  );
  assert.equal(
    (await net.fetched("http://nas.lan:8080/echo", { headers: { "X-Key": "{HOME}" } })).status,
    200,
  );
  assert.equal(net.lan.seen.at(-1)!.headers["x-key"], value);

  const actions = (await box.ctl(["audit", "show"])).stdout;
  assert.match(actions, /read_secret/);
  assert.match(actions, /secret_refused/);
  assert.ok(!actions.includes(value) && !box.log().includes(value));
});

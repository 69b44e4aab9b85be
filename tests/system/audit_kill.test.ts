// What must hold when processes are killed, and the database goes away, in the middle of 64 callers: no call whose
// reply a client saw is missing from the chain, every call that had an effect elsewhere has its intent, the chain
// verifies afterwards, and service resumes.
import assert from "node:assert/strict";
import { createServer as createHttp, type Server } from "node:http";
import { type AddressInfo, connect, createServer as createTcp, type Socket } from "node:net";
import { after, afterEach, before, test } from "node:test";

import { accountOf, callOf, verifyExport, verifyLive } from "./harness/audit.ts";
import { exported } from "./harness/chain.ts";
import { Instance } from "./harness/instance.ts";
import { modernHeaders, modernMeta } from "./harness/mcp.ts";
import { Postgres } from "./harness/postgres.ts";
import { run } from "./harness/run.ts";
import { explainFailure, publish, type Tool } from "./harness/story.ts";
import { sleep, until } from "./harness/wait.ts";

// Private, and no loopback, which nobody can grant; one of its own, since another run of this test may be beside it.
const ADDRESS = `10.77.${(process.pid >> 8) & 255}.${process.pid & 255}`;
const CALLERS = 64;
const SERVE_SECONDS = 180; // beside other work; nothing is passed by waiting
const ROUNDS = Number(process.env["MCPBOX_ROUNDS"] ?? 1); // `make test-long` takes more
const ECHO = "async def main(text: str):\n    return text\n";

const pick = (port: number) =>
  `async def main(text: str):\n    r = await http.get("http://${ADDRESS}:${port}/" + text)\n    return r.text\n`;

let latest: Instance;
let counter: Server;
const effects = new Set<string>();
let made = 0;

/** Callers that each make one call after the other, and what each of them sent and saw. */
class Callers {
  readonly bodies = new Map<string, string>(); // by text: the request's body as sent
  readonly seen = new Map<string, string>(); // by text: the id of the call whose reply arrived
  readonly refusals: string[] = [];
  private going = true;
  private readonly workers: Promise<void>[];

  constructor(url: string, tools: Tool[]) {
    this.workers = Array.from({ length: CALLERS }, async (_, at) => {
      while (this.going) await this.one(url, tools[at % tools.length]!.name);
    });
  }

  private async one(url: string, tool: string): Promise<void> {
    const text = `t${++made}`;
    const params = { name: tool, arguments: { text }, _meta: modernMeta() };
    const body = JSON.stringify({ jsonrpc: "2.0", id: made, method: "tools/call", params });
    this.bodies.set(text, body);
    const headers = {
      "Content-Type": "application/json",
      Accept: "application/json, text/event-stream",
      ...modernHeaders("tools/call", tool),
    };
    try {
      const response = await fetch(url, { method: "POST", headers, body });
      const reply = JSON.parse(await response.text());
      if (reply.error || reply.result.isError) {
        this.refusals.push(reply.error?.message ?? reply.result.content[0].text);
        await sleep(50);
      } else {
        this.seen.set(text, callOf(reply.result));
      }
    } catch {
      await sleep(50); // the connection was closed
    }
  }

  async stop(): Promise<void> {
    this.going = false;
    await Promise.all(this.workers);
  }
}

/** BLAKE2b-256 of each after its length, as the chain has it in an intent. */
async function digestsOf(bodies: string[]): Promise<string[]> {
  const program =
    "import hashlib, json, sys\n" +
    "of = lambda b: hashlib.blake2b(len(b).to_bytes(8, 'little') + b, digest_size=32).hexdigest()\n" +
    "print(json.dumps([of(b.encode()) for b in json.load(sys.stdin)]))";
  const ran = await run(["/usr/bin/python3", "-c", program], { input: JSON.stringify(bodies) });
  assert.equal(ran.code, 0, ran.stderr);
  return JSON.parse(ran.stdout);
}

/** After a disaster: everything that was seen, and everything that had an effect, is in the chain, which is whole. */
async function everythingIsRecorded(box: Instance, callers: Callers, earlier: number): Promise<void> {
  await verifyLive(box);
  const { file, records } = await exported(box);
  const { outcomes, unknown } = accountOf(records, earlier);
  for (const [text, call] of callers.seen)
    assert.ok(outcomes.has(call), `the outcome of ${text} is recorded`);
  const intents = new Set(records.filter(({ kind }) => kind === 1).map(({ bytes }) => bytes.toString("hex")));
  const mine = [...effects].filter((text) => callers.bodies.has(text));
  const digests = await digestsOf(mine.map((text) => callers.bodies.get(text)!));
  digests.forEach((digest, at) => assert.ok(intents.has(digest), `the intent of ${mine[at]} is recorded`));
  assert.ok(mine.length > 0, "some calls had an effect");
  const checked = await verifyExport(box, file);
  assert.equal(checked.code, 0, checked.stdout);
  console.log(
    `${callers.seen.size} replies seen, ${mine.length} effects, ${outcomes.size} outcomes, ${unknown.size} unknown`,
  );
}

interface Tools {
  called: Tool[]; // by 64 callers: one that only answers, and one that has an effect at a server of ours
  free: Tool; // that no caller keeps busy
}

/** On a server of MCPbox's each, which lets 32 of its calls run at once. */
async function tools(box: Instance): Promise<Tools> {
  const { port } = counter.address() as AddressInfo;
  const echo = await publish(box, "chain", "echo", ECHO);
  const fetch_ = await publish(box, "effects", "pick", pick(port));
  const words = ["network", "add", "effects", ADDRESS, "--port", `${port}`, "--private", "--yes"];
  const granted = await box.ctl(words);
  assert.equal(granted.code, 0, granted.stderr);
  return { called: [echo, fetch_], free: await publish(box, "free", "echo", ECHO) };
}

async function answers(box: Instance, { called, free }: Tools): Promise<void> {
  for (const { name } of [...called.slice(0, 1), free])
    await until("a call to succeed", SERVE_SECONDS, async () => {
      return (await box.mcp.attempt(name, { text: "again" })).kind === "result";
    });
}

async function disaster(
  box: Instance,
  all: Tools,
  strike: () => void,
  back: () => Promise<void>,
): Promise<void> {
  const earlier = (await exported(box)).records.length;
  const callers = new Callers(box.url, all.called);
  const known = effects.size;
  await until("calls to succeed", SERVE_SECONDS, () => {
    return callers.seen.size > 2 * CALLERS && effects.size > known + 8;
  });
  strike();
  await back();
  await callers.stop();
  await answers(box, all);
  await everythingIsRecorded(box, callers, earlier);
}

before(async () => {
  assert.equal(
    (await run(["ip", "address", "add", `${ADDRESS}/32`, "dev", "lo"])).code,
    0,
    "an address to reach",
  );
  counter = createHttp((request, response) => {
    effects.add(request.url!.slice(1));
    response.end("counted");
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  counter.listen(0, ADDRESS, resolve);
  await promise;
});
after(async () => {
  counter.closeAllConnections();
  counter.close();
  await run(["ip", "address", "del", `${ADDRESS}/32`, "dev", "lo"]);
});
afterEach(explainFailure(() => latest));

test("the monitor, and the database, are killed under 64 callers, again and again", async (context) => {
  const box = (latest = await Instance.started());
  const all = await tools(box);
  const restart = async () => {
    await until("the instance to end", SERVE_SECONDS, () => box.family().length === 0);
    await box.start();
  };
  for (let round = 1; round <= ROUNDS; round++) {
    await context.test(`kill -9 of the monitor (${round})`, () =>
      disaster(box, all, () => process.kill(box.one("priv").pid, "SIGKILL"), restart),
    );
    await context.test(`kill -9 of PostgreSQL (${round})`, () =>
      disaster(box, all, () => process.kill(box.database().pid, "SIGKILL"), restart),
    );
  }
  await box.stop();
  box.destroy();
});

/** Between the monitor and its database: it can cut every connection, and refuse new ones. */
class Wire {
  port = 0;
  private cut = false;
  private readonly sockets = new Set<Socket>();
  private readonly server;

  constructor(target: number) {
    this.server = createTcp((near) => {
      if (this.cut) return void near.destroy();
      const far = connect(target, "127.0.0.1");
      for (const socket of [near, far]) {
        this.sockets.add(socket);
        socket.on("error", () => undefined);
        socket.on("close", () => {
          this.sockets.delete(socket);
          near.destroy();
          far.destroy();
        });
      }
      near.pipe(far).pipe(near);
    });
  }

  async open(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.server.listen(0, "127.0.0.1", resolve);
    await promise;
    this.port = (this.server.address() as AddressInfo).port;
  }
  breakNow(): void {
    this.cut = true;
    for (const socket of this.sockets) socket.destroy();
  }
  mend(): void {
    this.cut = false;
  }
  close(): void {
    this.breakNow();
    this.server.close();
  }
}

test("the database's socket is cut under 64 callers, again and again, and nobody restarts anything", async (context) => {
  const postgres = await Postgres.started();
  const wire = new Wire(postgres.port);
  try {
    await wire.open();
    await postgres.sql("CREATE ROLE app LOGIN PASSWORD 'secret'");
    await postgres.makeDatabase("box", "app");
    const box = (latest = await Instance.create(
      undefined,
      `postgresql://app:secret@127.0.0.1:${wire.port}/box?sslmode=disable`,
    ));
    await box.start();
    const monitor = box.one("priv");
    const all = await tools(box);
    // For a moment, and until calls are refused.
    const cuts = Array.from({ length: ROUNDS }, () =>
      ROUNDS > 1 ? ["moment", "second", "long"] : ["long"],
    ).flat();
    for (const [round, long] of cuts.entries())
      await context.test(`cut: ${long} (${round + 1})`, async () => {
        await disaster(
          box,
          all,
          () => wire.breakNow(),
          async () => {
            if (long === "second") await sleep(1000);
            if (long === "long") {
              const refused = await box.mcp.refusal(all.free.name, { text: "while it is away" });
              assert.match(refused, /audit log cannot be written/);
            }
            wire.mend();
          },
        );
        assert.equal(box.one("priv").pid, monitor.pid, "the monitor went on");
      });
    await box.stop();
    box.destroy();
  } finally {
    wire.close();
    postgres.destroy();
  }
});

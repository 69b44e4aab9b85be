// Every kind of record, one test each: what causes it is done to a real instance, and the record stands in the chain
// with its kind and its actor, once, and nothing stands beside it that this did not cause.
import assert from "node:assert/strict";
import { appendFileSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { after, afterEach, before, test } from "node:test";

import { exported, type Recorded } from "./harness/chain.ts";
import { freePort, Instance } from "./harness/instance.ts";
import { account } from "./harness/postgres.ts";
import { run, type User } from "./harness/run.ts";
import {
  approve,
  createServer,
  createTool,
  explainFailure,
  publish,
  publishAnother,
  type Tool,
} from "./harness/story.ts";
import { bodyOf, Tunnel, WORKER_TOKEN, WORKER_URL, WorkerKey } from "./harness/sworn.ts";
import { until } from "./harness/wait.ts";

const GROUP = "games"; // any group that every Debian has
const PASSWORD = "correct horse battery";
const SECONDS = 30;
const KINDS = readFileSync(resolve(import.meta.dirname, "../../privsep/audit/actions.h"), "utf8");
const ACTION = /^ {4}\{ "(\w+)", +"([a-z ]+)", +"/gm;
const CODE = "async def main(text: str = ''):\n    return text\n";
// A system call that no call may make: the jail kills it.
const FORBIDDEN = "import asyncio\n\ndef main():\n    asyncio.events.os.sync()\n";

// Sends a sealed secret where it may go, or where it may not; nobody listens there, which does not matter here.
const BOUND = "10.77.7.8";
const SENDS = `
async def main(port: int):
    try:
        await http.get(f"http://${BOUND}:{port}/", headers={"Authorization": "Bearer " + secrets["BOUND"]}, timeout=2)
    except Exception as error:
        return str(error)
`;

const LOCAL = /^unix:root$/;
const ROOT = /^root$|^unix:root$/;
const PERSON = /^admin:alice/;

let box: Instance;
let tool: Tool;
let member: User;
let server: string;
let sessionToken = "";
let tunnel: Tunnel;
let tunnelPort: number;

interface Row {
  action: string;
  kind: number;
  actor: RegExp;
  /** What causes it. */
  cause: () => Promise<unknown>;
}

// What causing an action records beside it, each at least once.
const TOOL = ["create_tool"];
const WAITING = [...TOOL, "request_publish"];
const PUBLISHED = ["create_server", ...WAITING, "approve", "start_server"];
const BESIDE: Record<string, string[]> = {
  start_server: PUBLISHED,
  update_tool: TOOL,
  request_publish: TOOL,
  approve: WAITING,
  reject: WAITING,
  call_refused: [...TOOL, "freeze", "thaw"],
  approve_grant: ["request_grant"],
  reject_grant: ["request_grant"],
  delete_grant: ["request_grant"],
  revoke_grant: ["request_grant", "approve_grant"],
  remote_admitted: ["set_remote"],
  make_setup_code: ["set_password", "sign_in"],
  set_password: ["end_session"], // that of make_setup_code
  stop_server: PUBLISHED,
  violation: [...PUBLISHED, "call"],
  revoke: [...WAITING, "approve"],
  rollback_tool: [...TOOL, "update_tool"],
  delete_tool: TOOL,
  delete_server: ["create_server"],
  read_secret: [...WAITING, "approve", "set_secret", "add_grant", "call"],
  secret_refused: ["call"],
};
// Tried until it happens, or more than one at a time.
const OFTEN = new Set(["call_refused", "ended", "read_secret", "secret_refused"]);
// Written at once when it is new, and then counted for a minute: it may have been written before.
const COUNTED = new Set([
  ...["admitted", "remote_admitted", "control_opened", "not_admitted", "sign_in_refused", "unlock_refused"],
  ...["serving", "start", "open_calls_settled"],
]);
// What may be recorded at any moment: what is counted, and processes that come and go.
const ANY_TIME = new Set([...COUNTED, "call_refused", "secret_refused", "ended"]);

async function ctl(...args: string[]): Promise<void> {
  const ran = await box.ctl(args, { input: "a-value-of-a-secret\n" });
  assert.equal(ran.code, 0, `${args.join(" ")}: ${ran.stdout}${ran.stderr}`);
}

async function api(path: string, body: unknown): Promise<any> {
  const reply = await fetch(`${box.adminUrl}/api/${path}`, {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      ...(sessionToken && { Authorization: `Bearer ${sessionToken}` }),
    },
    body: JSON.stringify(body),
  });
  const text = await reply.text();
  return text ? JSON.parse(text) : undefined;
}

let hosts = 0;
/** A request of a tool's author for a host, as its id. */
async function askedHost(): Promise<string> {
  const asked = await box.mcp.manage("request_network_access", {
    tool_id: tool.id,
    host: `host${++hosts}.example.com`,
    port: 443,
    justification: "the tool asks the weather service",
  });
  return asked.request_id;
}

let sends: Tool | undefined;
async function send(port: number, action: string): Promise<void> {
  if (sends === undefined) {
    sends = await publishAnother(box, tool, "sends", SENDS);
    await ctl("secret", "set", "events", "BOUND", "--host", BOUND, "--port", "1");
    for (const open of ["1", "2"])
      await ctl("network", "add", "events", BOUND, "--port", open, "--private", "--yes");
  }
  // The zygote for tools with a network was not needed before: the first calls may find it starting.
  const { name } = sends;
  await until(`a call that leads to ${action}`, 4 * SECONDS, async () => {
    await box.mcp.attempt(name, { port });
    return (await exported(box)).records.some((one) => one.action === action);
  });
}

let made = 0;
async function freshTool(code = CODE): Promise<Tool> {
  return createTool(box, { id: server, name: "events" }, `tool${++made}`, code);
}
async function waiting(): Promise<Tool> {
  const fresh = await freshTool();
  await box.mcp.manage("request_publish", { tool_id: fresh.id });
  return fresh;
}
const login = (password: string) => [
  { when: /Admin name: $/, type: "alice" },
  { when: /Password: $/, type: password },
];

const row = (action: string, kind: number, actor: RegExp, cause: Row["cause"]): Row => ({
  action,
  kind,
  actor,
  cause,
});

const ROWS: Row[] = [
  row("create_server", 4, LOCAL, () => createServer(box, `one${++made}`)),
  row("start_server", 4, LOCAL, () => publish(box, `started${++made}`, "t", CODE)),
  row("create_tool", 4, LOCAL, () => freshTool()),
  row("update_tool", 4, LOCAL, async () =>
    box.mcp.manage("update_tool", { tool_id: (await freshTool()).id, python_code: `${CODE}# changed\n` }),
  ),
  row("request_publish", 4, LOCAL, () => waiting()),
  row("approve", 3, ROOT, async () => approve(box, (await waiting()).name)),
  row("reject", 3, ROOT, async () => ctl("reject", (await waiting()).name, "--reason", "not like this")),
  row("call", 1, LOCAL, () => box.mcp.call(tool.name)),
  row("call", 2, LOCAL, () => box.mcp.call(tool.name)),
  row("test", 1, LOCAL, () => box.mcp.manage("test_code", { tool_id: tool.id })),
  row("call_refused", 9, LOCAL, async () => {
    const fresh = await freshTool();
    await box.mcp.attempt(fresh.name);
    await ctl("freeze");
    await box.mcp.attempt(tool.name);
    await ctl("thaw");
  }),
  row("freeze", 4, ROOT, () => ctl("freeze", "--reason", "a test")),
  row("thaw", 4, ROOT, () => ctl("thaw")),
  row("request_grant", 4, LOCAL, () => askedHost()),
  row("approve_grant", 3, ROOT, async () => ctl("network", "approve", await askedHost(), "--yes")),
  row("reject_grant", 3, ROOT, async () => ctl("network", "reject", await askedHost(), "--reason", "no")),
  row("delete_grant", 3, ROOT, async () => ctl("network", "delete", await askedHost())),
  row("revoke_grant", 3, ROOT, async () => {
    const id = await askedHost();
    await ctl("network", "approve", id, "--yes");
    await ctl("network", "revoke", id);
  }),
  row("create_client_token", 3, ROOT, () => ctl("client", "token", "create", "laptop")),
  row("revoke_client_token", 3, ROOT, () => ctl("client", "token", "revoke", "laptop")),
  row("set_remote", 3, ROOT, async () => {
    const key = new WorkerKey();
    const words = ["remote", "worker", WORKER_URL, `k1=${key.hex}`, "--json"];
    const set = await box.ctl(words, { input: `${WORKER_TOKEN}\n` });
    assert.equal(set.code, 0, set.stderr);
    tunnel = new Tunnel(tunnelPort, key, (JSON.parse(set.stdout) as { installation: string }).installation);
  }),
  row("remote_admitted", 5, /ada@example\.org/, async () => {
    await ctl("remote", "allow", "emails", "ada@example.org");
    const answer = await tunnel.ask(bodyOf("tools/list"));
    assert.equal(answer.status, 200, answer.body);
  }),
  row("audit_prune", 3, ROOT, () => ctl("audit", "prune", "--until", "365d")),
  row("add_grant", 3, ROOT, () => ctl("network", "add", "events", "added.example.com", "--yes")),
  row("create_secret", 4, LOCAL, () =>
    box.mcp.manage("create_server_secret", { server_id: server, key: "KEY_ONE" }),
  ),
  row("set_secret", 3, ROOT, () => ctl("secret", "set", "events", "KEY_TWO", "--exposed")),
  row("delete_secret", 3, ROOT, () => ctl("secret", "delete", "events", "KEY_TWO")),
  row("set_setting", 3, ROOT, () => ctl("settings", "set", "mcp_rate_limit_rpm", "9000")),
  row("admitted", 5, LOCAL, () => box.mcp.toolNames()),
  row("not_admitted", 5, /uid:|nobody/, () =>
    run(
      ["/usr/bin/python3", "-c", `import urllib.request as u; u.urlopen(${JSON.stringify(box.url)}, b"{}")`],
      {
        as: account("nobody"),
      },
    ),
  ),
  row("control_opened", 5, ROOT, () => ctl("status")),
  row("make_setup_code", 5, ROOT, async () => {
    const { code } = await box.ctlJson("setup-code");
    sessionToken = (await api("auth/setup", { code, username: "alice", password: PASSWORD, token: true }))
      .access_token;
  }),
  row("sign_in", 5, PERSON, async () => {
    sessionToken = (await api("auth/login", { username: "alice", password: PASSWORD, token: true }))
      .access_token;
  }),
  row("sign_in_refused", 5, /./, () => api("auth/login", { username: "alice", password: `${PASSWORD}x` })),
  row("end_session", 4, PERSON, () => api("auth/logout", {})),
  row("set_password", 4, ROOT, async () => {
    const set = await box.ctl(["admin", "set-password", "alice"], { input: `${PASSWORD}\n` });
    assert.equal(set.code, 0, set.stderr);
  }),
  row("unlocked", 5, /12346/, () =>
    until("the pause after the wrong password to end", SECONDS, async () => {
      return (await box.ctl(["pending"], { as: member, terminal: login(PASSWORD) })).code === 0;
    }),
  ),
  row("unlock_refused", 5, /12346/, () =>
    box.ctl(["pending"], { as: member, terminal: login(`${PASSWORD}x`) }),
  ),
  row("stop_server", 4, LOCAL, async () => {
    const other = await publish(box, `other${++made}`, "t", CODE);
    await box.mcp.manage("stop_server", { server_id: other.server });
  }),
  row("violation", 6, /./, async () => {
    const bad = await publish(box, `bad${++made}`, "forbidden", FORBIDDEN);
    await box.mcp.refusal(bad.name);
  }),
  row("ended", 6, /^zygote$/, async () => {
    const zygote = box.processes("zygote")[0]!;
    process.kill(zygote.pid, "SIGKILL");
  }),
  row("serving", 7, /^zygote$|^net-local$|^admin$|^egress$|^dial$/, async () => undefined),
  row("revoke", 3, ROOT, async () => {
    const fresh = await waiting();
    await approve(box, fresh.name);
    await ctl("revoke", fresh.name, "--reason", "second thoughts");
  }),
  row("rollback_tool", 4, LOCAL, async () => {
    const { id } = await freshTool();
    await box.mcp.manage("update_tool", { tool_id: id, python_code: `${CODE}# changed\n` });
    await box.mcp.manage("rollback_tool", { tool_id: id, version: 1 });
  }),
  row("delete_tool", 4, ROOT, async () => ctl("delete", (await freshTool()).name)),
  row("update_server", 4, ROOT, () => ctl("server", "events", "--description", "what is recorded")),
  row("delete_server", 4, ROOT, async () => {
    const name = `gone${++made}`;
    await createServer(box, name);
    await ctl("delete", name);
  }),
  row("read_secret", 8, /./, () => send(1, "read_secret")),
  row("secret_refused", 9, /./, () => send(2, "secret_refused")),
  row("self_attack", 7, ROOT, () => box.ctl(["doctor"])),
  row("start", 7, /^priv$/, async () => undefined),
  row("open_calls_settled", 7, /^monitor$/, async () => undefined),
];

// What another test causes, since it takes more than an instance that is well.
const ELSEWHERE: Record<string, string> = {
  call_unknown: "audit_kill.test.ts, which kills the monitor",
  stop: "the last test here",
  clock_stepped: "audit_tampering_test.cc, with a clock of its own",
  broke_protocol: "hostile_gateway_test.cc, with a child that lies",
  distrust: "database.test.ts, whose owner takes a decision out",
  rotate_key: "keys.test.ts, which reads it in an export",
};

before(async () => {
  member = {
    uid: 12346,
    groups: [Number(/^games:[^:]*:(\d+)/m.exec(readFileSync("/etc/group", "utf8"))![1])],
  };
  box = await Instance.create();
  tunnelPort = await freePort();
  appendFileSync(box.config, `admin-group = ${GROUP}\ntunnel-listen = 127.0.0.2:${tunnelPort}\n`);
  await box.start();
  tool = await publish(box, "events", "echo", CODE);
  server = tool.server;
});
after(async () => {
  box?.destroy();
});
afterEach(explainFailure(() => box));

for (const wanted of ROWS)
  test(`${wanted.action} (kind ${wanted.kind}) is recorded with its actor`, async () => {
    const fits = ({ action, kind, actor }: Recorded) =>
      action === wanted.action && kind === wanted.kind && wanted.actor.test(actor);
    const counted = COUNTED.has(wanted.action);
    const beside = BESIDE[wanted.action] ?? [];
    const before = counted ? 0 : (await exported(box)).records.length;
    await wanted.cause();
    // Records follow the answer where nothing waits for them.
    const fresh = await until(`records ${[wanted.action, ...beside].join(", ")}`, SECONDS, async () => {
      const records = (await exported(box)).records.slice(before);
      const actions = new Set(records.map(({ action }) => action));
      return records.some(fits) && beside.every((action) => actions.has(action)) && records;
    });
    if (counted) return;
    if (!OFTEN.has(wanted.action)) assert.equal(fresh.filter(fits).length, 1, "once");
    const caused = new Set([wanted.action, ...beside, ...ANY_TIME]);
    assert.deepEqual(
      fresh.map(({ action }) => action).filter((action) => !caused.has(action)),
      [],
    );
  });

test("every record is of an action that is known, with its kind and with somebody who did it", async () => {
  const kinds = new Map(
    [...KINDS.matchAll(/^ {4}\{ (\d+), "([a-z ]+)" \}/gm)].map((one) => [one[2], Number(one[1])]),
  );
  const actions = new Map([...KINDS.matchAll(ACTION)].map((one) => [one[1]!, kinds.get(one[2])]));
  assert.ok(kinds.size === 9 && actions.size > 40);
  for (const { sequence, action, kind, actor } of (await exported(box)).records) {
    const outcome = kind === 2 && actions.get(action) === 1;
    assert.ok(outcome || actions.get(action) === kind, `record ${sequence}: ${action}, kind ${kind}`);
    assert.notEqual(actor, "", `record ${sequence}: ${action}`);
  }
});

test("no record holds the value of a secret or a password", async () => {
  const { bytes } = await exported(box);
  for (const word of ["a-value-of-a-secret", PASSWORD, sessionToken].filter((one) => one !== ""))
    assert.ok(!bytes.includes(word), "a value is in the chain");
});

test("an orderly end is recorded, and the next start continues the chain", async () => {
  await box.stop();
  await box.start();
  const verified = await box.ctl(["audit", "verify"]);
  assert.equal(verified.code, 0, `${verified.stdout}${verified.stderr}`);
  assert.match(verified.stdout, /whole, and signed/);
  const { records } = await exported(box);
  const stop = records.findLastIndex(({ action }) => action === "stop");
  assert.equal(records[stop]?.actor, "priv");
  assert.ok(records.findLastIndex(({ action }) => action === "start") > stop);
  await box.stop();
});

test("every action that the log knows is caused here, or said to be elsewhere", () => {
  const known = [...KINDS.matchAll(ACTION)].map((one) => one[1]!);
  const tested = new Set([...ROWS.map(({ action }) => action), ...Object.keys(ELSEWHERE)]);
  assert.deepEqual([...tested].sort(), known.sort());
});

// Canaries: a secret of every kind, used in every way that could leave a trace; then no dump of the database, no log,
// no reply, no export, no backup and no file of the state folder holds one, raw or as hexadecimal, base64, URL or JSON.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { cpSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { after, afterEach, before, test } from "node:test";

import { exported } from "./harness/chain.ts";
import { Instance } from "./harness/instance.ts";
import { modernHeaders, modernMeta } from "./harness/mcp.ts";
import { run } from "./harness/run.ts";
import { explainFailure, logsOf, publish, publishAnother, type Tool } from "./harness/story.ts";
import { WorkerKey } from "./harness/sworn.ts";
import { sleep, until } from "./harness/wait.ts";

const OWNER_UID = 60809; // privsep/launcher/spawn_table.h: kMigrateId
const SCRIPTS = resolve(import.meta.dirname, "../../scripts");
const POSTGRES_BIN = "/usr/lib/postgresql/15/bin";

const canary = (kind: string) => `canary "${kind}" & <${randomBytes(12).toString("base64url")}>/+é`;
const plain = (kind: string) => `canary-${kind}-${randomBytes(12).toString("hex")}`;

const EXPOSED = canary("exposed");
const SEALED = plain("sealed");
const ARGUMENT = canary("argument");
const PASSWORD = canary("password");

/** Every form in which a value might be found. */
function forms(value: string, kind: string): string[] {
  const bytes = Buffer.from(value, RAW.has(kind) ? "latin1" : "utf8");
  const shifted = [0, 1, 2].map((by) => {
    const coded = Buffer.concat([Buffer.alloc(by), bytes])
      .toString("base64")
      .replace(/=+$/, "");
    return coded.slice([0, 2, 3][by], (by + bytes.length) % 3 === 0 ? undefined : -1);
  });
  return [
    value,
    JSON.stringify(value).slice(1, -1),
    encodeURIComponent(value),
    new URLSearchParams({ v: value }).toString().slice(2),
    bytes.toString("hex"),
    bytes.toString("hex").toUpperCase(),
    ...shifted,
    ...shifted.map((coded) => coded.replaceAll("+", "-").replaceAll("/", "_")),
  ];
}

const LEAKS = `
import base64, json, urllib.parse
async def main(how: str, password: str = ""):
    value = secrets["OPEN"]
    print("printed", value, value.encode().hex())
    ctx.progress(1, 2, "at " + value)
    ctx.log("error", {"value": value, "coded": base64.b64encode(value.encode()).decode()})
    forms = [value, json.dumps(value), urllib.parse.quote(value, safe=""), value.encode().hex(),
             base64.b64encode(b"x" + value.encode()).decode(), repr(value)]
    if how == "return": return {"forms": forms, value: forms}
    if how == "text": return " ".join(forms)
    if how == "raise": raise ValueError(value)
    if how == "chain":
        try: raise KeyError(value)
        except KeyError as error: raise RuntimeError(json.dumps(forms)) from error
    if how == "exit": raise SystemExit(value)
    if how == "ask": return await ctx.elicit("give " + value, {"name": {"type": "string"}})
    if how == "sealed": return secrets["SEALED"]
    return object()
`;

let box: Instance;
let tool: Tool;
const replies: string[] = [];
const RAW = new Set(["MASTER_KEY", "BACKUP_KEY"]); // bytes, not text
const values: Record<string, string> = { EXPOSED, SEALED, ARGUMENT, PASSWORD };

async function call(name: string, args: Record<string, unknown>, token?: string): Promise<void> {
  const response = await fetch(box.url, {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      Accept: "application/json, text/event-stream",
      ...modernHeaders("tools/call", name),
      ...(token && { Authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify({
      jsonrpc: "2.0",
      id: 1,
      method: "tools/call",
      params: {
        name,
        arguments: args,
        _meta: modernMeta({
          progressToken: "p",
          "io.modelcontextprotocol/clientCapabilities": { elicitation: {} },
          "io.modelcontextprotocol/logLevel": "debug",
        }),
      },
    }),
  });
  replies.push(`${JSON.stringify([...response.headers])}\n${await response.text()}`);
}

async function api(method: string, path: string, body?: unknown, token?: string): Promise<any> {
  const reply = await fetch(`${box.adminUrl}${path}`, {
    method,
    headers: { "Content-Type": "application/json", ...(token && { Authorization: `Bearer ${token}` }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await reply.text();
  return text.startsWith("{") ? JSON.parse(text) : text;
}

/** As the database's owner, through an open folder: only root may walk to it. */
async function dump(): Promise<string> {
  const words = ["-h", "/proc/self/fd/9", "-U", "mcpbox_owner", "-n", "mcpbox", "--inserts", "mcpbox"];
  const as = ["setpriv", "--reuid", `${OWNER_UID}`, "--regid", `${OWNER_UID}`, "--clear-groups"];
  const ran = await run(
    ["/bin/sh", "-c", 'exec "$@" 9<.', "sh", ...as, `${POSTGRES_BIN}/pg_dump`, ...words],
    { cwd: join(box.state, "db", "socket"), seconds: 120 },
  );
  assert.equal(ran.code, 0, ran.stderr);
  assert.match(ran.stdout, /INSERT INTO mcpbox\.audit/);
  return ran.stdout;
}

/** bytea columns as the bytes they are, since a dump shows them as hexadecimal digits. */
function unfolded(text: string): string {
  const bytes = text.replace(/'\\x([0-9a-f]*)'/g, (_, digits: string) =>
    Buffer.from(digits, "hex").toString("latin1"),
  );
  return `${text}\n${Buffer.from(bytes, "latin1").toString("utf8")}`;
}

function files(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile());
}

/** As bytes: what is locked is no text. */
function notIn(path: string): void {
  const bytes = readFileSync(path);
  for (const [kind, value] of Object.entries(values))
    for (const form of forms(value, kind))
      assert.ok(!bytes.includes(Buffer.from(form, RAW.has(kind) ? "latin1" : "utf8")), `${kind}: ${path}`);
}

function nowhere(places: Record<string, string>): void {
  for (const [kind, value] of Object.entries(values))
    for (const form of forms(value, kind))
      for (const [where, text] of Object.entries(places))
        assert.ok(!text.includes(form), `${kind} is in ${where} as ${form}`);
}

before(async () => {
  box = await Instance.started();
  tool = await publish(box, "leaky", "leaks", LEAKS);
  await publishAnother(box, tool, "echo", "async def main(text: str, api_key: str = ''):\n    return text\n");
  const open = await box.ctl(["secret", "set", "leaky", "OPEN", "--exposed"], { input: EXPOSED });
  assert.equal(open.code, 0, open.stderr);
  const sealed = await box.ctl(["secret", "set", "leaky", "SEALED", "--host", "api.example.com"], {
    input: SEALED,
  });
  assert.equal(sealed.code, 0, sealed.stderr);
});
after(async () => {
  box?.destroy();
});
afterEach(explainFailure(() => box));

test("secrets are used in every way that could leave a trace", async () => {
  for (const how of ["return", "text", "raise", "chain", "exit", "ask", "sealed", "other"])
    await call(tool.name, { how, password: ARGUMENT });
  await call("leaky__echo", { text: "x", api_key: ARGUMENT });
  await call("leaky__echo", { text: 5, authorization: ARGUMENT });
  assert.ok(
    replies.some((reply) => reply.includes("[REDACTED]")),
    replies[0],
  );
  assert.ok(
    replies.some((reply) => reply.includes("mcpbox-secret-")),
    "a placeholder stands for the sealed one",
  );

  const { token } = await box.ctlJson("client", "token", "create", "container");
  values["CLIENT_TOKEN"] = token.slice("mcpbox_".length);
  await call("leaky__echo", { text: "by token" }, token);
  assert.match(replies.at(-1)!, /by token/);
  await call("leaky__echo", { text: "by no token" }, `${token}0`);
  assert.doesNotMatch(replies.at(-1)!, /by no token/);
  values["WORKER_TOKEN"] = randomBytes(32).toString("hex");
  const worker = ["remote", "worker", "https://mcpbox.example.workers.dev", `k1=${new WorkerKey().hex}`];
  const remote = await box.ctl(worker, { input: `${values["WORKER_TOKEN"]}\n` });
  assert.equal(remote.code, 0, remote.stderr);
  replies.push(remote.stdout);

  const { code } = await box.ctlJson("setup-code");
  values["SETUP_CODE"] = code;
  const first = await api("POST", "/api/auth/setup", {
    code,
    username: "alice",
    password: PASSWORD,
    token: true,
  });
  values["TOKEN"] = first.access_token;
  assert.equal(typeof first.access_token, "string");
  await api("POST", "/api/auth/login", { username: "alice", password: `${PASSWORD}x` });
  const again = { username: "alice", password: PASSWORD, token: true };
  const second = await until("the pause after a wrong password to end", 60, async () => {
    await sleep(1000);
    const signedIn = await api("POST", "/api/auth/login", again);
    return signedIn.access_token !== undefined && signedIn;
  });
  values["SECOND_TOKEN"] = second.access_token;
  for (const path of [
    "/api/status",
    "/api/execution-logs",
    "/api/audit",
    "/api/sessions",
    "/api/activity",
    "/metrics",
  ])
    replies.push(JSON.stringify(await api("GET", path, undefined, second.access_token)));
  await api("POST", "/api/auth/logout", {}, second.access_token);
  values["MASTER_KEY"] = readFileSync(join(box.state, "master.key")).toString("latin1");
  await logsOf(box, tool, (logs) => logs.length >= 8);
});

test("no reply, log, listing or export holds one", async () => {
  const logs = await box.ctl(["logs", "--json"]);
  const shown = await box.ctl(["audit", "show"]);
  const { bytes } = await exported(box);
  nowhere({
    "a reply": replies.join("\n"),
    "the log": box.log(),
    "the execution log": logs.stdout,
    "the audit log": shown.stdout,
    "an export": bytes.toString("utf8"),
    "an export's bytes": bytes.toString("latin1"),
  });
});

test("no dump of the database holds one", async () => {
  nowhere({ "a dump": unfolded(await dump()) });
});

// The database and the master key are in it, locked; so is what locks it nowhere, but in its own file.
test("no backup holds one, with whatever it is locked, nor does what makes and lists it say one", async () => {
  cpSync(SCRIPTS, join(box.folder, "scripts"), { recursive: true });
  const file = (name: string) => join(box.folder, name);
  const backup = async (...words: string[]): Promise<string> => {
    const ran = await run([join(box.bin, "mcpboxctl"), "backup", ...words], { seconds: 180 });
    assert.equal(ran.code, 0, ran.stderr);
    return ran.stdout + ran.stderr;
  };
  values["PASSPHRASE"] = canary("passphrase");
  writeFileSync(file("passphrase"), `${values["PASSPHRASE"]}\n`, { mode: 0o600 });
  writeFileSync(file("key.public"), await backup("keygen", file("key")));
  const secretHalf = Buffer.from(readFileSync(file("key"), "utf8").trim(), "hex");
  assert.equal(secretHalf.length, 32);
  values["BACKUP_KEY"] = secretHalf.toString("latin1");
  const said = [
    await backup("create", file("backups"), "--state", box.state, "--passphrase-file", file("passphrase")),
    await backup("create", file("backups"), "--state", box.state, "--recipient", file("key.public")),
    await backup("list", file("backups")),
  ];
  const made = files(file("backups"));
  assert.equal(made.length, 2, made.join(" "));
  for (const path of made) {
    assert.ok(statSync(path).size > 20_000, "it holds a database");
    notIn(path);
  }
  nowhere({ "what the commands say": said.join("\n"), "the log": box.log() });
});

test("no file of the state folder holds one, but the key's own", async () => {
  await box.stop(); // so that what the database had in memory is in its files
  // Nobody connects to the three databases that initdb makes: they are as on any machine.
  const all = files(box.state).filter(
    (path) => !path.endsWith("master.key") && !/\/base\/[145]\//.test(path),
  );
  assert.ok(all.length > 100);
  for (const path of all) notIn(path);
  await box.start();
});

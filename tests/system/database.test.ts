// DATABASE_URL: an instance on somebody else's PostgreSQL, over each way that there is to it.
import assert from "node:assert/strict";
import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { after, afterEach, before, test } from "node:test";

import { Instance } from "./harness/instance.ts";
import { account, Postgres } from "./harness/postgres.ts";
import { approve, createServer, explainFailure, publish, type Tool } from "./harness/story.ts";
import { until } from "./harness/wait.ts";

const PASSWORD = "p@ss word'1"; // nothing in it survives an unquoted use
const ENCODED = encodeURIComponent(PASSWORD);

let postgres: Postgres;
let box: Instance;
let latest: Instance;

/** Writes the lines that say where the database is, instead of those that say it now. */
function configure(instance: Instance, ...lines: string[]): void {
  const rest = readFileSync(instance.config, "utf8")
    .split("\n")
    .filter((line) => !line.startsWith("database"));
  writeFileSync(instance.config, [...rest, ...lines, ""].join("\n"));
}

const url = (user: string, place: string, query = "") =>
  `postgresql://${user}:${ENCODED}@${place}/box${query}`;
const over = (host: string) => `${host}:${postgres.port}`;

/** Runs it for as long as `body` takes, and until all of its processes serve. */
async function running(instance: Instance, body: () => Promise<void>): Promise<void> {
  await instance.start();
  try {
    await until("every process to serve", 60, async () => (await instance.ctl(["status"])).code === 0);
    await body();
  } finally {
    await instance.stop();
  }
}

async function warnings(instance: Instance): Promise<string[]> {
  const status = await instance.ctlJson("status");
  assert.equal(status.database_up, true);
  return status.warnings;
}

async function servers(instance: Instance): Promise<string[]> {
  const listed = await instance.mcp.manage("list_servers", {});
  return listed.servers.map(({ name }: { name: string }) => name).sort();
}

/** How the working role's connections come in: "hostssl", "host" or "local". */
function connections(role: string): Promise<string> {
  const type = "CASE WHEN client_addr IS NULL THEN 'local' WHEN ssl THEN 'hostssl' ELSE 'host' END";
  return postgres.sql(
    `SELECT DISTINCT ${type} FROM pg_stat_activity JOIN pg_stat_ssl USING (pid) WHERE usename = '${role}'`,
  );
}

before(async () => {
  postgres = await Postgres.started();
  for (const role of ["app", "weak"])
    await postgres.sql(`CREATE ROLE ${role} LOGIN PASSWORD '${PASSWORD.replaceAll("'", "''")}'`);
  await postgres.makeDatabase("box", "app");
  latest = box = await Instance.create(
    undefined,
    `postgresql+asyncpg://app:${ENCODED}@${over("127.0.0.1")}/box`,
  );
});
after(() => {
  box?.destroy();
  postgres?.destroy();
});
afterEach(explainFailure(() => latest));

test("loopback with a password: it manages, and status names the layer that one role takes away", async () => {
  await running(box, async () => {
    assert.equal(await connections("app"), "host");
    await createServer(box, "first");
    assert.deepEqual(await servers(box), ["first"]);
    const shown = await box.ctl(["status"]);
    assert.equal(shown.code, 0, shown.stdout + shown.stderr);
    assert.match(shown.stdout, /one database role for everything/);
    assert.match(shown.stdout, new RegExp(`over TCP: .* port ${postgres.port} `));
    assert.doesNotMatch(shown.stdout, /another machine/);
  });
});

test("a connection that is lost is made again from within the jail", async () => {
  await running(box, async () => {
    const times = () => box.log().split("database connected").length - 1;
    const before = times();
    await postgres.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'app'");
    await until("both connections to be back", 20, () => times() === before + 2);
    await createServer(box, "second");
    assert.deepEqual(await servers(box), ["first", "second"]);
  });
});

test("a second role, TLS and IPv6: no warning about roles is left, and the log cannot be rewritten", async () => {
  configure(
    box,
    `database = ${url("weak", over("[::1]"), "?sslmode=require")}`,
    `database-owner = ${url("app", over("localhost"))}`,
  );
  await running(box, async () => {
    assert.equal(await connections("weak"), "hostssl");
    assert.deepEqual(await servers(box), ["first", "second"]);
    assert.ok((await warnings(box)).every((warning) => !warning.includes("one database role")));
    assert.equal(
      await postgres.sql("SELECT has_table_privilege('weak', 'mcpbox.audit', 'DELETE')", "box"),
      "f",
    );
  });
});

test("a Unix socket with a password: no warning about the way", async () => {
  configure(box, `database = ${url("app", "", `?host=${postgres.folder}&port=${postgres.port}`)}`);
  await running(box, async () => {
    assert.equal(await connections("app"), "local");
    await createServer(box, "third");
    assert.ok((await warnings(box)).every((warning) => !warning.includes("TCP")));
  });
});

// The address is loopback's in another coat, which is another machine as far as anybody here can tell.
test("another machine: allowed by its setting only, encrypted, and shown as weaker", async () => {
  configure(box, `database = ${url("app", over("[::ffff:127.0.0.1]"))}`, "database-remote = yes");
  await running(box, async () => {
    assert.equal(await connections("app"), "hostssl");
    const all = (await warnings(box)).join("\n");
    assert.match(all, /another machine .*database-remote.*encrypted/);
  });
});

// The rows keep their seals; that the tool was deleted after them is what the chain knows.
test("a deleted tool that the database's owner brings back: its approval is void, and status says why", async () => {
  const tables = ["tools", "tool_versions", "approvals"];
  let tool: Tool;
  await running(box, async () => {
    tool = await publish(box, "buried", "echo", "async def main(text: str):\n    return text\n");
    assert.equal((await box.mcp.attempt(tool.name, { text: "approved" })).kind, "result");
    for (const table of tables)
      await postgres.sql(`CREATE TABLE kept_${table} AS TABLE mcpbox.${table}`, "box");
    const deleted = await box.ctl(["delete", tool.name]);
    assert.equal(deleted.code, 0, deleted.stderr);
  });
  for (const table of tables)
    await postgres.sql(
      `INSERT INTO mcpbox.${table} TABLE kept_${table} ON CONFLICT DO NOTHING; DROP TABLE kept_${table}`,
      "box",
    );
  await running(box, async () => {
    const said = (await warnings(box)).join("\n");
    assert.match(said, /buried__echo is ignored: the audit chain knows that it was deleted later/);
    assert.notEqual((await box.mcp.attempt(tool.name, { text: "void" })).kind, "result");
    assert.equal((await box.ctl(["delete", tool.name])).code, 0);
  });
});

// A revocation that is gone from the log and from the approvals would leave the approval before it, under a good seal.
test("a decision that the database's owner takes out: nothing of before counts, until it is decided anew", async () => {
  let tool: Tool;
  await running(box, async () => {
    tool = await publish(box, "taken", "echo", "async def main(text: str):\n    return text\n");
    assert.equal((await box.mcp.attempt(tool.name, { text: "approved" })).kind, "result");
    const revoked = await box.ctl(["revoke", tool.name, "--reason", "no more"]);
    assert.equal(revoked.code, 0, revoked.stderr);
  });
  await postgres.sql(
    "DELETE FROM mcpbox.audit WHERE action = 'revoke'; DELETE FROM mcpbox.approvals WHERE state = 'revoked'; " +
      "UPDATE mcpbox.tools SET approval_status = 'approved'",
    "box",
  );
  const lost = /decisions were missing from the database: none before audit record (\d+) counts/;
  await running(box, async () => {
    assert.ok((await warnings(box)).some((warning) => lost.test(warning)));
    const status = await box.ctl(["status"]);
    assert.match(status.stdout, /frozen/i);
    assert.equal((await box.ctl(["thaw"])).code, 0);
    assert.notEqual((await box.mcp.attempt(tool.name, { text: "void" })).kind, "result");
    await approve(box, tool.name);
    await box.mcp.manage("start_server", { server_id: tool.server });
    assert.equal((await box.mcp.attempt(tool.name, { text: "decided anew" })).kind, "result");
    const shown = await box.ctl(["audit", "show"]);
    assert.equal(shown.stdout.match(/distrust/g)?.length, 1, shown.stdout);
  });
  await running(box, async () => {
    assert.ok(
      (await warnings(box)).some((warning) => lost.test(warning)),
      "it is still said",
    );
    assert.equal((await box.mcp.attempt(tool.name, { text: "and stays" })).kind, "result");
  });
});

test("what cannot be meant is refused before anything runs, with the line", async () => {
  const refused: [string[], RegExp][] = [
    [[`database = mysql://app:${ENCODED}@localhost/box`], /mcpbox\.conf:\d+: .*`mysql` is not supported/],
    [[`database = ${url("app", "192.0.2.1")}`], /192\.0\.2\.1.*not on this machine.*database-remote = yes/],
    [[`database = ${url("app", "db.example")}`, "database-remote = yes"], /db\.example.*numeric address/],
    [[`database = ${url("app", "localhost", "?sslmode=verify-full")}`], /verify-full.*require/],
  ];
  for (const [lines, words] of refused) {
    configure(box, ...lines);
    const said = box.complaints().length;
    assert.equal(await box.waitForExit(box.launch()), 1);
    const complaint = box.complaints().slice(said);
    assert.match(complaint, words);
    assert.ok(!complaint.includes(ENCODED) && !complaint.includes(PASSWORD), "no password in a complaint");
    assert.equal(box.family().length, 0, box.listing());
  }
});

test("a wrong password ends the start, and the log says so without it", async () => {
  const wrong = `postgresql://app:hunter2hunter2@${over("127.0.0.1")}/box`;
  for (const lines of [
    [`database = ${wrong}`],
    [`database = ${wrong}`, `database-owner = ${url("app", over("127.0.0.1"))}`],
  ]) {
    configure(box, ...lines);
    const known = box.log().length;
    assert.equal(await box.waitForExit(box.launch(), 60), 1);
    const log = box.log().slice(known);
    assert.match(log, /password authentication failed for user/);
    assert.ok(!log.includes("hunter2"), log);
    assert.equal(box.family().length, 0, box.listing());
  }
});

test("an ordinary user on a Unix socket, known to the kernel: the URL needs no name and no password", async () => {
  const user = account("nobody");
  await postgres.sql("CREATE ROLE nobody LOGIN IN ROLE peers");
  await postgres.makeDatabase("own", "nobody");
  const query = `?host=${postgres.folder}&port=${postgres.port}`;
  latest = await Instance.create(user, `postgresql:///own${query}`);
  appendFileSync(latest.config, "allow-user = root\n"); // the tests themselves run as root
  await running(latest, async () => {
    await createServer(latest, "mine");
    assert.deepEqual(await servers(latest), ["mine"]);
  });
  latest.destroy();
});

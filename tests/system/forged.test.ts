// Whoever owns the database writes into it what he likes, while MCPbox runs and while it does not.  Nothing that was
// refused is allowed for it, what was decided stays so, and the status names what was ignored.
import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";

import { Instance } from "./harness/instance.ts";
import { textOf } from "./harness/mcp.ts";
import { Postgres } from "./harness/postgres.ts";
import {
  approve,
  createServer,
  createTool,
  digestOf,
  explainFailure,
  publish,
  type Tool,
} from "./harness/story.ts";

const says = (word: string) => `async def main() -> str:\n    return ${JSON.stringify(word)}\n`;

let postgres: Postgres;
let box: Instance;
const tools: Record<string, Tool> = {};

/** As the owner of the database. */
const write = (statements: string) => postgres.sql(`SET search_path = mcpbox; ${statements}`, "box");

const ctl = async (...args: string[]) => {
  const ran = await box.ctl(args);
  assert.equal(ran.code, 0, `${args.join(" ")}: ${ran.stdout}${ran.stderr}`);
};

before(async () => {
  postgres = await Postgres.started();
  await postgres.sql("CREATE ROLE box LOGIN PASSWORD 'secret'");
  await postgres.makeDatabase("box", "box");
  box = await Instance.create(undefined, `postgresql://box:secret@127.0.0.1:${postgres.port}/box`);
  await box.start();
  tools["good"] = await publish(box, "own", "good", says("good"));
  const server = { id: tools["good"].server, name: "own" };
  for (const name of ["waits", "changed", "taken", "moved", "reach"])
    tools[name] = await createTool(box, server, name, says(name));
  for (const name of ["changed", "taken", "moved", "reach"]) await approve(box, tools[name]!.name);
  await ctl("revoke", "own__taken", "--reason", "not any more");
  await box.mcp.manage("request_publish", { tool_id: tools["waits"]!.id });
  const rich = { id: await createServer(box, "rich"), name: "rich" };
  tools["idle"] = await createTool(box, rich, "idle", says("idle"));
  await approve(box, tools["idle"].name);
  await ctl("network", "add", "rich", "bank.example", "--port", "443");
  for (const mode of ["auto_approve", "require_approval"])
    await ctl("settings", "set", "tool_approval_mode", mode);
});
after(async () => {
  await box?.stop();
  box?.destroy();
  postgres?.destroy();
});
afterEach(explainFailure(() => box));

const id = (name: string) => `'${tools[name]!.id}'`;

/** Each with what the status says of it after the next start. */
const EDITS: [RegExp, () => string][] = [
  [
    /own__waits/, // approved by nobody, with another decision's seal
    () => `UPDATE tools SET approval_status = 'approved', approved_by = 'root' WHERE id = ${id("waits")};
           INSERT INTO approvals (id, tool_id, digest, state, decided_by, audit_seq, at_ms, seal, capabilities)
             SELECT gen_random_uuid(), t.id, t.digest, 'approved', 'root', a.audit_seq, a.at_ms, a.seal, a.capabilities
               FROM tools t, approvals a WHERE t.id = ${id("waits")} AND a.tool_id = ${id("good")}`,
  ],
  [
    /own__changed/,
    () => `UPDATE tools SET code = replace(code, 'changed', 'evil') WHERE id = ${id("changed")}`,
  ],
  [
    /own__taken/, // the older row is the monitor's own; the chain knows the later one
    () => `DELETE FROM approvals WHERE tool_id = ${id("taken")} AND state = 'revoked';
           UPDATE tools SET approval_status = 'approved' WHERE id = ${id("taken")}`,
  ],
  [
    /rich__moved/, // into the server that may reach the bank
    () => `UPDATE tools SET server_id = ${`'${tools["idle"]!.server}'`} WHERE id = ${id("moved")}`,
  ],
  [/own__reach/, () => `UPDATE approvals SET capabilities = 'host a.example' WHERE tool_id = ${id("reach")}`],
  [/server rich runs/, () => "UPDATE servers SET status = 'running' WHERE name = 'rich'"],
  [/bank\.example/, () => "UPDATE grants SET port = 0 WHERE name = 'bank.example'"],
  [/tool_approval_mode/, () => "UPDATE settings SET value = 'auto_approve' WHERE key = 'tool_approval_mode'"],
  [
    /admin mallory/,
    () =>
      "INSERT INTO admins (name, password_hash, audit_seq, seal) VALUES ('mallory', '$argon2id$x', 1, repeat('s', 32)::bytea)",
  ],
];

async function nothingIsAllowed(): Promise<void> {
  assert.equal(textOf(await box.mcp.call("own__good")), "good");
  for (const name of ["own__waits", "own__taken", "rich__moved", "rich__idle"]) await box.mcp.refusal(name);
  const names = await box.mcp.toolNames();
  for (const name of ["own__waits", "own__taken", "rich__moved", "rich__idle"])
    assert.ok(!names.includes(name), `${name} is not listed`);
}

test("while it runs, what is written into the database is not what counts", async () => {
  for (const [, edit] of EDITS) await write(edit());
  await nothingIsAllowed();
  assert.equal(textOf(await box.mcp.call("own__changed")), "changed", "what runs is what was approved");
});

test("after a restart nothing more is allowed, and every edit is reported", async () => {
  await box.stop();
  await box.start();
  await nothingIsAllowed();
  for (const name of ["own__changed", "own__reach"]) await box.mcp.refusal(name);
  const { warnings } = await box.ctlJson("status");
  for (const [named] of EDITS)
    assert.ok(
      warnings.some((warning: string) => named.test(warning) && /is ignored/.test(warning)),
      `${named} in\n${warnings.join("\n")}`,
    );
  const settings = JSON.stringify(await box.ctlJson("settings"));
  assert.match(settings, /require_approval/);
  const asked = await box.ctlJson("requests", "--all");
  assert.ok(!JSON.stringify(asked).includes("bank.example"), "the grant is gone, not wider");
});

test("a decision made anew counts again", async () => {
  await approve(box, "own__reach");
  assert.equal(textOf(await box.mcp.call("own__reach")), "reach");
  assert.notEqual(await digestOf(box, "own__changed"), "", "and what it is now can be looked at");
});

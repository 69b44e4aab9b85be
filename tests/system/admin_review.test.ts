// A review over the admin API: what is new since the approval before it, and a decision that binds what was shown; and what
// is only shown there: the way in from elsewhere.
import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";

import { AdminApi } from "./harness/admin_api.ts";
import { Instance } from "./harness/instance.ts";
import { draftRunOf, explainFailure } from "./harness/story.ts";

const ALICE = { username: "alice", password: "correct horse battery" };
const CODE = "async def main(name: str) -> str:\n    return f'hello {name}'\n";

let box: Instance;
let api: AdminApi;
let server: any;

const ask: AdminApi["ask"] = (...all) => api.ask(...all);

before(async () => {
  box = await Instance.started();
  api = await AdminApi.at(box.adminPort);
  const { code } = await box.ctlJson("setup-code");
  api.token = (
    await api.raw("POST", "/api/auth/setup", {}, { code, ...ALICE, token: true })
  ).body.access_token;
  server = (await ask("POST", "/api/servers", { name: "web" })).body;
});
after(async () => {
  await box?.stop();
  box?.destroy();
});
afterEach(explainFailure(() => box));

test("a review says what is new since the approval before it, and binds what it showed", async () => {
  const made = await ask("POST", `/api/servers/${server.id}/tools`, { name: "reach", python_code: CODE });
  const { id } = made.body;
  const path = `/api/tools/${id}/review`;
  const bulk = "/api/approvals/tools/bulk-action";
  const hosts = `/api/servers/${server.id}/allowed-hosts`;
  await ask("POST", "/api/tools/test-code", { tool_id: id, arguments: { name: "you" } });
  await draftRunOf(box, "web__reach");
  assert.equal((await ask("POST", `/api/tools/${id}/submit`, { notes: "first" })).status, 200);
  const first = (await ask("GET", path)).body;
  assert.match(first.last_draft_run, /^ok after \d+ ms/);
  assert.equal(first.requested.last_draft_run, first.last_draft_run);
  assert.equal(first.approved, null, "never approved before");
  assert.deepEqual([first.capabilities, first.capability_changes, first.code_changes], [[], null, null]);
  assert.deepEqual([first.requested.digest, first.requested.notes], [first.digest, "first"]);
  const shown = ({ digest, capabilities_digest }: any) => ({ id, digest, capabilities_digest });
  const wrong = { ...shown(first), capabilities_digest: "x" };
  const several = (tools: object[]) => ask("POST", bulk, { tools, action: "approve" });
  assert.match((await several([wrong])).body.failed[0].error, /capabilities_digest/);
  assert.equal((await several([shown(first)])).body.processed_count, 1);

  const code = `${CODE}\nasync def reach():\n    return await http.get("https://later.example/")\n`;
  await ask("PATCH", `/api/tools/${id}`, { python_code: code });
  const second = (await ask("GET", path)).body;
  assert.equal((await ask("POST", hosts, { host: "later.example", port: 443 })).status, 201);
  const stale = await ask("POST", `/api/approvals/tools/${id}/action`, {
    action: "approve",
    ...shown(second),
    id: undefined,
  });
  assert.equal(stale.status, 409, "what it may reach has changed since it was shown");
  const third = (await ask("GET", path)).body;
  assert.deepEqual(third.capability_changes, { added: ["host later.example:443"], removed: [] });
  assert.deepEqual(third.code_changes, { added: [{ use: "host", name: "later.example" }], removed: [] });
  assert.deepEqual(
    [third.approved.version_number, third.approved.python_code, third.approved.approved_by],
    [1, CODE, "admin:alice"],
  );
  assert.ok(!third.requested.capabilities.includes("host later.example:443"), "it came after the request");
  const { review_request } = await box.mcp.manage("get_tool_status", { tool_id: id });
  assert.deepEqual(review_request.capabilities, third.requested.capabilities);
  assert.equal((await several([shown(third)])).body.processed_count, 1);
  assert.deepEqual((await ask("GET", path)).body.capability_changes, { added: [], removed: [] });
});

test("the way in from elsewhere is shown, and only mcpboxctl changes it", async () => {
  const closed = (await ask("GET", "/api/remote")).body;
  assert.deepEqual([closed.on, closed.keys, closed.policy, closed.allowed], [false, [], "emails", []]);
  const key = "5e".repeat(32);
  const service_token = "only-the-worker-and-the-monitor-know-it";
  const worker = ["remote", "worker", "https://mcp.example.workers.dev", `k1=${key}`];
  const set = await box.ctl(worker, { input: `${service_token}\n` });
  assert.equal(set.code, 0, set.stderr);
  await box.ctlJson("remote", "allow", "domain", "example.org");
  const open = (await ask("GET", "/api/remote")).body;
  assert.deepEqual(
    [open.on, open.worker_url, open.policy, open.allowed],
    [true, "https://mcp.example.workers.dev", "domain", ["example.org"]],
  );
  assert.deepEqual(open.keys, [{ id: "k1", public_key: key }]);
  assert.match(open.installation, /^mcpbox:[0-9a-f]{32}$/);
  assert.ok(!JSON.stringify(open).includes(service_token));
  assert.equal((await api.raw("GET", "/api/remote")).status, 401);
  for (const method of ["POST", "PUT", "PATCH", "DELETE"])
    assert.equal((await ask(method, "/api/remote", {})).status, 405, method);
  await box.ctlJson("remote", "off");
  assert.equal((await ask("GET", "/api/remote")).body.on, false);
});

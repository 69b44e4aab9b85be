// The admin API on the real daemons: setting up, signing in, deciding, and what a page or a process that should not
// act finds when it tries.  Every body is held to the schema that the OpenAPI document gives for it.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, afterEach, before, test } from "node:test";

import { AdminApi } from "./harness/admin_api.ts";
import { Instance } from "./harness/instance.ts";
import { explainFailure } from "./harness/story.ts";
import { until } from "./harness/wait.ts";

const ALICE = { username: "alice", password: "correct horse battery" };
const CODE = "async def main(name: str) -> str:\n    return f'hello {name}'\n";

let box: Instance;
let api: AdminApi;

const raw: AdminApi["raw"] = (...all) => api.raw(...all);
const ask: AdminApi["ask"] = (...all) => api.ask(...all);

before(async () => {
  box = await Instance.started();
  api = await AdminApi.at(box.adminPort);
});
after(async () => {
  await box?.stop();
  box?.destroy();
});
afterEach(explainFailure(() => box));

test("the first admin needs the code that the owner sees", async () => {
  assert.equal((await raw("GET", "/api/config")).body.setup_required, true);
  assert.equal((await raw("GET", "/api/health")).body.status, "healthy");
  const wrong = await raw("POST", "/api/auth/setup", {}, { code: "AAAA-AAAA-AAAA-AAAA", ...ALICE });
  assert.equal(wrong.status, 403);
  const { code } = await box.ctlJson("setup-code");
  const short = await raw("POST", "/api/auth/setup", {}, { code, username: "alice", password: "short" });
  assert.equal(short.status, 422);
  const made = await raw("POST", "/api/auth/setup", {}, { code, ...ALICE, token: true });
  assert.equal(made.status, 201, JSON.stringify(made.body));
  api.token = made.body.access_token;
  assert.equal((await raw("POST", "/api/auth/setup", {}, { code, ...ALICE })).status, 409);
  assert.notEqual((await box.ctl(["setup-code"])).code, 0);
  assert.ok(
    !box.log().includes(code) && !box.log().includes(api.token),
    "neither code nor token is in the log",
  );
  assert.equal((await ask("GET", "/api/auth/me")).body.username, "alice");
});

test("signing in gives a cookie that no script can read", async () => {
  const reply = await raw("POST", "/api/auth/login", {}, ALICE);
  assert.equal(reply.status, 200, JSON.stringify(reply.body));
  const [cookie] = reply.headers["set-cookie"] as string[];
  assert.match(cookie!, /^mcpbox_session=[0-9a-f]{64}; Path=\/; Max-Age=\d+; HttpOnly; SameSite=Strict$/);
  assert.equal(reply.body.access_token, undefined);
  const jar = cookie!.split(";")[0]!;
  assert.equal((await raw("GET", "/api/auth/me", { cookie: jar })).status, 200);
  // A page of another site, with the cookie that the browser would add.
  const origin = `http://127.0.0.1:${box.adminPort}`;
  const out = (headers: Record<string, string>) =>
    raw("POST", "/api/auth/logout", { cookie: jar, ...headers });
  assert.equal((await out({})).status, 403);
  assert.equal((await out({ origin: "http://evil.example" })).status, 403);
  assert.equal((await out({ origin: "http://127.0.0.1:5173" })).status, 403);
  assert.equal((await out({ "sec-fetch-site": "same-site" })).status, 403);
  assert.equal((await raw("GET", "/api/auth/me", { cookie: jar, host: "evil.example" })).status, 421);
  assert.equal((await out({ origin })).status, 204);
  assert.equal((await raw("GET", "/api/auth/me", { cookie: jar })).status, 401);
});

test("a wrong password costs a growing delay and says nothing about the name", async () => {
  const wrong = await raw("POST", "/api/auth/login", {}, { ...ALICE, password: "not this one, no" });
  assert.equal(wrong.status, 401);
  const soon = await raw("POST", "/api/auth/login", {}, ALICE);
  assert.equal(soon.status, 401, "the right password, too soon after a wrong one");
  await until("the delay to be over", 30, async () => {
    const reply = await raw("POST", "/api/auth/login", {}, { ...ALICE, token: true });
    return reply.status === 200;
  });
});

test("nothing is answered without a session", async () => {
  for (const [path, methods] of Object.entries<any>(api.openapi.paths))
    for (const [method, operation] of Object.entries<any>(methods)) {
      if (operation.security.length === 0) continue;
      const concrete = path.replaceAll(/\{[^}]+\}/g, "00000000-0000-4000-8000-000000000000");
      const bad = await raw(
        method.toUpperCase(),
        concrete,
        { authorization: `Bearer ${"0".repeat(64)}` },
        {},
      );
      assert.ok([401, 404, 422, 429].includes(bad.status), `${method} ${path}: ${bad.status}`);
    }
});

let server: any;
let tool: any;

test("a tool is written, tried, reviewed, approved and called", async () => {
  server = (await ask("POST", "/api/servers", { name: "web", description: "From the UI" })).body;
  assert.equal((await ask("POST", "/api/servers", { name: "web" })).status, 409);
  assert.equal((await ask("POST", "/api/servers", { name: "Not a name" })).status, 422);
  assert.equal((await ask("POST", "/api/servers", { name: "x", surplus: 1 })).status, 422);
  const broken = await ask("POST", `/api/servers/${server.id}/tools`, { name: "greet", python_code: "def" });
  assert.equal(broken.status, 422);
  assert.equal(broken.body.detail[0].loc[1], "python_code");
  const made = await ask("POST", `/api/servers/${server.id}/tools`, { name: "greet", python_code: CODE });
  assert.equal(made.status, 201, JSON.stringify(made.body));
  tool = made.body;
  assert.equal(tool.created_by, "admin:alice");
  assert.equal((await ask("POST", "/api/tools/validate-code", { code: CODE })).body.valid, true);
  const tried = await ask("POST", "/api/tools/test-code", { tool_id: tool.id, arguments: { name: "you" } });
  assert.equal(tried.body.success, true, JSON.stringify(tried.body));
  assert.match(JSON.stringify(tried.body.result), /hello you/);
  const changed = await ask("PATCH", `/api/tools/${tool.id}`, { description: "Greets." });
  assert.equal(changed.body.description, "Greets.");
  assert.equal(changed.body.current_version, 2);
  assert.equal((await ask("POST", `/api/tools/${tool.id}/submit`, { notes: "please" })).status, 200);
  const queue = (await ask("GET", "/api/approvals/tools")).body;
  assert.deepEqual([queue.total, queue.items[0].id, queue.items[0].publish_notes], [1, tool.id, "please"]);

  const review = (await ask("GET", `/api/tools/${tool.id}/review`)).body;
  const action = `/api/approvals/tools/${tool.id}/action`;
  assert.equal((await ask("POST", action, { action: "approve", digest: "0".repeat(64) })).status, 409);
  assert.equal((await ask("POST", action, { action: "reject", digest: review.digest })).status, 422);
  assert.equal((await ask("POST", action, { action: "approve" })).status, 422);
  const approved = await ask("POST", action, { action: "approve", digest: review.digest });
  assert.equal(approved.body.status, "approved", JSON.stringify(approved.body));
  assert.equal((await ask("POST", action, { action: "approve", digest: review.digest })).status, 409);
  assert.equal((await ask("GET", `/api/tools/${tool.id}/approved`)).body.digest, review.digest);
  assert.equal((await ask("GET", `/api/tools/${tool.id}/review`)).body.approved.digest, review.digest);
  assert.equal((await ask("POST", `/api/servers/${server.id}/start`, {})).body.registered_tools, 1);
  const called = await box.mcp.call("web__greet", { name: "MCP" });
  assert.match(JSON.stringify(called), /hello MCP/);
});

test("what happened can be read, in pages", async () => {
  await until("the call to be in the log", 20, async () => {
    return (await ask("GET", "/api/execution-logs?outcome=success&search=greet")).body.total >= 2;
  });
  const calls = (await ask("GET", "/api/execution-logs?page_size=1")).body;
  assert.deepEqual([calls.page, calls.page_size, calls.items.length], [1, 1, 1]);
  assert.equal(calls.pages, calls.total);
  const one = (await ask("GET", `/api/logs/${calls.items[0].id}`)).body;
  assert.ok(one.audit.length >= 2, "intent and outcome are in the chain");
  for (const path of [
    "/api/status",
    "/api/dashboard?period=1h",
    "/api/servers?search=web",
    `/api/servers/${server.id}`,
    `/api/servers/${server.id}/tools`,
    `/api/servers/${server.id}/execution-logs`,
    `/api/tools/${tool.id}`,
    `/api/tools/${tool.id}/versions`,
    `/api/tools/${tool.id}/versions/1`,
    `/api/tools/${tool.id}/logs`,
    "/api/approvals/stats",
    "/api/approvals/tools?status=all",
    "/api/execution-logs/stats",
    "/api/audit?action=approve",
    "/api/admins",
    "/api/sessions",
  ])
    assert.equal((await ask("GET", path)).status, 200, path);
  const stats = (await ask("GET", "/api/dashboard?period=1h")).body;
  assert.equal(stats.stats.total_requests, 1);
  assert.equal(stats.requests_over_time.length, 48);
  assert.equal(
    stats.requests_over_time.reduce((sum: number, point: any) => sum + point.value, 0),
    1,
  );
  for (const path of [
    "/api/servers?page=0",
    "/api/servers?page_size=101",
    "/api/dashboard?period=2h",
    "/api/execution-logs?outcome=maybe",
    "/api/approvals/tools?status=other",
  ])
    assert.equal((await ask("GET", path)).status, 422, path);
  for (const path of ["/api/servers/x", "/api/tools/00000000-0000-4000-8000-000000000000", "/api/nothing"])
    assert.equal((await ask("GET", path)).status, 404, path);
  assert.equal((await ask("PUT", "/api/servers")).status, 405);
});

test("activity arrives as it happens, and goes on where it was cut", async () => {
  const news = (await ask("GET", "/api/activity?after=0")).body;
  assert.equal(news.items[0].sequence, 1);
  assert.equal((await ask("GET", "/api/activity?after=x")).status, 422);
  const last = (await ask("GET", "/api/activity")).body.last;
  const stop = new AbortController();
  const stream = await fetch(`${box.adminUrl}/api/activity/stream?after=${last}`, {
    headers: { authorization: `Bearer ${api.token}` },
    signal: stop.signal,
  });
  assert.equal(stream.headers.get("content-type"), "text/event-stream");
  const reader = stream.body!.pipeThrough(new TextDecoderStream()).getReader();
  await box.mcp.call("web__greet", { name: "stream" });
  let got = "";
  await until("the outcome to arrive", 20, async () => {
    got += (await reader.read()).value ?? "";
    return got.includes("call_outcome");
  });
  stop.abort();
  const first = got.split("\n\n").find((event) => event.startsWith("id: "));
  const item = JSON.parse(first!.split("data: ")[1]!);
  assert.deepEqual([item.sequence, item.kind, item.tool], [last + 1, "call_intent", "web__greet"]);
  const none = await raw("GET", "/api/activity/stream", { authorization: `Bearer ${"0".repeat(64)}` });
  assert.equal(none.status, 401);
});

test("secrets are named, set and deleted, and no answer has a value", async () => {
  const at = `/api/servers/${server.id}/secrets`;
  const named = { key_name: "API_KEY", description: "For the service", host: "api.example.com" };
  const header = { place: "header", name: "Authorization", template: "Bearer {}" };
  const made = await ask("POST", at, { ...named, ...header });
  assert.equal(made.status, 201, JSON.stringify(made.body));
  assert.deepEqual([made.body.has_value, made.body.created_by], [false, "admin:alice"]);
  assert.equal((await ask("POST", at, named)).status, 409);
  assert.equal((await ask("POST", at, { key_name: "not a key" })).status, 422);
  assert.equal((await ask("POST", at, { ...named, key_name: "X", place: "cookie" })).status, 422);
  const set = await ask("PUT", `${at}/API_KEY`, { value: "hunter2-hunter2" });
  assert.deepEqual([set.status, set.body.has_value, set.body.mode], [200, true, "sealed"]);
  assert.equal((await ask("PUT", `${at}/API_KEY`, {})).status, 422);
  assert.equal((await ask("PUT", `${at}/API_KEY`, { value: "two\nlines" })).status, 422);
  assert.equal((await ask("PUT", `${at}/nokey`, { value: "x" })).status, 404);
  const list = await ask("GET", `${at}?page_size=1`);
  assert.deepEqual([list.body.total, list.body.pages, list.body.items[0].key_name], [1, 1, "API_KEY"]);
  assert.ok(!JSON.stringify([made.body, set.body, list.body]).includes("hunter2"));
  assert.equal((await ask("GET", `${at}?page=0`)).status, 422);
  assert.equal((await ask("DELETE", `${at}/API_KEY`)).status, 204);
  assert.equal((await ask("DELETE", `${at}/API_KEY`)).status, 404);
  const nowhere = "/api/servers/00000000-0000-4000-8000-000000000000/secrets";
  assert.equal((await ask("GET", nowhere)).status, 404);
});

test("a host that was asked for is decided as it was shown, and an own one is added", async () => {
  const asked = { tool_id: tool.id, host: "api.example.org", port: 443, justification: "It has the data." };
  await box.mcp.manage("request_network_access", asked);
  const list = (await ask("GET", `/api/approvals/network?server_id=${server.id}`)).body;
  const [request] = list.items;
  assert.deepEqual(
    [list.total, request.name, request.port, request.source],
    [1, "api.example.org", 443, "llm"],
  );
  assert.equal((await ask("GET", "/api/approvals/stats")).body.pending_network_requests, 1);
  const one = `/api/approvals/network/${request.id}`;
  assert.deepEqual((await ask("GET", one)).body.reaches, ["web__greet"]);
  assert.equal((await ask("GET", `/api/approvals/modules/${request.id}`)).status, 404, "of the other kind");
  const { sequence } = request;
  const act = (body: object) => ask("POST", `${one}/action`, body);
  assert.equal((await act({ action: "approve" })).status, 422);
  assert.equal((await act({ action: "reject", sequence })).status, 422, "without a reason");
  assert.equal((await act({ action: "approve", sequence: sequence + 1 })).status, 409, "not what was shown");
  const approved = await act({ action: "approve", sequence });
  assert.deepEqual([approved.status, approved.body.status], [200, "approved"], JSON.stringify(approved.body));
  assert.equal((await act({ action: "approve", sequence })).status, 409);
  assert.equal((await ask("DELETE", one)).status, 409, "what is approved is revoked first");
  const revoked = await act({ action: "revoke", sequence: approved.body.sequence });
  assert.equal(revoked.body.status, "revoked");
  assert.equal((await ask("DELETE", one)).status, 204);
  assert.equal((await ask("GET", one)).status, 404);

  const hosts = `/api/servers/${server.id}/allowed-hosts`;
  const added = await ask("POST", hosts, {
    host: "nas.lan",
    port: 8443,
    methods: ["GET"],
    private_too: true,
  });
  assert.deepEqual([added.status, added.body.status, added.body.source], [201, "approved", "admin"]);
  assert.equal((await ask("POST", hosts, { host: "http://x/" })).status, 422);
  assert.equal((await ask("POST", hosts, { host: "nas.lan", private_too: true })).status, 422, "no port");
  assert.equal((await ask("POST", hosts, { host: "a.example", methods: ["BREW"] })).status, 422);
  assert.equal((await ask("GET", "/api/approvals/network?grant_status=maybe")).status, 422);
  assert.equal((await ask("GET", "/api/approvals/network?page_size=101")).status, 422);
});

test("modules are asked for, decided several at a time, and added", async () => {
  const why = "To read what the service sends.";
  for (const module_name of ["sqlite3", "tomllib"])
    await box.mcp.manage("request_module", { tool_id: tool.id, module_name, justification: why });
  const { items } = (await ask("GET", "/api/approvals/modules?page_size=100")).body;
  const requests = items.map(({ id, sequence }: any) => ({ id, sequence }));
  assert.equal(requests.length, 2);
  requests[1].sequence += 1;
  const bulk = "/api/approvals/modules/bulk-action";
  assert.equal((await ask("POST", bulk, { requests: [], action: "approve" })).status, 422);
  const done = (await ask("POST", bulk, { requests, action: "approve" })).body;
  assert.deepEqual([done.success, done.processed_count, done.failed[0].id], [false, 1, requests[1].id]);
  const added = await ask("POST", "/api/settings/modules", { module_name: "graphlib" });
  assert.equal(added.status, 201, JSON.stringify(added.body));
  assert.equal((await ask("POST", "/api/settings/modules", { module_name: "graphlib" })).status, 409);
  assert.equal((await ask("POST", "/api/settings/modules", { module_name: "not-one" })).status, 422);
  const modules = (await ask("GET", "/api/settings/modules")).body;
  const names = modules.items.filter((one: any) => !one.default).map((one: any) => one.module_name);
  assert.deepEqual(names.sort(), ["graphlib", items[0].name].sort());
});

test("settings and profiles, and what is left here when only mcpboxctl decides", async () => {
  const policy = "/api/settings/security-policy";
  const before = (await ask("GET", policy)).body;
  assert.equal(before.profile, "strict");
  assert.deepEqual(
    before.profiles.map((one: any) => one.name),
    ["strict", "balanced", "permissive"],
  );
  assert.equal((await ask("PATCH", policy, {})).status, 422);
  assert.equal((await ask("PATCH", policy, { tool_approval_mode: "never" })).status, 422);
  assert.equal((await ask("PATCH", policy, { log_retention_days: 0 })).status, 422);
  const changed = (
    await ask("PATCH", policy, { log_retention_days: 7, module_approval_mode: "auto_approve" })
  ).body;
  const value = (key: string) => changed.fields.find((one: any) => one.key === key);
  assert.deepEqual([value("log_retention_days").value, value("module_approval_mode").weaker], ["7", true]);
  assert.equal(changed.profile, null);
  assert.equal((await ask("PATCH", "/api/settings/security-profile", { profile: "lax" })).status, 422);
  const strict = await ask("PATCH", "/api/settings/security-profile", { profile: "strict" });
  assert.equal(strict.body.profile, "strict");

  assert.equal((await ask("PATCH", policy, { decide_from: "ctl", log_retention_mb: 512 })).status, 200);
  assert.equal((await raw("GET", "/api/config")).body.may_decide, false);
  assert.equal((await ask("PATCH", policy, { decide_from: "ui+ctl" })).status, 403);
  const review = (await ask("GET", `/api/tools/${tool.id}/review`)).body;
  const action = `/api/approvals/tools/${tool.id}/action`;
  assert.equal((await ask("POST", action, { action: "approve", digest: review.digest })).status, 403);
  const secret = `/api/servers/${server.id}/secrets/KEY`;
  assert.equal((await ask("PUT", secret, { value: "x", mode: "exposed" })).status, 403);
  assert.equal((await box.ctl(["settings", "set", "decide_from", "ui+ctl"])).code, 0);
  assert.equal((await raw("GET", "/api/config")).body.may_decide, true);
});

test("the audit chain is checked here, too", async () => {
  const checked = (await ask("POST", "/api/audit/verify", {})).body;
  assert.deepEqual([checked.intact, checked.damage], [true, null], checked.report);
  assert.ok(checked.records > 10 && checked.last >= checked.records);
  const page = (await ask("GET", "/api/audit/checkpoints?page_size=1")).body;
  assert.deepEqual([page.items.length, page.items[0].valid, page.end.valid], [1, true, true]);
  const { public_key } = await box.ctlJson("audit", "head");
  assert.equal(page.public_key, public_key);
  assert.equal((await ask("GET", "/api/audit/checkpoints?page=0")).status, 422);
});

test("a freeze stops calls, and a thaw lets them on", async () => {
  assert.equal((await ask("POST", "/api/freeze", { reason: "drill" })).status, 204);
  assert.equal((await ask("GET", "/api/status")).body.freeze_reason, "drill");
  assert.equal((await ask("POST", "/api/thaw", {})).status, 204);
  assert.equal((await ask("GET", "/api/status")).body.frozen, false);
});

test("several admins, each with sessions of their own", async () => {
  assert.equal(
    (await ask("POST", "/api/admins", { username: "bob", password: "another long password" })).status,
    204,
  );
  const login = { username: "bob", password: "another long password", token: true };
  const bob = (await raw("POST", "/api/auth/login", {}, login)).body.access_token;
  const me = () => raw("GET", "/api/auth/me", { authorization: `Bearer ${bob}` });
  assert.equal((await me()).body.username, "bob");
  const change = { current_password: "wrong wrong wrong", new_password: "one more long password" };
  assert.equal(
    (await raw("POST", "/api/auth/change-password", { authorization: `Bearer ${bob}` }, change)).status,
    400,
  );
  assert.equal((await ask("DELETE", "/api/admins/bob")).status, 204);
  assert.equal((await me()).status, 401);
  assert.equal((await ask("DELETE", "/api/admins/alice")).status, 409, "the last one stays");
});

test("a session outlives a restart of everything, but not a violent end of the process that it passed through", async () => {
  await box.stop();
  await box.start();
  await until(
    "admin to answer",
    60,
    async () => (await raw("GET", "/api/health").catch(() => undefined))?.status === 200,
  );
  assert.equal((await ask("GET", "/api/auth/me")).status, 200);
  const before = box.one("admin").pid;
  process.kill(before, "SIGKILL");
  await until("another admin process", 60, async () => {
    const now = box.processes("admin")[0]?.pid;
    return (
      now !== undefined &&
      now !== before &&
      (await raw("GET", "/api/health").catch(() => undefined))?.status === 200
    );
  });
  assert.equal((await raw("GET", "/api/auth/me", { authorization: `Bearer ${api.token}` })).status, 401);
});

test("the admin process is in a jail of its own", () => {
  const { pid } = box.one("admin");
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  assert.match(status, /Seccomp:\s+2/);
  assert.match(status, /CapEff:\s+0+\n/);
  assert.match(status, /NoNewPrivs:\s+1/);
});

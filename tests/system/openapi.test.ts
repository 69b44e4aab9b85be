// The OpenAPI document is what the admin API does: it validates, a client made from it works against every route, and
// what the document says of all routes alike (who may, which bodies, which pages) holds for each of them.
import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";

import { Validator } from "@seriousme/openapi-schema-validator";
import { OpenAPIClientAxios } from "openapi-client-axios";

import { AdminApi } from "./harness/admin_api.ts";
import { Instance } from "./harness/instance.ts";
import { explainFailure, logsOf } from "./harness/story.ts";

const ALICE = { username: "alice", password: "correct horse battery" };
const CODE = "async def main(name: str) -> str:\n    return f'hello {name}'\n";
const NOBODY = "00000000-0000-4000-8000-000000000000";
// Calls are looked for by an id like any other: of what is not there, there are none.
const MAY_BE_EMPTY = new Set(["get_servers_server_id_execution_logs", "get_tools_tool_id_logs"]);
const ENDLESS = "get_activity_stream"; // is read below: a client of JSON has no use for it

interface Operation {
  id: string;
  path: string;
  method: string;
  needsSession: boolean;
  takesBody: boolean;
  inPath: string[];
  inQuery: string[];
}
interface Answer {
  status: number;
  data: any;
  headers: Record<string, string>;
}
type Options = { body?: unknown; token?: string | null };

let box: Instance;
let api: AdminApi;
let client: any;
let operations: Operation[];
let token = "";
const succeeded = new Set<string>();

before(async () => {
  box = await Instance.started();
  api = await AdminApi.at(box.adminPort);
});
after(async () => {
  await box?.stop();
  box?.destroy();
});
afterEach(explainFailure(() => box));

const operationsOf = (document: any): Operation[] =>
  Object.entries<any>(document.paths).flatMap(([path, methods]) =>
    Object.entries<any>(methods).map(([method, one]) => ({
      id: one.operationId,
      path,
      method,
      needsSession: one.security.length > 0,
      takesBody: one.requestBody !== undefined,
      inPath: one.parameters.filter((each: any) => each.in === "path").map((each: any) => each.name),
      inQuery: one.parameters.filter((each: any) => each.in === "query").map((each: any) => each.name),
    })),
  );

/** One call of the made client.  A session may ask 100 times a minute: who is refused for that signs in again. */
async function call(id: string, parameters: object = {}, options: Options = {}): Promise<Answer> {
  for (;;) {
    const given = options.token === undefined ? token : options.token;
    const answer = await client[id](parameters, options.body, {
      headers: {
        ...(given && { Authorization: `Bearer ${given}` }),
      },
    });
    const wait = Number(answer.headers["retry-after"] ?? 0);
    if (answer.status !== 429 || !wait) return answer;
    if (given) token = await signIn();
    else await new Promise((go) => setTimeout(go, wait * 1000));
  }
}

/** The answer to a body that no client would make. */
async function statusOfRaw(one: Operation, body: string, type: string): Promise<number> {
  const path = one.path.replaceAll("{key_name}", "KEY").replaceAll(/\{[^}]+\}/g, NOBODY);
  for (;;) {
    const headers = { authorization: `Bearer ${token}`, "content-type": type };
    const { status } = await api.raw(one.method.toUpperCase(), path, headers, body);
    if (status !== 429) return status;
    token = await signIn();
  }
}

async function signIn(): Promise<string> {
  const { data } = await call("post_auth_login", {}, { body: { ...ALICE, token: true }, token: null });
  return data.access_token;
}

/** A call that must do what the document says it does when it goes well. */
async function good(id: string, parameters: object = {}, body?: unknown): Promise<any> {
  const answer = await call(id, parameters, { body });
  const one = operations.find((each) => each.id === id);
  assert.ok(one, `${id} is described`);
  assert.ok(answer.status < 300, `${id}: ${answer.status} ${JSON.stringify(answer.data)}`);
  const path = one.path.replaceAll(/\{[^}]+\}/g, NOBODY);
  api.hold(one.method.toUpperCase(), path, { status: answer.status, headers: {}, body: answer.data });
  succeeded.add(id);
  return answer.data;
}

test("the document is OpenAPI, and a client can be made from it", async () => {
  const checked = await new Validator().validate(structuredClone(api.openapi));
  assert.deepEqual(checked.errors ?? [], []);
  assert.ok(checked.valid);
  operations = operationsOf(api.openapi);
  const made = new OpenAPIClientAxios({
    definition: api.openapi,
    axiosConfigDefaults: { baseURL: box.adminUrl, validateStatus: () => true },
  });
  client = await made.init();
  for (const { id } of operations) assert.equal(typeof client[id], "function", id);
});

test("setting up and the service's own routes", async () => {
  const { code } = await box.ctlJson("setup-code");
  token = (await good("post_auth_setup", {}, { code, ...ALICE, token: true })).access_token;
  for (const id of ["health", "config", "openapi_json", "docs", "docs_css", "metrics"])
    await good(`get_${id}`);
});

test("accounts and sessions", async () => {
  await good("post_admins", {}, { username: "bob", password: "another long password" });
  const second = { page: 2, page_size: 1 };
  const { items: admins, ...ofAdmins } = await good("get_admins", second);
  assert.deepEqual(ofAdmins, { total: 2, page: 2, page_size: 1, pages: 2 });
  assert.equal(admins[0].username, "bob");
  await good("delete_admins_username", { username: "bob" });
  const other = await good("post_auth_login", {}, { ...ALICE, token: true });
  const { items: sessions, ...ofSessions } = await good("get_sessions", second);
  assert.deepEqual(ofSessions, { total: 2, page: 2, page_size: 1, pages: 2 });
  assert.equal(sessions.length, 1);
  await good("delete_sessions_session_id", { session_id: other.session_id });
  assert.equal((await good("get_auth_me")).username, "alice");
  const password = "an even longer password";
  await good("post_auth_change_password", {}, { current_password: ALICE.password, new_password: password });
  ALICE.password = password;
  token = await signIn();
});

let [server_id, tool_id] = ["", ""];

test("servers and tools, from the first draft to the way back", async () => {
  server_id = (await good("post_servers", {}, { name: "web" })).id;
  const changed = { name: "site", description: "Renamed", default_timeout_ms: 5000 };
  const server = await good("patch_servers_server_id", { server_id }, changed);
  assert.deepEqual([server.name, server.default_timeout_ms], ["site", 5000]);
  const draft = { name: "greet", python_code: CODE };
  tool_id = (await good("post_servers_server_id_tools", { server_id }, draft)).id;
  await good("post_tools_validate_code", {}, { code: CODE });
  const run = await good("post_tools_test_code", {}, { tool_id, arguments: { name: "you" } });
  assert.match(JSON.stringify(run.result), /hello you/);
  await good("post_tools_tool_id_submit", { tool_id }, { notes: "please" });
  const { digest } = await good("get_tools_tool_id_review", { tool_id });
  await good("post_approvals_tools_tool_id_action", { tool_id }, { action: "approve", digest });
  await good("get_tools_tool_id_approved", { tool_id });
  await good("post_servers_server_id_start", { server_id });
  assert.match(JSON.stringify(await box.mcp.call("site__greet", { name: "MCP" })), /hello MCP/);

  const next = { python_code: CODE.replace("hello", "good day") };
  const patched = await good("patch_tools_tool_id", { tool_id }, next);
  assert.equal(patched.approval_status, "pending_review");
  const compared = { tool_id, from_version: 1, to_version: 2 };
  const { differences } = await good("get_tools_tool_id_versions_compare", compared);
  assert.deepEqual(
    differences.map(({ field, old_value }: any) => [field, old_value]),
    [["python_code", CODE]],
  );
  await good("get_tools_tool_id_versions_number", { tool_id, number: 2 });
  const back = await good("post_tools_tool_id_versions_number_rollback", { tool_id, number: 1 });
  assert.deepEqual([back.approval_status, back.digest], ["approved", digest], "approved once is enough");
  assert.match(JSON.stringify(await box.mcp.call("site__greet", { name: "again" })), /hello again/);
  const revoked = await good("post_approvals_tools_tool_id_revoke", { tool_id }, { digest, reason: "no" });
  assert.notEqual(revoked.status, "approved");
  const { items } = await good("get_tools_tool_id_versions", { tool_id });
  assert.deepEqual([items.length, items.at(-1).approval], [3, "revoked"]);

  const other = (await good("post_servers_server_id_tools", { server_id }, { ...draft, name: "other" })).id;
  await good("post_tools_tool_id_submit", { tool_id: other }, {});
  const { items: queue } = await good("get_approvals_tools");
  const { digest: waiting } = queue.find(({ id }: any) => id === other);
  const many = { tools: [{ id: other, digest: waiting }], action: "reject", reason: "not needed" };
  assert.equal((await good("post_approvals_tools_bulk_action", {}, many)).processed_count, 1);
  await good("delete_tools_tool_id", { tool_id: other });
  assert.equal((await call("get_tools_tool_id", { tool_id: other })).status, 404);
});

test("hosts, modules, secrets and settings", async () => {
  const justification = "It has the data.";
  for (const host of ["a.example.org", "b.example.org"])
    await box.mcp.manage("request_network_access", { tool_id, host, port: 443, justification });
  for (const module_name of ["sqlite3", "tomllib"])
    await box.mcp.manage("request_module", { tool_id, module_name, justification });
  for (const kind of ["network", "modules"]) {
    const { items } = await good(`get_approvals_${kind}`);
    assert.equal(items.length, 2);
    const [first, second] = items.map(({ id, sequence }: any) => ({ id, sequence }));
    const of = { grant_id: first.id };
    await good(`get_approvals_${kind}_grant_id`, of);
    const no = { action: "reject", reason: "not this one" };
    await good(`post_approvals_${kind}_grant_id_action`, of, { ...no, sequence: first.sequence });
    await good(`post_approvals_${kind}_bulk_action`, {}, { ...no, requests: [second] });
    await good(`delete_approvals_${kind}_grant_id`, of);
    assert.equal((await call(`get_approvals_${kind}_grant_id`, of)).status, 404);
  }
  await good("post_servers_server_id_allowed_hosts", { server_id }, { host: "c.example.org" });
  await good("post_settings_modules", {}, { module_name: "graphlib" });
  const key = { server_id, key_name: "API_KEY" };
  await good("post_servers_server_id_secrets", { server_id }, { key_name: key.key_name });
  const value = { value: "hunter2-hunter2", host: "c.example.org" };
  const set = await good("put_servers_server_id_secrets_key_name", key, value);
  assert.deepEqual([set.has_value, JSON.stringify(set).includes("hunter2")], [true, false]);
  await good("delete_servers_server_id_secrets_key_name", key);
  await good("patch_settings_security_policy", {}, { log_retention_days: 7 });
  await good("patch_settings_security_profile", {}, { profile: "strict" });
  await good("post_freeze", {}, { reason: "drill" });
  await good("post_thaw");
  await good("post_audit_verify");
});

test("what is only read is read as described, and one page at a time", async () => {
  await logsOf(box, tool_id, (logs) => logs.length > 0);
  const [{ id }] = (await good("get_execution_logs")).items;
  const known: Record<string, string | number> = { server_id, tool_id, call_id: id, number: 1 };
  const paged = operations.filter((one) => one.inQuery.includes("page_size"));
  assert.ok(paged.length >= 10);
  for (const one of operations) {
    if (one.method !== "get" || one.id === ENDLESS || succeeded.has(one.id)) continue;
    const ids = Object.fromEntries(one.inPath.map((name) => [name, known[name]!]));
    await good(one.id, ids);
  }
  for (const one of paged) {
    const ids = Object.fromEntries(one.inPath.map((name) => [name, known[name]!]));
    for (const wrong of [{ page: 0 }, { page: "x" }, { page_size: 0 }, { page_size: 101 }])
      assert.equal(
        (await call(one.id, { ...ids, ...wrong })).status,
        422,
        `${one.id} ${JSON.stringify(wrong)}`,
      );
    const { items, page, page_size, pages, total } = await good(one.id, { ...ids, page: 1, page_size: 1 });
    assert.deepEqual([page, page_size, pages, items.length], [1, 1, total, Math.min(total, 1)], one.id);
    const beyond = await good(one.id, { ...ids, page: total + 1, page_size: 1 });
    assert.deepEqual([beyond.items, beyond.total], [[], total], `${one.id} beyond its end`);
  }
});

test("what needs a session is refused without one", async () => {
  for (const one of operations.filter(({ needsSession }) => needsSession)) {
    const ids = Object.fromEntries(one.inPath.map((name) => [name, NOBODY]));
    const answer = await call(one.id, ids, { token: null, ...(one.takesBody && { body: {} }) });
    assert.equal(answer.status, 401, one.id);
    assert.equal(typeof answer.data.detail, "string", one.id);
  }
});

test("what is not there is not found, and nothing is made of it", async () => {
  for (const one of operations) {
    if (one.inPath.length === 0 || one.takesBody || MAY_BE_EMPTY.has(one.id)) continue;
    const ids = Object.fromEntries(one.inPath.map((name) => [name, name === "number" ? 1 : NOBODY]));
    const query = Object.fromEntries(
      one.inQuery.map((name) => [name, name.endsWith("_version") ? 1 : undefined]),
    );
    const answer = await call(one.id, { ...ids, ...query });
    assert.equal(answer.status, 404, `${one.id}: ${JSON.stringify(answer.data)}`);
  }
});

test("a body that is not as described is refused, and the answer names what is wrong", async () => {
  for (const one of operations.filter(({ takesBody }) => takesBody)) {
    const ids = Object.fromEntries(one.inPath.map((name) => [name, name === "key_name" ? "KEY" : NOBODY]));
    const surplus = await call(one.id, ids, { body: { surplus: 1 } });
    assert.equal(surplus.status, 422, `${one.id}: ${JSON.stringify(surplus.data)}`);
    assert.ok(
      surplus.data.detail.some((each: any) => each.loc.join(".") === "body.surplus"),
      `${one.id}: ${JSON.stringify(surplus.data)}`,
    );
    assert.equal(await statusOfRaw(one, "[]", "application/json"), 422, one.id);
    assert.equal(await statusOfRaw(one, "{", "application/json"), 400, one.id);
    assert.equal(await statusOfRaw(one, "{}", "text/plain"), 415, one.id);
  }
});

test("the stream, the end of a server, and that no route was left out", async () => {
  const stop = new AbortController();
  const headers = { authorization: `Bearer ${token}` };
  const stream = await fetch(`${box.adminUrl}/api/activity/stream`, { headers, signal: stop.signal });
  assert.deepEqual([stream.status, stream.headers.get("content-type")], [200, "text/event-stream"]);
  stop.abort();
  succeeded.add(ENDLESS);
  await good("post_servers_server_id_stop", { server_id });
  await good("delete_servers_server_id", { server_id });
  assert.equal((await call("get_tools_tool_id", { tool_id })).status, 404, "its tools go with it");
  await good("post_auth_logout");
  assert.equal((await call("get_auth_me")).status, 401);
  const left = operations.map(({ id }) => id).filter((id) => !succeeded.has(id));
  assert.deepEqual(left, [], "routes whose success nobody has seen");
});

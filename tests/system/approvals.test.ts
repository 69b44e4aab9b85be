// What waits for a person, kind by kind, through the admin API and MCP: lists with pages, words and states; decisions
// one by one and several at a time; what an approved host or module covers, and what must be asked for on its own.
import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";

import { AdminApi } from "./harness/admin_api.ts";
import { Instance } from "./harness/instance.ts";
import { textOf } from "./harness/mcp.ts";
import { createServer, createTool, explainFailure, type Tool } from "./harness/story.ts";

const CODE = "async def main():\n    return 'here'\n";
const BECAUSE = "the tool asks the weather service";
const PASSWORD = "correct horse battery";

let box: Instance;
let api: AdminApi;
let tools: Tool[];
let other: Tool; // of another server

before(async () => {
  box = await Instance.started();
  api = await AdminApi.at(box.adminPort);
  assert.equal((await box.ctl(["admin", "set-password", "alice"], { input: `${PASSWORD}\n` })).code, 0);
  const login = await api.raw(
    "POST",
    "/api/auth/login",
    {},
    { username: "alice", password: PASSWORD, token: true },
  );
  api.token = login.body.access_token;
  const server = { id: await createServer(box, "many"), name: "many" };
  tools = [];
  for (let i = 0; i < 6; ++i) tools.push(await createTool(box, server, `tool${i}`, CODE));
  const beside = { id: await createServer(box, "beside"), name: "beside" };
  other = await createTool(box, beside, "tool", CODE);
});
after(async () => {
  await box?.stop();
  box?.destroy();
});
afterEach(explainFailure(() => box));

const ask = (method: string, path: string, body?: unknown) => api.ask(method, path, body);
const publish = (tool: Tool) =>
  box.mcp.manage("request_publish", { tool_id: tool.id, notes: `for ${tool.name}` });
const status = async ({ id }: Tool) =>
  (await box.mcp.manage("get_tool_status", { tool_id: id })).approval_status;
const shown = async ({ id }: Tool) => ({
  id,
  digest: (await ask("GET", `/api/tools/${id}/review`)).body.digest,
});

async function host(tool: Tool, name: string, port?: number): Promise<any> {
  const asked = { tool_id: tool.id, host: name, justification: BECAUSE, ...(port !== undefined && { port }) };
  const ending = await box.mcp.attempt("mcpbox_request_network_access", asked);
  if (ending.kind === "result") return JSON.parse(textOf(ending.result));
  assert.equal(ending.kind, "tool-error", JSON.stringify(ending));
  return { refused: (ending as { text: string }).text };
}

async function act(kind: "network" | "modules", id: string, action: string, reason?: string): Promise<any> {
  const path = `/api/approvals/${kind}/${id}`;
  const { sequence } = (await ask("GET", path)).body;
  return ask("POST", `${path}/action`, { action, sequence, ...(reason !== undefined && { reason }) });
}

test("tools that wait are listed by page, word and state, and counted", async () => {
  for (const tool of tools) await publish(tool);
  const first = (await ask("GET", "/api/approvals/tools?page_size=4")).body;
  assert.deepEqual([first.total, first.pages, first.items.length], [6, 2, 4]);
  const second = (await ask("GET", "/api/approvals/tools?page_size=4&page=2")).body;
  const names = [...first.items, ...second.items].map(({ name }: any) => name);
  assert.deepEqual(names, ["tool0", "tool1", "tool2", "tool3", "tool4", "tool5"], "longest waiting first");
  assert.equal(first.items[0].publish_notes, "for many__tool0");
  const found = (await ask("GET", "/api/approvals/tools?search=TOOL3")).body;
  assert.deepEqual([found.total, found.items[0].name], [1, "tool3"]);
  assert.equal(
    (await ask("GET", "/api/approvals/tools?search=many__tool3")).body.total,
    1,
    "as clients call it",
  );
  const drafts = (await ask("GET", "/api/approvals/tools?status=draft")).body;
  assert.deepEqual([drafts.total, drafts.items[0].server_name], [1, "beside"]);
  assert.equal((await ask("GET", "/api/approvals/tools?status=all")).body.total, 7);
  const stats = (await ask("GET", "/api/approvals/stats")).body;
  assert.deepEqual([stats.pending_tools, stats.draft_tools, stats.recently_approved], [6, 1, 0]);
});

test("several tools are decided at once, each by its own digest, and each failure is named", async () => {
  const bulk = (body: object) => ask("POST", "/api/approvals/tools/bulk-action", body);
  const all = await Promise.all(tools.map(shown));
  assert.equal((await bulk({ tools: [], action: "approve" })).status, 422);
  assert.equal((await bulk({ tools: Array(101).fill(all[0]), action: "approve" })).status, 422);
  assert.equal((await bulk({ tools: all, action: "reject" })).status, 422, "without a reason");
  assert.equal((await bulk({ tools: all, action: "revoke" })).status, 422);
  const both = (await bulk({ tools: all.slice(0, 2), action: "approve" })).body;
  assert.deepEqual(both, { success: true, processed_count: 2, failed: [] });
  const partly = [{ ...all[2]!, digest: "0".repeat(64) }, all[3]!, all[0]!, { id: "nobody", digest: "x" }];
  const some = (await bulk({ tools: partly, action: "approve" })).body;
  assert.deepEqual([some.success, some.processed_count], [false, 1]);
  assert.deepEqual(
    some.failed.map(({ id }: any) => id),
    [all[2]!.id, all[0]!.id, "nobody"],
    "changed since it was shown, approved already, no id",
  );
  const no = (await bulk({ tools: all.slice(4), action: "reject", reason: "not these" })).body;
  assert.equal(no.processed_count, 2);
  assert.deepEqual(await Promise.all(tools.map(status)), [
    ...["approved", "approved", "pending_review", "approved"],
    ...["rejected", "rejected"],
  ]);
  const told = await box.mcp.manage("get_tool_status", { tool_id: tools[5]!.id });
  assert.equal(told.rejection_reason, "not these");
  const stats = (await ask("GET", "/api/approvals/stats")).body;
  assert.deepEqual([stats.recently_approved, stats.recently_rejected], [3, 2]);
});

test("a host with a port covers that port, and one without covers every port", async () => {
  const [tool] = tools as [Tool];
  const one = await host(tool, "one.example", 443);
  assert.equal((await act("network", one.request_id, "approve")).body.status, "approved");
  assert.match((await host(tool, "One.Example.", 443)).refused, /covered already/);
  const another = await host(tool, "one.example", 8443);
  assert.equal(another.status, "pending", "another port is another request");
  assert.equal((await act("network", another.request_id, "reject", "one is enough")).body.status, "rejected");
  assert.match((await host(tool, "one.example", 8443)).refused, /one is enough/);
  const third = await host(tool, "one.example", 9443);
  assert.equal(third.status, "pending", "a rejected port says nothing about another");
  const any = await host(tool, "one.example");
  assert.equal(any.status, "pending", "one port does not cover every port");
  assert.match((await host(tool, "one.example")).refused, /asked for already/);
  assert.equal((await act("network", any.request_id, "approve")).body.status, "approved");
  assert.match((await host(tool, "one.example", 9999)).refused, /covered already/);
  assert.equal((await host(other, "one.example", 443)).status, "pending", "another server has its own hosts");
});

test("requests for hosts and modules are found by word, beside every other filter", async () => {
  const asked = { tool_id: other.id, module_name: "tomllib", justification: "reads the Configuration" };
  await box.mcp.manage("request_module", asked);
  const names = async (path: string) => {
    const { body } = await ask("GET", `/api/approvals/${path}`);
    assert.equal(body.total, body.items.length);
    return body.items.map(({ name, port }: any) => (port === null ? name : `${name}:${port}`));
  };
  assert.deepEqual(await names("modules?search=TOML"), ["tomllib"]);
  assert.deepEqual(await names("modules?search=configuration"), ["tomllib"], "why it was asked for");
  assert.deepEqual(await names("modules?search=beside__tool"), ["tomllib"], "the tool that asked");
  assert.deepEqual(await names("modules?search=nothing"), []);
  const waiting = ["one.example:9443", "one.example:443"];
  assert.deepEqual(await names("network?search=one.example"), waiting, "of both servers");
  assert.deepEqual(await names("network?search=many&grant_status=rejected"), ["one.example:8443"]);
  assert.deepEqual(await names(`network?search=one&grant_status=all&server_id=${other.server}`), [
    "one.example:443",
  ]);
  const found = await box.ctlJson("requests", "--search", "TOML");
  assert.deepEqual(
    found.requests.map(({ name }: any) => name),
    ["tomllib"],
  );
  const page = (await ask("GET", "/api/approvals/network?search=one&grant_status=all&page_size=2")).body;
  assert.deepEqual([page.items.length, page.page_size, page.pages], [2, 2, Math.ceil(page.total / 2)]);
});

test("hosts of a server come and go, and what was an administrator's is told apart", async () => {
  const [tool] = tools as [Tool];
  const path = `/api/servers/${other.server}/allowed-hosts`;
  const hosts = async () => (await box.mcp.manage("get_server", { server_id: other.server })).allowed_hosts;
  const added = await ask("POST", path, { host: "Added.Example.", port: 443 });
  assert.deepEqual([added.status, added.body.name, added.body.source], [201, "added.example", "admin"]);
  assert.equal((await ask("POST", path, { host: "added.example", port: 443 })).status, 409, "it is there");
  assert.deepEqual(await hosts(), ["added.example:443"]);
  assert.equal((await act("network", added.body.id, "revoke")).body.status, "revoked");
  assert.deepEqual(await hosts(), [], "the last one is gone");
  const { items } = (await ask("GET", `/api/approvals/network?grant_status=all&server_id=${other.server}`))
    .body;
  assert.deepEqual(items.map(({ name, source, status }: any) => [name, source, status]).sort(), [
    ["added.example", "admin", "revoked"],
    ["one.example", "llm", "pending"],
  ]);
  assert.ok((await box.mcp.manage("get_server", { server_id: tool.server })).allowed_hosts.length > 0);
  const nowhere = "/api/servers/00000000-0000-4000-8000-000000000000/allowed-hosts";
  assert.equal((await ask("POST", nowhere, { host: "added.example" })).status, 404);
});

test("requests for hosts and modules are listed by page and state, and only what is not approved is deleted", async () => {
  const [tool] = tools as [Tool];
  const first = await host(tool, "page0.example");
  for (let i = 1; i < 5; ++i) await host(tool, `page${i}.example`);
  const page = (await ask("GET", "/api/approvals/network?page_size=4")).body;
  assert.deepEqual([page.items.length, page.pages], [4, Math.ceil(page.total / 4)]);
  assert.ok(page.items.every(({ status }: any) => status === "pending"));
  const rejected = (await ask("GET", "/api/approvals/network?grant_status=rejected")).body;
  assert.deepEqual([rejected.total, rejected.items[0].rejection_reason], [1, "one is enough"]);
  const approved = (await ask("GET", "/api/approvals/network?grant_status=approved")).body.items;
  for (const { id } of approved)
    assert.equal((await ask("DELETE", `/api/approvals/network/${id}`)).status, 409);
  for (const { id } of [rejected.items[0], { id: first.request_id }])
    assert.equal((await ask("DELETE", `/api/approvals/network/${id}`)).status, 204);
  assert.equal((await host(tool, "page0.example")).status, "pending", "deleted, it may be asked for again");

  const wanted = { tool_id: tool.id, module_name: "xml.sax", justification: BECAUSE };
  const asked = await box.mcp.manage("request_module", wanted);
  assert.equal(asked.module_name, "xml", "what is approved is what can be loaded: the whole package");
  assert.equal((await act("modules", asked.request_id, "approve")).body.status, "approved");
  for (const module_name of ["xml", "xml.dom"])
    assert.match(
      await box.mcp.refusal("mcpbox_request_module", { ...wanted, module_name }),
      /covered already/,
    );
  const modules = (await ask("GET", "/api/approvals/modules?grant_status=approved")).body;
  assert.deepEqual([modules.total, modules.items[0].name], [1, "xml"]);
  assert.equal(
    (await act("modules", asked.request_id, "reject", "no")).status,
    409,
    "what is approved is revoked",
  );
  assert.equal((await act("modules", asked.request_id, "revoke")).body.status, "revoked");
  assert.equal(
    (await box.mcp.manage("request_module", { ...wanted, module_name: "xml.dom" })).status,
    "pending",
  );
});

test("a version that is not there, or is the current one, is not gone back to", async () => {
  const [tool] = tools as [Tool];
  await box.mcp.manage("update_tool", { tool_id: tool.id, description: "Second." });
  const version = (number: number) => ({ tool_id: tool.id, version: number });
  assert.match(await box.mcp.refusal("mcpbox_rollback_tool", version(2)), /version/);
  assert.match(await box.mcp.refusal("mcpbox_rollback_tool", version(3)), /version/);
  assert.match(
    await box.mcp.refusal("mcpbox_list_tool_versions", { ...version(1), compare_to: 9 }),
    /version/,
  );
  const ctl = (number: string) => box.ctl(["rollback", tool.name, number]);
  for (const [number, code] of [
    ["0", 2],
    ["x", 2],
    ["2", 5],
    ["9", 1],
  ] as [string, number][])
    assert.equal((await ctl(number)).code, code, number);
  const same = await box.mcp.manage("update_tool", { tool_id: tool.id, description: "Second." });
  assert.equal(
    (await box.mcp.manage("list_tool_versions", { tool_id: tool.id })).total_versions,
    2,
    same.message,
  );
  assert.match((await ctl("1")).stdout, /back to version 1, as version 3: approved\n$/);
  const { versions } = await box.mcp.manage("list_tool_versions", { tool_id: tool.id });
  assert.deepEqual([versions[0].change_source, versions[0].approval], ["rollback", "approved"]);
});

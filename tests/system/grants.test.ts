// What a person grants, through the real daemons: hosts, modules, secrets and settings; who may ask, what is refused,
// and what a tool can do before and after.
import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";

import { Instance } from "./harness/instance.ts";
import { textOf } from "./harness/mcp.ts";
import { createTool, explainFailure, logsOf, publish, publishAnother, type Tool } from "./harness/story.ts";
import { until } from "./harness/wait.ts";

const BECAUSE = "the tool asks the weather service";
const SECRET = "hunter2-and-a-half";
const NOT_FOUND = 4;
const REFUSED = 1;

let box: Instance;
let tool: Tool; // approved, of the server `weather`

before(async () => {
  box = await Instance.started();
  tool = await publish(box, "weather", "now", "async def main(text: str = ''):\n    return text\n");
});
after(async () => {
  await box?.stop();
  box?.destroy();
});
afterEach(explainFailure(() => box));

/** Calls a tool: it returns, or fails in its own words. */
async function call(name: string, args: Record<string, unknown> = {}) {
  const ending = await box.mcp.attempt(name, args);
  assert.ok(ending.kind === "result" || ending.kind === "tool-error", `${name}: ${JSON.stringify(ending)}`);
  return { text: textOf(ending.result), failed: ending.kind === "tool-error" };
}

/** The words of a management tool that must fail. */
async function refusal(name: string, args: Record<string, unknown>): Promise<string> {
  const { text, failed } = await call(`mcpbox_${name}`, args);
  assert.ok(failed, text);
  return text;
}

test("a host is asked for, granted by a person, and refused where that makes no sense", async () => {
  const asked = await box.mcp.manage("request_network_access", {
    tool_id: tool.id,
    host: "API.Example.com.",
    port: 443,
    justification: BECAUSE,
  });
  assert.equal(asked.host, "api.example.com");
  assert.equal(asked.status, "pending");
  const again = { tool_id: tool.id, host: "api.example.com", port: 443, justification: BECAUSE };
  assert.match(await refusal("request_network_access", again), /asked for already/);

  const waiting = await box.mcp.manage("list_pending_requests", {});
  assert.equal(waiting.pending_network_requests[0].host, "api.example.com");
  assert.equal(waiting.pending_network_requests[0].tool_name, "now");
  assert.equal(waiting.summary.network, 1);

  const shown = await box.ctl(["requests", asked.request_id]);
  assert.match(shown.stdout, /Approved tools that it reaches: 1\n {2}weather__now/);
  const approved = await box.ctl(["network", "approve", asked.request_id, "--yes"]);
  assert.equal(approved.code, 0, approved.stderr);
  assert.match(await refusal("request_network_access", again), /covered already/);
  const server = await box.mcp.manage("get_server", { server_id: tool.server });
  assert.deepEqual(server.allowed_hosts, ["api.example.com:443"]);

  const other = await box.mcp.manage("request_network_access", {
    tool_id: tool.id,
    host: "other.example.com",
    justification: BECAUSE,
  });
  const rejected = await box.ctl(["network", "reject", other.request_id, "--reason", "use the first one"]);
  assert.equal(rejected.code, 0, rejected.stderr);
  const rejection = { tool_id: tool.id, host: "other.example.com", justification: BECAUSE };
  assert.match(await refusal("request_network_access", rejection), /use the first one/);
  const status = await box.mcp.manage("get_tool_status", { tool_id: tool.id });
  const reasons = status.network_access_requests.map((one: any) => one.rejection_reason);
  assert.deepEqual(reasons.sort(), [null, "use the first one"].sort());
  assert.equal(
    (await box.ctl(["network", "delete", asked.request_id])).code,
    5,
    "what is approved is revoked first",
  );
  assert.equal((await box.ctl(["network", "revoke", asked.request_id])).code, 0);
  assert.equal((await box.ctl(["network", "delete", other.request_id])).code, 0);
  assert.equal((await box.mcp.manage("request_network_access", rejection)).status, "pending");
});

test("a module is importable from the call after its approval to the call after its revocation", async () => {
  const code = "import ipaddress\n\nasync def main():\n    return int(ipaddress.ip_address('0.0.0.42'))\n";
  const needs = await publishAnother(box, tool, "query", code);
  const before = await call(needs.name);
  assert.ok(before.failed);
  assert.match(before.text, /mcpbox_request_module/);
  const wanted = { tool_id: needs.id, module_name: "ipaddress", justification: BECAUSE };
  const asked = await box.mcp.manage("request_module", wanted);
  assert.equal(asked.status, "pending");
  assert.ok((await call(needs.name)).failed, "asking is not having");
  assert.equal((await box.ctl(["module", "approve", asked.request_id, "--yes"])).code, 0);
  assert.deepEqual(await call(needs.name), { text: "42", failed: false });
  const modules = await box.mcp.manage("get_server_modules", {});
  assert.ok(modules.is_custom_config && modules.allowed_modules.includes("ipaddress"));
  assert.match(await refusal("request_module", wanted), /covered already/);
  assert.equal((await box.ctl(["module", "revoke", asked.request_id])).code, 0);
  const revoked = await call(needs.name);
  assert.ok(revoked.failed);
  assert.match(revoked.text, /mcpbox_request_module/);
  const fallback = { tool_id: needs.id, module_name: "json", justification: BECAUSE };
  assert.match(await refusal("request_module", fallback), /default modules/);
});

test("a package that this machine does not have is approved, not installed", async () => {
  const needs = await publishAnother(
    box,
    tool,
    "absent",
    "import nosuchpackage\n\nasync def main():\n    return 1\n",
  );
  assert.equal((await box.ctl(["module", "add", "nosuchpackage"])).code, 0);
  assert.match((await call(needs.name)).text, /not installed/);
  const { not_installed } = await box.mcp.manage("get_server_modules", {});
  assert.deepEqual(not_installed, ["nosuchpackage"]);
  const listed = await box.ctl(["module", "list", "--all"]);
  assert.match(listed.stdout, /nosuchpackage +approved, not installed/);
});

test("an exposed secret is in the code's hands and in nothing that leaves it", async () => {
  const named = await box.mcp.manage("create_server_secret", {
    server_id: tool.server,
    key: "TOKEN",
    description: "of the weather service",
  });
  assert.equal(named.has_value, false);
  assert.match(await refusal("create_server_secret", { server_id: tool.server, key: "TOKEN" }), /already/);
  assert.match(await refusal("create_server_secret", { server_id: tool.server, key: "token" }), /key/);
  const code =
    "async def main():\n    print(secrets['TOKEN'])\n" +
    "    return {'length': len(secrets['TOKEN']), 'it': secrets['TOKEN'], 'keys': sorted(secrets)}\n";
  const uses = await publishAnother(box, tool, "uses", code);
  assert.match((await call(uses.name)).text, /mcpbox_create_server_secret/, "it has no value yet");
  const set = await box.ctl(["secret", "set", "weather", "TOKEN", "--exposed"], { input: `${SECRET}\n` });
  assert.equal(set.code, 0, set.stderr);
  const result = await box.mcp.call(uses.name, {});
  assert.deepEqual(JSON.parse(textOf(result)), { length: SECRET.length, it: "[REDACTED]", keys: ["TOKEN"] });
  assert.ok(!JSON.stringify(result).includes(SECRET));
  // A draft run sees none; a test of what is approved is a call, and marked.
  const draft = await createTool(box, { id: tool.server, name: "weather" }, "uses_draft", code);
  assert.match(
    await refusal("test_code", { tool_id: draft.id }),
    /'TOKEN' is not set.*mcpbox_create_server_secret/,
  );
  const tried = await box.mcp.manage("test_code", { tool_id: uses.id });
  assert.deepEqual(tried.result, { length: SECRET.length, it: "[REDACTED]", keys: ["TOKEN"] });
  const [latest] = await logsOf(box, uses, (logs) => logs[0]?.is_test);
  assert.equal(latest.success, true);
  // A changed value counts at once.
  await box.ctl(["secret", "set", "weather", "TOKEN"], { input: "another-value" });
  assert.match((await call(uses.name)).text, /"length": 13/);

  const { secrets } = await box.mcp.manage("list_server_secrets", { server_id: tool.server });
  assert.deepEqual(
    secrets.map(({ key, has_value, mode }: any) => ({ key, has_value, mode })),
    [{ key: "TOKEN", has_value: true, mode: "exposed" }],
  );
  assert.equal((await box.ctl(["secret", "delete", "weather", "TOKEN"])).code, 0);
  assert.equal((await box.ctl(["secret", "delete", "weather", "TOKEN"])).code, NOT_FOUND);
  assert.ok((await call(uses.name)).failed);
});

test("a sealed secret is another placeholder in every call", async () => {
  const set = await box.ctl(["secret", "set", "weather", "SEALED", "--host", "api.example.com"], {
    input: SECRET,
  });
  assert.equal(set.code, 0, set.stderr);
  const shows = await publishAnother(box, tool, "shows", "async def main():\n    return secrets['SEALED']\n");
  const [first, second] = [await call(shows.name), await call(shows.name)];
  assert.match(first.text, /^mcpbox-secret-[0-9a-f]{32}$/);
  assert.notEqual(first.text, second.text);
  const list = await box.ctl(["secret", "list", "weather"]);
  assert.match(
    list.stdout,
    /SEALED +set +sealed, to api\.example\.com:443 as header Authorization: Bearer \{\}/,
  );
  assert.ok(!box.log().includes(SECRET) && !list.stdout.includes(SECRET));
  const bad = await box.ctl(["secret", "set", "weather", "SEALED"], { input: "two\nlines" });
  assert.equal(bad.code, REFUSED);
  assert.match(bad.stderr, /control characters/);
});

test("settings change what happens, and a weaker one is shown", async () => {
  const wanted = { tool_id: tool.id, module_name: "shelve", justification: BECAUSE };
  const strict = await box.ctlJson("settings");
  assert.equal(strict.profile, "strict");
  assert.equal((await box.ctlJson("profile", "balanced")).profile, "balanced");
  const status = await box.ctl(["status"]);
  assert.match(status.stdout, /weaker setting: tool_approval_mode = auto_approve/);
  assert.equal((await box.mcp.manage("request_module", wanted)).status, "approved");
  const server = { id: tool.server, name: "weather" };
  const made = await createTool(box, server, "quick", "async def main():\n    return 'quick'\n");
  assert.equal((await box.mcp.manage("request_publish", { tool_id: made.id })).status, "approved");
  assert.equal((await call(made.name)).text, "quick");
  const bad = await box.ctl(["settings", "set", "log_retention_days", "0"]);
  assert.equal(bad.code, REFUSED);
  assert.equal((await box.ctl(["settings", "set", "nonsense", "1"])).code, NOT_FOUND);
  assert.equal((await box.ctlJson("profile", "strict")).profile, "strict");
  const asked = await box.mcp.manage("request_module", { ...wanted, module_name: "dbm" });
  assert.equal(asked.status, "pending", "and back");
  await box.ctlJson("settings", "set", "redact_secrets_in_output", "disabled");
  await box.ctl(["secret", "set", "weather", "OPEN", "--exposed"], { input: SECRET });
  const shows = await publishAnother(box, tool, "open", "async def main():\n    return secrets['OPEN']\n");
  assert.equal((await call(shows.name)).text, SECRET);
  await box.ctlJson("settings", "set", "redact_secrets_in_output", "enabled");
  assert.equal((await call(shows.name)).text, "[REDACTED]");
});

test("all of it is there after a restart", async () => {
  await box.ctlJson("settings", "set", "mcp_rate_limit_rpm", "1000");
  await box.stop();
  await box.start();
  const settings = await box.ctlJson("settings");
  assert.equal(settings.settings.mcp_rate_limit_rpm, "1000");
  const list = await box.ctlJson("secret", "list", "weather");
  assert.deepEqual(
    list.secrets.map(({ key }: any) => key),
    ["OPEN", "SEALED"],
  );
  await until("the tool to be published", 20, async () => {
    return (await box.mcp.attempt("weather__open")).kind === "result";
  });
  const { requests } = await box.ctlJson("network", "list", "--all");
  assert.deepEqual(
    requests.map(({ name, state }: any) => [name, state]),
    [
      ["api.example.com", "revoked"],
      ["other.example.com", "pending"],
    ],
  );
  assert.ok(!(await box.ctl(["status"])).stdout.includes("is ignored"));
});

// What the settings and the three profiles change, as callers and tools notice it: each switch there and back, through
// the real daemons, with a network of the test's own (harness/namespace.ts).
import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";

import type { Instance } from "./harness/instance.ts";
import { type Ending, textOf } from "./harness/mcp.ts";
import { insideNamespace } from "./harness/namespace.ts";
import { World } from "./harness/network_world.ts";
import { approve, createTool, explainFailure, publishAnother, type Tool } from "./harness/story.ts";

insideNamespace();

const BECAUSE = "the tool asks the weather service";
const PUBLIC = "http://api.test/hello";
const PRIVATE = "http://nas.lan:8080/hello";
const SECRET = "hunter2-and-a-half";

let net: World;
let box: Instance;
let beside: Tool;
let shows: Tool; // returns an exposed secret
let made = 0;

before(async () => {
  net = await World.build([]);
  ({ box, tool: beside } = net);
  await box.ctl(["secret", "set", "net", "OPEN", "--exposed"], { input: SECRET });
  shows = await publishAnother(box, beside, "shows", "async def main():\n    return secrets['OPEN']\n");
});
after(() => net?.remove());
afterEach(explainFailure(() => box));

async function setting(key: string, value: string): Promise<void> {
  const ran = await box.ctl(["settings", "set", key, value]);
  assert.equal(ran.code, 0, `${key}: ${ran.stdout}${ran.stderr}`);
}

/** Where a tool stands that a local caller has just asked to publish. */
async function publishes(): Promise<string> {
  const server = { id: beside.server, name: "net" };
  const tool = await createTool(box, server, `new${++made}`, "async def main():\n    return 'new'\n");
  const { status } = await box.mcp.manage("request_publish", { tool_id: tool.id });
  const called = await box.mcp.attempt(tool.name);
  assert.equal(called.kind === "result", status === "approved", "approved is callable, and nothing else is");
  return status;
}

/** How a call ends.  One that a busy machine turned away, with nothing executed, is made again. */
async function ending(tool: Tool): Promise<Ending> {
  for (;;) {
    const called = await box.mcp.attempt(tool.name);
    if (called.kind === "result" || !/nothing was executed/.test(called.text)) return called;
  }
}

/** Where a module stands that a local caller has just asked for. */
async function imports(module_name: string): Promise<string> {
  const code = `import ${module_name}\n\nasync def main():\n    return ${module_name}.__name__\n`;
  const tool = await createTool(box, { id: beside.server, name: "net" }, `uses${++made}`, code);
  const published = await box.mcp.manage("request_publish", { tool_id: tool.id });
  if (published.status !== "approved") await approve(box, tool.name);
  const asked = { tool_id: tool.id, module_name, justification: BECAUSE };
  const { status } = await box.mcp.manage("request_module", asked);
  const called = await ending(tool);
  const told = `approved is importable, and nothing else is: ${JSON.stringify(called)}`;
  assert.equal(called.kind === "result", status === "approved", told);
  return status;
}

/** Whether a tool reaches a public host that nobody approved; a private one it never does. */
async function reaches(): Promise<boolean> {
  const before = net.lan.connections;
  const inward = await net.fetched(PRIVATE);
  assert.equal(inward.error, "ConnectError", JSON.stringify(inward));
  assert.equal(net.lan.connections, before, "nobody was connected to");
  const outward = await net.fetched(PUBLIC);
  if (outward.error) assert.match(outward.text, /is not approved/);
  return outward.status === 200;
}

const shown = async () => textOf(await box.mcp.call(shows.name));

test("tool_approval_mode: whether a person must approve what a local caller publishes", async () => {
  assert.equal(await publishes(), "pending_review");
  await setting("tool_approval_mode", "auto_approve");
  assert.equal(await publishes(), "approved");
  assert.match((await box.ctl(["status"])).stdout, /weaker setting: tool_approval_mode = auto_approve/);
  await setting("tool_approval_mode", "require_approval");
  assert.equal(await publishes(), "pending_review");
});

test("module_approval_mode: whether a person must approve a module", async () => {
  assert.equal(await imports("ipaddress"), "pending");
  await setting("module_approval_mode", "auto_approve");
  assert.equal(await imports("graphlib"), "approved");
  await setting("module_approval_mode", "require_approval");
  assert.equal(await imports("colorsys"), "pending");
});

test("network_access_policy: whether a person must approve a public host", async () => {
  assert.equal(await reaches(), false);
  await setting("network_access_policy", "allow_all_public");
  assert.equal(await reaches(), true);
  assert.match(
    (await box.ctl(["status"])).stdout,
    /weaker setting: network_access_policy = allow_all_public/,
  );
  const asked = { tool_id: beside.id, host: "api.test", port: 80, justification: BECAUSE };
  assert.match(await box.mcp.refusal("mcpbox_request_network_access", asked), /needs no approval/);
  await setting("network_access_policy", "require_approval");
  assert.equal(await reaches(), false);
});

test("redact_secrets_in_output: whether an exposed value leaves the tool", async () => {
  assert.equal(await shown(), "[REDACTED]");
  await setting("redact_secrets_in_output", "disabled");
  assert.equal(await shown(), SECRET);
  await setting("redact_secrets_in_output", "enabled");
  assert.equal(await shown(), "[REDACTED]");
});

test("a profile is its five settings, and does what they do", async () => {
  const profiles: [string, string, string, boolean, string][] = [
    ["balanced", "approved", "approved", false, "bisect"],
    ["permissive", "approved", "approved", true, "chunk"],
    ["strict", "pending_review", "pending", false, "cmd"],
  ];
  for (const [profile, tools, modules, network, module] of profiles) {
    assert.equal((await box.ctlJson("profile", profile)).profile, profile);
    assert.equal(await publishes(), tools, profile);
    assert.equal(await imports(module), modules, profile);
    assert.equal(await reaches(), network, profile);
    assert.equal(await shown(), "[REDACTED]", profile);
    const { settings } = await box.ctlJson("settings");
    assert.equal(settings.remote_tool_editing, profile === "permissive" ? "enabled" : "disabled");
  }
});

/** One request as any client sends it, without patience. */
const ping = () =>
  fetch(box.url, {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "application/json, text/event-stream" },
    body: '{"jsonrpc":"2.0","id":1,"method":"ping"}',
  });

test("mcp_rate_limit_rpm: how many requests a minute one caller may send, from now on", async () => {
  for (const reply of await Promise.all(Array.from({ length: 60 }, ping))) assert.notEqual(reply.status, 429);
  await setting("mcp_rate_limit_rpm", "10");
  const replies = await Promise.all(Array.from({ length: 60 }, ping));
  const refused = replies.filter(({ status }) => status === 429);
  assert.ok(refused.length > 0, "sixty at once are more than ten a minute");
  for (const reply of refused) assert.match(reply.headers.get("retry-after") ?? "", /^[1-7]$/);
  assert.equal((await box.ctlJson("settings")).settings.mcp_rate_limit_rpm, "10");
  await setting("mcp_rate_limit_rpm", "10000");
  // What was used up comes back at the new rate: more than sixty in any second.
  await new Promise((resolve) => setTimeout(resolve, 1000));
  for (const reply of await Promise.all(Array.from({ length: 60 }, ping))) assert.notEqual(reply.status, 429);
});

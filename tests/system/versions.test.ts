// A tool's life through its versions: every step of docs/approvals.md through the real daemons, and what takes
// authority away while calls run.
import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";

import { Instance } from "./harness/instance.ts";
import { textOf } from "./harness/mcp.ts";
import {
  approve,
  createServer,
  createTool,
  digestOf,
  explainFailure,
  publish,
  publishAnother,
} from "./harness/story.ts";
import { until } from "./harness/wait.ts";

const code = (answer: string) => `async def main() -> str:\n    return ${JSON.stringify(answer)}\n`;
const NAP = "import asyncio\nasync def main():\n    await asyncio.sleep(50)\n";

let box: Instance;

before(async () => {
  box = await Instance.started();
});
after(async () => {
  await box?.stop();
  box?.destroy();
});
afterEach(explainFailure(() => box));

const status = async (tool_id: string) =>
  (await box.mcp.manage("get_tool_status", { tool_id })).approval_status as string;

async function ctl(...args: string[]): Promise<string> {
  const ran = await box.ctl(args);
  assert.equal(ran.code, 0, `${args.join(" ")}: ${ran.stdout}${ran.stderr}`);
  return ran.stdout;
}

test("what was approved is come back to without a review, and once revoked not any more", async () => {
  const tool = await publish(box, "life", "answer", code("one"));
  assert.equal(textOf(await box.mcp.call(tool.name, {})), "one");

  const changed = await box.mcp.manage("update_tool", { tool_id: tool.id, python_code: code("two") });
  assert.equal(changed.approval_status, "pending_review");
  await box.mcp.refusal(tool.name, {});
  const pending = await box.mcp.manage("list_pending_requests", {});
  assert.deepEqual(
    pending.pending_tools.map((one: any) => one.id),
    [tool.id],
  );
  const review = await ctl("show", tool.name);
  assert.match(
    review,
    /What changed since it was approved last\npython_code\n[^]*- {4}return "one"\n {2}\+ {4}return "two"/,
  );

  const back = await box.mcp.manage("rollback_tool", { tool_id: tool.id, version: 1 });
  assert.equal(back.approval_status, "approved");
  assert.equal(textOf(await box.mcp.call(tool.name, {})), "one");

  await ctl("revoke", tool.name, "--reason", "second thoughts");
  assert.equal(await status(tool.id), "pending_review");
  await box.mcp.refusal(tool.name, {});
  await box.mcp.manage("rollback_tool", { tool_id: tool.id, version: 2 });
  const again = await box.mcp.manage("rollback_tool", { tool_id: tool.id, version: 3 });
  assert.equal(again.approval_status, "pending_review", "revoked is revoked");

  const listed = await box.mcp.manage("list_tool_versions", { tool_id: tool.id, version: 2, compare_to: 1 });
  assert.equal(listed.total_versions, 5);
  assert.equal(listed.versions[4].approval, "revoked");
  assert.match(listed.comparison.code_diff, /-    return "one"\n\+    return "two"/);
  assert.match(await ctl("diff", tool.name, "1", "2"), /- {4}return "one"/);
  await ctl("reject", tool.name, "--reason", "no");
  assert.equal(await status(tool.id), "rejected");
  await box.mcp.manage("update_tool", { tool_id: tool.id, description: "better" });
  assert.equal(await status(tool.id), "draft");
});

test("a version brings back whether the tool was enabled, and nobody is left to find out by himself", async () => {
  const tool = await publish(box, "switched", "answer", code("on"));
  const off = await box.mcp.manage("update_tool", { tool_id: tool.id, enabled: false });
  assert.deepEqual([off.enabled, off.approval_status, off.current_version], [false, "approved", 2]);
  await box.mcp.refusal(tool.name, {});

  const on = await box.mcp.manage("rollback_tool", { tool_id: tool.id, version: 1 });
  assert.deepEqual([on.enabled, on.approval_status], [true, "approved"]);
  assert.equal(textOf(await box.mcp.call(tool.name, {})), "on");
  const again = await box.mcp.manage("rollback_tool", { tool_id: tool.id, version: 2 });
  assert.equal(again.enabled, false);
  assert.match(again.message, /disabled.*mcpbox_update_tool/);
  await box.mcp.refusal(tool.name, {});
  const { versions } = await box.mcp.manage("list_tool_versions", { tool_id: tool.id });
  assert.deepEqual(
    versions.map(({ change_summary }: any) => change_summary),
    [
      "Rolled back to version 2; disabled",
      "Rolled back to version 1; enabled",
      "disabled",
      "Initial version",
    ],
  );

  // What is enabled again and was revoked meanwhile stays out of reach, and so does what nobody approved.
  await ctl("revoke", tool.name);
  const revoked = await box.mcp.manage("rollback_tool", { tool_id: tool.id, version: 1 });
  assert.deepEqual([revoked.enabled, revoked.approval_status], [true, "pending_review"]);
  await box.mcp.refusal(tool.name, {});
  const same = await box.mcp.manage("rollback_tool", { tool_id: tool.id, version: 2 });
  assert.deepEqual([same.enabled, same.approval_status], [false, "pending_review"]);
});

test("approvals, and that they were revoked, outlive a restart", async () => {
  const kept = await publish(box, "kept", "kept", code("kept"));
  const revoked = await publishAnother(box, kept, "revoked", code("revoked"));
  await ctl("revoke", revoked.name);
  await box.stop();
  await box.start();
  assert.equal(textOf(await box.mcp.call(kept.name, {})), "kept");
  await box.mcp.refusal(revoked.name, {});
  assert.equal(await status(revoked.id), "pending_review");
});

test("revoking and deleting kill the calls that run", async () => {
  const takeAway: [string, (tool: { id: string; name: string; server: string }) => Promise<unknown>][] = [
    ["revoke", (tool) => ctl("revoke", tool.name)],
    ["delete_tool", (tool) => box.mcp.manage("delete_tool", { tool_id: tool.id })],
    ["delete_server", (tool) => box.mcp.manage("delete_server", { server_id: tool.server })],
    ["remove", (tool) => ctl("delete", tool.name.split("__")[0]!)],
  ];
  for (const [index, [what, act]] of takeAway.entries()) {
    const nap = await publish(box, `naps${index}`, "nap", NAP, { timeout_ms: 60_000 });
    const call = box.mcp.refusal(nap.name, {});
    await until("the call to run", 20, async () => (await box.ctlJson("status")).calls_in_flight > 0);
    await act(nap);
    assert.notEqual(await call, "", what);
    await box.mcp.refusal(nap.name, {});
  }
});

test("a renamed server's tools are called by its new name, and its limit is theirs", async () => {
  const tool = await publish(box, "before", "answer", code("here"));
  await ctl("server", "before", "--name", "behind", "--timeout", "5000");
  assert.equal(textOf(await box.mcp.call("behind__answer", {})), "here");
  await box.mcp.refusal(tool.name, {});
  const shown = await box.mcp.manage("get_tool", { tool_id: tool.id });
  assert.deepEqual([shown.timeout_ms, shown.timeout_inherited], [5000, true]);
});

test("a schema and a promise beside the code are kept as given, and hold", async () => {
  const server = { id: await createServer(box, "promises"), name: "promises" };
  const input_schema = {
    type: "object",
    properties: { n: { type: "integer", maximum: 3 } },
    required: ["n"],
  };
  const output_schema = { type: "object", properties: { n: { type: "integer" } }, required: ["n"] };
  const tool = await createTool(box, server, "echo", "async def main(n): return {'n': n} if n else {}\n", {
    input_schema,
    output_schema,
    annotations: { title: "Echo", readOnlyHint: true },
    headers: { n: "N" },
  });
  const before = await digestOf(box, tool.name);
  await approve(box, tool.name);
  await box.mcp.manage("start_server", { server_id: server.id });
  const page = await box.mcp.post("tools/list", {});
  const listed = (page.result as any).tools.find((one: any) => one.name === tool.name);
  assert.deepEqual(listed.outputSchema, output_schema);
  assert.equal(listed.annotations.readOnlyHint, true);
  assert.equal(listed.inputSchema.properties.n["x-mcp-header"], "N");
  assert.match(
    await box.mcp.refusal("mcpbox_update_tool", { tool_id: tool.id, input_schema: { type: "array" } }),
    /type/,
  );
  assert.equal(await digestOf(box, tool.name), before);
});

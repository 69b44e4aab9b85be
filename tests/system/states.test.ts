// Every state of a tool with every step, allowed and refused, through the real daemons: the cases are the rows of
// docs/approvals.md, which is printed from the table that the monitor enforces (policy/approvals.cc).
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, afterEach, before, test } from "node:test";
import { fileURLToPath } from "node:url";

import { Instance } from "./harness/instance.ts";
import { approve, createTool, digestOf, explainFailure, publish, type Tool } from "./harness/story.ts";

const PAGE = fileURLToPath(new URL("../../docs/approvals.md", import.meta.url));
const CODE = "async def main():\n    return 'here'\n";
const STATES = ["draft", "pending_review", "approved", "rejected"];
const STEPS = ["request", "approve", "reject", "revoke", "change", "restore"];

interface Case {
  from: string;
  step: string;
  to: string | undefined; // undefined: refused
}

function casesOf(page: string): Case[] {
  const table = page.split("<!-- generated: transitions -->")[1]!.split("<!-- end -->")[0]!;
  const rows = table
    .trim()
    .split("\n")
    .map((line) =>
      line
        .split("|")
        .slice(1, -1)
        .map((cell) => cell.trim().replaceAll("`", "")),
    );
  const [head, , ...states] = rows;
  return states.flatMap(([from, ...cells]) =>
    cells.map((to, i) => ({ from: from!, step: head![i + 1]!, to: to === "refused" ? undefined : to })),
  );
}

let box: Instance;
let home: Tool;
let made = 0;

before(async () => {
  box = await Instance.started();
  home = await publish(box, "states", "first", CODE);
});
after(async () => {
  await box?.stop();
  box?.destroy();
});
afterEach(explainFailure(() => box));

const status = async (tool: Tool) =>
  (await box.mcp.manage("get_tool_status", { tool_id: tool.id })).approval_status as string;

const change = (tool: Tool) =>
  box.mcp.attempt("mcpbox_update_tool", { tool_id: tool.id, description: `changed ${++made}` });

async function ctl(...args: string[]): Promise<boolean> {
  const ran = await box.ctl(args);
  assert.ok(ran.code === 0 || ran.code === 5, `${args.join(" ")}: ${ran.stdout}${ran.stderr}`);
  return ran.code === 0;
}

/** A tool in this state whose version 1 was approved and not revoked. */
async function toolIn(state: string): Promise<Tool> {
  const tool = await createTool(box, { id: home.server, name: "states" }, `tool${++made}`, CODE);
  await approve(box, tool.name);
  await change(tool);
  if (state === "approved") await approve(box, tool.name);
  if (state === "rejected" || state === "draft")
    assert.ok(await ctl("reject", tool.name, "--reason", "not yet"));
  if (state === "draft") await change(tool);
  assert.equal(await status(tool), state);
  return tool;
}

const TAKE: Record<string, (tool: Tool) => Promise<boolean>> = {
  request: async ({ id }) =>
    (await box.mcp.attempt("mcpbox_request_publish", { tool_id: id })).kind === "result",
  approve: async ({ name }) => ctl("approve", name, "--digest", await digestOf(box, name)),
  reject: ({ name }) => ctl("reject", name, "--reason", "no"),
  revoke: ({ name }) => ctl("revoke", name),
  change: async (tool) => (await change(tool)).kind === "result",
  restore: async ({ id }) =>
    (await box.mcp.attempt("mcpbox_rollback_tool", { tool_id: id, version: 1 })).kind === "result",
};

const cases = casesOf(readFileSync(PAGE, "utf8"));

test("the table has every state with every step", () => {
  const all = STATES.flatMap((from) => STEPS.map((step) => `${from} ${step}`));
  assert.deepEqual(
    cases.map(({ from, step }) => `${from} ${step}`),
    all,
  );
});

for (const { from, step, to } of cases)
  test(`${from}, ${step}: ${to ?? "refused"}`, async () => {
    const tool = await toolIn(from);
    assert.equal(await TAKE[step]!(tool), to !== undefined);
    const now = to ?? from;
    assert.equal(await status(tool), now);
    const called = await box.mcp.attempt(tool.name);
    assert.equal(called.kind === "result", now === "approved", JSON.stringify(called));
  });

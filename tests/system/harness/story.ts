// Steps that many tests need first: a server, a tool, an approval.
import assert from "node:assert/strict";

import type { Instance } from "./instance.ts";
import { until } from "./wait.ts";

export interface Tool {
  id: string;
  server: string; // the server's id
  name: string; // as published: server__tool
}

export async function createServer(box: Instance, name: string, description = ""): Promise<string> {
  return (await box.mcp.manage("create_server", { name, description })).id as string;
}

export async function createTool(
  box: Instance,
  server: { id: string; name: string },
  name: string,
  code: string,
  more: Record<string, unknown> = {},
): Promise<Tool> {
  const made = await box.mcp.manage("create_tool", {
    server_id: server.id,
    name,
    python_code: code,
    ...more,
  });
  return { id: made.id, server: server.id, name: `${server.name}__${name}` };
}

/** The digest that an approval of the tool would bind now. */
export async function digestOf(box: Instance, tool: string): Promise<string> {
  const shown = await box.ctlJson("show", tool);
  assert.match(shown.digest, /^[0-9a-f]{64}$/);
  return shown.digest;
}

/** What `mcpboxctl approve` asks at the end of a review. */
export const EIGHT_DIGITS = /first eight digits[^\n]*: $/;

/** Approves as root does from a script; in a trial, where nobody is root, as a person does at a terminal. */
export async function approve(box: Instance, tool: string): Promise<string> {
  const digest = await digestOf(box, tool);
  const ran = box.user
    ? await box.ctl(["approve", tool], { terminal: [{ when: EIGHT_DIGITS, type: digest.slice(0, 8) }] })
    : await box.ctl(["approve", tool, "--digest", digest]);
  assert.equal(ran.code, 0, `approve: ${ran.stdout}${ran.stderr}`);
  return digest;
}

/** A running server with one approved tool. */
export async function publish(
  box: Instance,
  serverName: string,
  name: string,
  code: string,
  more: Record<string, unknown> = {},
): Promise<Tool> {
  const server = { id: await createServer(box, serverName), name: serverName };
  const tool = await createTool(box, server, name, code, more);
  await box.mcp.manage("request_publish", { tool_id: tool.id });
  await approve(box, tool.name);
  await box.mcp.manage("start_server", { server_id: server.id });
  return tool;
}

/** Adds one more approved tool to a server that publish() made. */
export async function publishAnother(
  box: Instance,
  beside: Tool,
  name: string,
  code: string,
  more: Record<string, unknown> = {},
): Promise<Tool> {
  const server = { id: beside.server, name: beside.name.split("__")[0]! };
  const tool = await createTool(box, server, name, code, more);
  await box.mcp.manage("request_publish", { tool_id: tool.id });
  await approve(box, tool.name);
  return tool;
}

/** The tool's log, newest first, once `enough` is in it: a call is answered when its outcome is durable, and its
 *  readable text follows. */
export function logsOf(box: Instance, tool: Tool | string, enough: (logs: any[]) => boolean): Promise<any[]> {
  const tool_id = typeof tool === "string" ? tool : tool.id;
  return until("the calls to be in the log", 20, async () => {
    const { logs } = await box.mcp.manage("get_tool_logs", { tool_id, limit: 50 });
    return enough(logs) && logs;
  });
}

/** What a reviewer of SERVER__TOOL is told of the last draft run: it is answered first, and its readable text follows. */
export function draftRunOf(box: Instance, tool: string): Promise<string> {
  return until("the draft run to be in the log", 20, async () => {
    const { last_draft_run } = await box.ctlJson("show", tool);
    return (last_draft_run as string) || undefined;
  });
}

/** Prints the end of the log when the test that just ran failed.  For afterEach(). */
export function explainFailure(box: () => Instance | undefined) {
  return (context: unknown) => {
    if ((context as { passed?: boolean }).passed !== false) return;
    console.error(
      `--- log ---\n${box()?.logTail() ?? "(no instance)"}\n--- processes ---\n${box()?.listing() ?? ""}`,
    );
  };
}

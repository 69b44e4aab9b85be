// The fixtures of the conformance suite, made as any author makes a tool: one source file each, whose first line may
// carry, as JSON, what mcpbox_create_tool takes besides name and code; then approved as a person approves.
//   # fixture: {"kind": "prompt", "description": "..."}
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import type { Instance } from "../system/harness/instance.ts";
import { approve, createServer, createTool } from "../system/harness/story.ts";

const FOLDER = join(import.meta.dirname, "fixtures");
const HEAD = /^# fixture: (\{.*\})$/m;

export interface Fixture {
  name: string;
  code: string;
  more: Record<string, unknown>;
}

export function fixtures(): Fixture[] {
  return readdirSync(FOLDER)
    .filter((file) => file.endsWith(".py"))
    .sort()
    .map((file) => {
      const code = readFileSync(join(FOLDER, file), "utf8");
      const head = HEAD.exec(code.slice(0, code.indexOf("\n")));
      return { name: file.slice(0, -3), code, more: head ? JSON.parse(head[1]!) : {} };
    });
}

/** A running server with every fixture in service; returns its id. */
export async function publishFixtures(box: Instance, name: string): Promise<string> {
  const server = { id: await createServer(box, name, "What the conformance suite calls"), name };
  for (const fixture of fixtures()) {
    const tool = await createTool(box, server, fixture.name, fixture.code, fixture.more);
    await box.mcp.manage("request_publish", { tool_id: tool.id });
    await approve(box, tool.name);
  }
  await box.mcp.manage("start_server", { server_id: server.id });
  return server.id;
}

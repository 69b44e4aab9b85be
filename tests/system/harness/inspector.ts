// The MCP Inspector's command line, as a person types it.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import type { ListedTool } from "./clients.ts";
import type { ToolResult } from "./mcp.ts";
import { run, type Ran } from "./run.ts";

const BIN = join(import.meta.dirname, "..", "node_modules", ".bin");

// Its exit statuses.
export const INSPECTOR_TOOL_ERROR = 5; // the tool's result is an error
export const INSPECTOR_SCHEMA_ERROR = 6; // --strict: a schema that some clients refuse

export async function inspect(url: string, ...args: string[]): Promise<Ran> {
  const home = mkdtempSync(join(tmpdir(), "inspector-")); // it writes ~/.mcp-inspector
  try {
    const argv = [
      join(BIN, "mcp-inspector"),
      "--cli",
      url,
      "--transport",
      "http",
      ...args,
      "--format",
      "json",
    ];
    return await run(argv, {
      env: { HOME: home, PATH: `${dirname(process.execPath)}:${process.env["PATH"] ?? ""}` },
    });
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

// The answer is an object with what was asked for somewhere inside; how deep differs between its versions.
function field<T>(value: unknown, name: string): T | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  if (name in value) return (value as Record<string, T>)[name];
  return Object.values(value)
    .map((inner) => field<T>(inner, name))
    .find((found) => found !== undefined);
}

export function toolsOf(ran: Ran): ListedTool[] | undefined {
  return field<ListedTool[]>(JSON.parse(ran.stdout), "tools");
}

/** What --strict found, by tool: of each finding its severity.  It reports a tool only when there is something to say. */
export function findingsOf(ran: Ran): Record<string, string[]> {
  const found = field<{ toolName: string; findings: { severity: string }[] }[]>(
    JSON.parse(ran.stdout),
    "schemaFindings",
  );
  return Object.fromEntries(
    (found ?? []).map(({ toolName, findings }) => [toolName, findings.map(({ severity }) => severity)]),
  );
}

export function contentOf(ran: Ran): ToolResult["content"] | undefined {
  return field<ToolResult["content"]>(JSON.parse(ran.stdout), "content");
}

// A caller of its own few lines that speaks 2026-07-28: for arranging what a test needs.  What the official clients
// make of the server is the subject of story.test.ts.
import assert from "node:assert/strict";

import type { Rpc } from "./http.ts";

export const MODERN = "2026-07-28";
export const LEGACY = "2025-11-25";

export const CLIENT = { name: "mcpbox-system-tests", version: "1" };

export function modernMeta(extra: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    "io.modelcontextprotocol/protocolVersion": MODERN,
    "io.modelcontextprotocol/clientCapabilities": {},
    "io.modelcontextprotocol/clientInfo": CLIENT,
    ...extra,
  };
}

export function modernHeaders(method: string, name?: string): Record<string, string> {
  const headers: Record<string, string> = { "MCP-Protocol-Version": MODERN, "Mcp-Method": method };
  if (name !== undefined) headers["Mcp-Name"] = name;
  return headers;
}

/** What a refused management call says beside its words: `_meta.error`. */
export interface Details {
  code: string;
  field?: string;
  rule?: string;
  received?: string;
  next?: string;
}

export interface ToolResult {
  content: { type: string; text?: string }[];
  structuredContent?: any;
  isError?: boolean;
  _meta?: { execution?: { stdout: string; duration_ms: number; error_detail?: Record<string, any> } };
}

export function textOf(result: { content: unknown }): string {
  const blocks = result.content as { type: string; text?: string }[];
  return blocks.map((block) => block.text ?? "").join("\n");
}

/** What came of one call: every call ends in exactly one of these. */
export type Ending =
  | { kind: "result"; result: ToolResult }
  | { kind: "tool-error"; text: string; result: ToolResult }
  | { kind: "rpc-error"; code: number; text: string }
  | { kind: "disconnected"; text: string };

let nextId = 0;

export class Mcp {
  readonly url: string;

  constructor(url: string) {
    this.url = url;
  }

  async post(method: string, params: Record<string, unknown> = {}, signal?: AbortSignal): Promise<Rpc> {
    const name = typeof params["name"] === "string" ? params["name"] : undefined;
    const response = await fetch(this.url, {
      method: "POST",
      headers: {
        "Content-Type": "application/json",
        Accept: "application/json, text/event-stream",
        ...modernHeaders(method, name),
      },
      body: JSON.stringify({
        jsonrpc: "2.0",
        id: ++nextId,
        method,
        params: { ...params, _meta: modernMeta() },
      }),
      signal: signal ?? null,
    });
    return lastMessage(await response.text(), response.headers.get("content-type") ?? "");
  }

  /** Calls a tool and tells how that ended; never throws for what the server did. */
  async attempt(name: string, args: Record<string, unknown> = {}, signal?: AbortSignal): Promise<Ending> {
    let reply: Rpc;
    try {
      reply = await this.post("tools/call", { name, arguments: args }, signal);
    } catch (error) {
      const cause = (error as Error).cause;
      return { kind: "disconnected", text: `${String(error)} ${cause ? String(cause) : ""}` };
    }
    if (reply.error) return { kind: "rpc-error", code: reply.error.code, text: reply.error.message };
    const result = reply.result as ToolResult;
    return result.isError ? { kind: "tool-error", text: textOf(result), result } : { kind: "result", result };
  }

  /** Calls a tool that must succeed. */
  async call(name: string, args: Record<string, unknown> = {}): Promise<ToolResult> {
    const ending = await this.attempt(name, args);
    assert.equal(ending.kind, "result", `${name} should succeed: ${JSON.stringify(ending)}`);
    return (ending as { result: ToolResult }).result;
  }

  /** Calls a tool that must fail in words, in whichever of the two ways; returns the words. */
  async refusal(name: string, args: Record<string, unknown> = {}): Promise<string> {
    const ending = await this.attempt(name, args);
    assert.ok(
      ending.kind === "tool-error" || ending.kind === "rpc-error",
      `${name}: ${JSON.stringify(ending)}`,
    );
    return ending.text;
  }

  /** A management tool that must succeed; its answer is one JSON object. */
  async manage(name: string, args: Record<string, unknown> = {}): Promise<any> {
    return JSON.parse(textOf(await this.call(`mcpbox_${name}`, args)));
  }

  async toolNames(): Promise<string[]> {
    const names: string[] = [];
    let cursor: string | undefined;
    do {
      const reply = await this.post("tools/list", cursor === undefined ? {} : { cursor });
      assert.ok(reply.result, `tools/list: ${JSON.stringify(reply)}`);
      names.push(...reply.result["tools"].map((tool: { name: string }) => tool.name));
      cursor = reply.result["nextCursor"];
    } while (cursor !== undefined);
    return names;
  }
}

function lastMessage(text: string, type: string): Rpc {
  if (!type.startsWith("text/event-stream")) return JSON.parse(text) as Rpc;
  const messages = [...text.matchAll(/^data: ?(.+)$/gm)].map((match) => JSON.parse(match[1]!) as Rpc);
  const last = messages.findLast((message) => message.result !== undefined || message.error !== undefined);
  if (!last) throw new Error(`the stream ended without a response: ${text}`);
  return last;
}

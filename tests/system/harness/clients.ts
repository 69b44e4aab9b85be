// The official clients behind one small face, so that one story can be told with each of them.
import assert from "node:assert/strict";

import {
  Client as ModernClient,
  StreamableHTTPClientTransport as ModernTransport,
} from "@modelcontextprotocol/client";
import { Client as OldClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as OldTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { ToolListChangedNotificationSchema } from "@modelcontextprotocol/sdk/types.js";

import { CLIENT, MODERN, textOf, type ToolResult } from "./mcp.ts";

export interface ListedTool {
  name: string;
  description?: string | undefined;
  inputSchema: Record<string, unknown>;
}

export interface Caller {
  list(): Promise<ListedTool[]>;
  call(name: string, args?: Record<string, unknown>): Promise<ToolResult>;
  server(): { name: string; version: string } | undefined;
  close(): Promise<void>;
}

function face(client: ModernClient | OldClient): Caller {
  return {
    list: async () => (await client.listTools()).tools as ListedTool[],
    call: async (name, args = {}) => (await client.callTool({ name, arguments: args })) as ToolResult,
    server: () => client.getServerVersion(),
    close: () => client.close(),
  };
}

/** @modelcontextprotocol/client with the handshake of 2025. */
export async function legacyClient(url: string): Promise<Caller> {
  const client = new ModernClient(CLIENT);
  await client.connect(new ModernTransport(new URL(url)));
  return face(client);
}

/** @modelcontextprotocol/client that accepts nothing but 2026-07-28. */
export async function pinnedClient(url: string): Promise<Caller> {
  const client = new ModernClient(CLIENT, { versionNegotiation: { mode: { pin: MODERN } } });
  await client.connect(new ModernTransport(new URL(url)));
  return face(client);
}

/** @modelcontextprotocol/client that finds out what the server speaks. */
export async function autoClient(url: string): Promise<Caller> {
  const client = new ModernClient(CLIENT, { versionNegotiation: { mode: "auto" } });
  await client.connect(new ModernTransport(new URL(url)));
  return face(client);
}

/** @modelcontextprotocol/sdk 1.x. */
export async function oldSdkClient(url: string): Promise<Caller> {
  const client = new OldClient(CLIENT);
  await client.connect(new OldTransport(new URL(url)) as Transport);
  return face(client);
}

/** One with a callback for "the list of tools changed". */
export async function listeningClient(url: string, changed: () => void): Promise<Caller> {
  const client = new OldClient(CLIENT);
  client.setNotificationHandler(ToolListChangedNotificationSchema, changed);
  await client.connect(new OldTransport(new URL(url)) as Transport);
  return face(client);
}

export const CLIENTS: Record<string, (url: string) => Promise<Caller>> = {
  "the client of 2025-11-25": legacyClient,
  "the client pinned to 2026-07-28": pinnedClient,
  "the client that negotiates by itself": autoClient,
  "the 1.x SDK": oldSdkClient,
};

export async function withClient(
  caller: Promise<Caller>,
  use: (client: Caller) => Promise<void>,
): Promise<void> {
  const client = await caller;
  try {
    await use(client);
  } finally {
    await client.close();
  }
}

/** A management tool that must succeed; its answer is one JSON object. */
export async function manage(client: Caller, name: string, args: Record<string, unknown> = {}): Promise<any> {
  const result = await client.call(`mcpbox_${name}`, args);
  assert.ok(!result.isError, `${name}: ${textOf(result)}`);
  return JSON.parse(textOf(result));
}

/** The words with which a client is refused, whether as an error or as a result that says so. */
export async function refused(
  client: Caller,
  name: string,
  args: Record<string, unknown> = {},
): Promise<string> {
  let result: ToolResult;
  try {
    result = await client.call(name, args);
  } catch (error) {
    return (error as Error).message;
  }
  assert.ok(result.isError, `${name} should be refused, but: ${textOf(result)}`);
  return textOf(result);
}

/** What everybody is told about a tool that they may not call: unknown, unapproved and stopped look the same. */
export const UNKNOWN_TOOL = /unknown tool|no such tool|not (a )?published|not found/i;

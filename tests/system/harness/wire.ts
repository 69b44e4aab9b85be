// Requests as bytes, right in everything that a test does not make wrong on purpose.
import assert from "node:assert/strict";

import { type Answer, ask, type Headers, type Request, type Rpc, rpcOf } from "./http.ts";
import { CLIENT, LEGACY, modernHeaders, modernMeta } from "./mcp.ts";

export const PARSE = -32700;
export const INVALID_REQUEST = -32600;
export const NO_METHOD = -32601;
export const INVALID_PARAMS = -32602;
export const HEADER_MISMATCH = -32020;
export const UNSUPPORTED_VERSION = -32022;

export interface Reply {
  status: number;
  rpc: Rpc | undefined; // undefined: no body
  answer: Answer;
}

export async function reply(port: number, request: Request): Promise<Reply> {
  const answer = await ask(port, request);
  return { status: answer.status, rpc: answer.body === "" ? undefined : rpcOf(answer), answer };
}

/** The answer must be this JSON-RPC error; id: the request's own, or null when none could be read. */
export function isError(got: Reply, status: number, code: number, id: unknown = 7): void {
  assert.equal(got.status, status, got.answer.body);
  assert.equal(got.rpc?.error?.code, code, got.answer.body);
  assert.equal(got.rpc?.jsonrpc, "2.0");
  if (id === null) assert.equal(got.rpc?.id ?? null, null, "no id could be read");
  else assert.deepEqual(got.rpc?.id, id, "the request's own id");
  assert.ok((got.rpc?.error?.message ?? "").length > 0);
}

export function rpc(method: string, params?: unknown, id: unknown = 7): Record<string, unknown> {
  return { jsonrpc: "2.0", id, method, ...(params !== undefined && { params }) };
}

/** A request of 2026-07-28 as it should be; `headers` and `meta` change it. */
export function modern(
  method: string,
  params: Record<string, unknown> = {},
  headers: Headers = {},
  meta: Record<string, unknown> | undefined = modernMeta(),
): Request {
  const name = typeof params["name"] === "string" ? params["name"] : undefined;
  return {
    headers: { ...modernHeaders(method, name), ...headers },
    body: JSON.stringify(rpc(method, { ...params, ...(meta && { _meta: meta }) })),
  };
}

/** A session of 2025-11-25. */
export class Session {
  readonly id: string;
  private readonly port: number;
  private readonly more: Headers;

  private constructor(port: number, id: string, more: Headers) {
    this.port = port;
    this.id = id;
    this.more = more;
  }

  /** more: headers of each of its requests. */
  static async open(port: number, version = LEGACY, more: Headers = {}): Promise<Session> {
    const params = { protocolVersion: version, capabilities: {}, clientInfo: CLIENT };
    const opened = await reply(port, { headers: more, body: JSON.stringify(rpc("initialize", params)) });
    assert.equal(opened.status, 200, opened.answer.body);
    const id = opened.answer.headers.get("mcp-session-id");
    assert.ok(id, "a session id");
    const session = new Session(port, id, more);
    const ready = await session.post({ jsonrpc: "2.0", method: "notifications/initialized" });
    assert.equal(ready.status, 202);
    assert.equal(ready.answer.body, "");
    return session;
  }

  headers(more: Headers = {}): Headers {
    return { "Mcp-Session-Id": this.id, "MCP-Protocol-Version": LEGACY, ...this.more, ...more };
  }

  /** A body that is no string is sent as JSON. */
  post(body: unknown, more: Headers = {}): Promise<Reply> {
    const bytes = typeof body === "string" || body instanceof Uint8Array ? body : JSON.stringify(body);
    return reply(this.port, { headers: this.headers(more), body: bytes });
  }
}

// Event streams of both eras, and what came on them.
import assert from "node:assert/strict";
import { request } from "node:http";

import type { Headers } from "./http.ts";
import { CLIENT, LEGACY, modernHeaders, modernMeta } from "./mcp.ts";
import { bodyOf, type Tunnel, TUNNEL_ADDRESS } from "./sworn.ts";
import { rpc, Session } from "./wire.ts";

export class EventStream {
  readonly what: string;
  ended: "in order" | "broken" | undefined; // by the other side
  private text = "";
  private readonly abort: AbortController;

  private constructor(what: string, abort: AbortController) {
    this.what = what;
    this.abort = abort;
  }

  private static async read(what: string, url: string, init: RequestInit): Promise<EventStream> {
    const abort = new AbortController();
    const response = await fetch(url, { ...init, signal: abort.signal });
    assert.equal(response.status, 200, `${what}: ${response.status}`);
    const stream = new EventStream(what, abort);
    stream.follow(response.body!);
    return stream;
  }

  private follow(bytes: AsyncIterable<Uint8Array>): void {
    void (async () => {
      const decoder = new TextDecoder();
      for await (const some of bytes) this.text += decoder.decode(some, { stream: true });
      this.ended = "in order";
    })().catch(() => (this.ended = "broken")); // or closed by us
  }

  /** By node:http, because fetch() has a Host of its own. */
  private static async readTunnel(
    tunnel: Tunnel,
    method: string,
    path: string,
    body: string,
    headers: Headers,
  ): Promise<EventStream> {
    const what = `${method} ${path} through the tunnel`;
    const abort = new AbortController();
    const { promise, resolve, reject } = Promise.withResolvers<EventStream>();
    const asked = request({
      host: TUNNEL_ADDRESS,
      port: tunnel.port,
      method,
      path,
      agent: false,
      headers: Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== undefined)),
      signal: abort.signal,
    });
    const stream = new EventStream(what, abort);
    asked.on("response", (response) => {
      if (response.statusCode !== 200) return reject(new Error(`${what}: ${response.statusCode}`));
      stream.follow(response);
      resolve(stream);
    });
    asked.on("error", reject);
    asked.end(body);
    return promise;
  }

  /** The GET stream of a new session that a remote caller has. */
  static async legacyTunnel(tunnel: Tunnel, path: string): Promise<EventStream> {
    const params = { protocolVersion: LEGACY, capabilities: {}, clientInfo: CLIENT };
    const hello = JSON.stringify(rpc("initialize", params));
    const bare = { "MCP-Protocol-Version": undefined, "Mcp-Method": undefined };
    const opened = await tunnel.ask(hello, { path }, { path, headers: bare });
    assert.equal(opened.status, 200, opened.body);
    const assertion = tunnel.headerFor(tunnel.swear("", { method: "GET", path }));
    return EventStream.readTunnel(tunnel, "GET", path, "", {
      ...tunnel.headers("", assertion),
      Accept: "text/event-stream",
      "Mcp-Session-Id": opened.headers.get("mcp-session-id"),
      "MCP-Protocol-Version": LEGACY,
    });
  }

  /** subscriptions/listen of a remote caller. */
  static async modernTunnel(
    tunnel: Tunnel,
    path: string,
    notifications: Record<string, unknown>,
  ): Promise<EventStream> {
    const body = bodyOf("subscriptions/listen", { notifications });
    return EventStream.readTunnel(tunnel, "POST", path, body, {
      ...tunnel.headers(body, tunnel.headerFor(tunnel.swear(body, { path }))),
      Accept: "application/json, text/event-stream",
      "Content-Type": "application/json",
    });
  }

  /** The GET stream of a session of 2025-11-25; default: a new one. */
  static async legacy(url: string, of?: Session): Promise<EventStream> {
    const session = of ?? (await Session.open(Number(new URL(url).port)));
    const headers = session.headers({ Accept: "text/event-stream" }) as Record<string, string>;
    return EventStream.read(`GET ${new URL(url).pathname}`, url, { headers });
  }

  /** subscriptions/listen of 2026-07-28.  more: headers. */
  static async modern(
    url: string,
    notifications: Record<string, unknown>,
    more: Record<string, string> = {},
  ): Promise<EventStream> {
    return EventStream.read(`listen ${new URL(url).pathname}`, url, {
      method: "POST",
      headers: {
        "Content-Type": "application/json",
        Accept: "application/json, text/event-stream",
        ...modernHeaders("subscriptions/listen"),
        ...more,
      },
      body: JSON.stringify({
        jsonrpc: "2.0",
        id: "listen",
        method: "subscriptions/listen",
        params: { notifications, _meta: modernMeta() },
      }),
    });
  }

  get messages(): any[] {
    return [...this.text.matchAll(/^data: ?(.+)$/gm)].map((match) => JSON.parse(match[1]!));
  }

  /** What keeps proxies from closing it: lines that are no event. */
  get keepAlives(): number {
    return [...this.text.matchAll(/^: keep-alive$/gm)].length;
  }

  count(method: string): number {
    return this.messages.filter((message) => message.method === method).length;
  }

  close(): void {
    this.abort.abort();
  }
}

// Event streams of both eras, and what came on them.
import assert from "node:assert/strict";

import { modernHeaders, modernMeta } from "./mcp.ts";
import { Session } from "./wire.ts";

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
    void (async () => {
      const decoder = new TextDecoder();
      for await (const bytes of response.body!) stream.text += decoder.decode(bytes, { stream: true });
      stream.ended = "in order";
    })().catch(() => (stream.ended = "broken")); // or closed by us
    return stream;
  }

  /** The GET stream of a new session of 2025-11-25. */
  static async legacy(url: string): Promise<EventStream> {
    const session = await Session.open(Number(new URL(url).port));
    const headers = session.headers({ Accept: "text/event-stream" }) as Record<string, string>;
    return EventStream.read(`GET ${new URL(url).pathname}`, url, { headers });
  }

  /** subscriptions/listen of 2026-07-28. */
  static async modern(url: string, notifications: Record<string, unknown>): Promise<EventStream> {
    return EventStream.read(`listen ${new URL(url).pathname}`, url, {
      method: "POST",
      headers: {
        "Content-Type": "application/json",
        Accept: "application/json, text/event-stream",
        ...modernHeaders("subscriptions/listen"),
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

  count(method: string): number {
    return this.messages.filter((message) => message.method === method).length;
  }

  close(): void {
    this.abort.abort();
  }
}

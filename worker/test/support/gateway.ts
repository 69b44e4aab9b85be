// Stands in for the gateway and the monitor behind it: a real MCP server of the official SDK, behind a check of the
// assertion that is written from the format's description alone and shares no code with the Worker.
import { createHash, verify, type KeyObject } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";

const FIELDS = [
  "form",
  "keyId",
  "issuer",
  "audience",
  "issuedAt",
  "expiry",
  "nonce",
  "method",
  "path",
  "query",
  "body",
  "rpcMethod",
  "rpcName",
  "subject",
  "email",
  "clientId",
  "scope",
] as const;

export type Sworn = Record<(typeof FIELDS)[number], string>;

export interface Seen {
  method: string;
  url: string;
  headers: Record<string, string | string[] | undefined>;
  rawHeaders: string[];
  body: string;
  sworn: Sworn;
}

export interface Expected {
  publicKey: KeyObject;
  keyId: string;
  issuer: string;
  audience: string;
  serviceToken: string;
}

/** Throws what is wrong. */
export function sworn(request: IncomingMessage, body: Buffer, expected: Expected): Sworn {
  const header = request.headers["x-mcpbox-assertion"];
  if (typeof header !== "string") throw new Error("no assertion, or several");
  const parts = header.split(".");
  if (parts.length !== 2) throw new Error("not two parts");
  const [text, signature] = parts.map((part) => Buffer.from(part, "base64url")) as [Buffer, Buffer];
  if (!verify(null, text, expected.publicKey, signature)) throw new Error("the signature is wrong");
  const lines = text.toString("utf8").split("\n");
  if (lines.length !== FIELDS.length) throw new Error(`${lines.length} lines`);
  const fields = Object.fromEntries(FIELDS.map((name, at) => [name, lines[at]])) as Sworn;
  const url = new URL(request.url!, "http://mcp-gateway:8002");
  const now = Date.now() / 1000;
  const same: [string, string][] = [
    ["mcpbox-assertion-v1", fields.form],
    [expected.keyId, fields.keyId],
    [expected.issuer, fields.issuer],
    [expected.audience, fields.audience],
    [request.method!, fields.method],
    [url.pathname, fields.path],
    [url.search.slice(1), fields.query],
    [createHash("sha256").update(body).digest("base64url"), fields.body],
    [String(Number(fields.issuedAt) + 60), fields.expiry],
  ];
  for (const [ours, theirs] of same) if (ours !== theirs) throw new Error(`${theirs} is not ${ours}`);
  if (Math.abs(now - Number(fields.issuedAt)) > 30) throw new Error("made at another time");
  if (Buffer.from(fields.nonce, "base64url").length !== 16) throw new Error("no nonce of 16 bytes");
  if (request.headers["x-mcpbox-service-token"] !== expected.serviceToken)
    throw new Error("no service token");
  return fields;
}

function newServer(): McpServer {
  const server = new McpServer({ name: "stand-in", version: "1" }, { capabilities: { logging: {} } });
  server.registerTool("slow", { description: "Reports progress, then ends" }, async (extra) => {
    const progressToken = extra._meta?.progressToken;
    for (let progress = 1; progress <= 3 && progressToken !== undefined; progress++) {
      await extra.sendNotification({
        method: "notifications/progress",
        params: { progressToken, progress, total: 3 },
      });
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return { content: [{ type: "text", text: "done" }] };
  });
  return server;
}

export class StandInGateway {
  readonly seen: Seen[] = [];
  readonly problems: string[] = [];
  /** Set to answer instead of the MCP server. */
  instead: ((request: IncomingMessage, response: ServerResponse) => void) | undefined;
  readonly #nonces = new Set<string>();
  readonly #server: Server;
  readonly #expected: Expected;

  constructor(expected: Expected) {
    this.#expected = expected;
    this.#server = createServer((request, response) => void this.#answer(request, response));
  }

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  last(): Seen {
    const seen = this.seen.at(-1);
    if (!seen) throw new Error("nothing reached the gateway");
    return seen;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    let fields: Sworn;
    try {
      fields = sworn(request, body, this.#expected);
      if (this.#nonces.has(fields.nonce)) throw new Error("the nonce was used before");
      this.#nonces.add(fields.nonce);
    } catch (error) {
      this.problems.push((error as Error).message);
      response.writeHead(403).end();
      return;
    }
    this.seen.push({
      method: request.method!,
      url: request.url!,
      headers: request.headers,
      rawHeaders: request.rawHeaders,
      body: body.toString("utf8"),
      sworn: fields,
    });
    if (this.instead) return this.instead(request, response);
    // Stateless: one server a request, as many as come.
    const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: undefined as never });
    await newServer().connect(transport as never);
    const message: unknown = body.length === 0 ? undefined : JSON.parse(body.toString("utf8"));
    await transport.handleRequest(request, response, message);
  }
}

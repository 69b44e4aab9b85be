// HTTP/1.1 by hand, for requests that no well-behaved client would send.
import { connect, type Socket } from "node:net";

export interface Answer {
  status: number; // 0: the connection was closed without an answer
  headers: Map<string, string>;
  body: string;
  closed: boolean; // by the server, within the time given
}

export interface Rpc {
  jsonrpc?: string;
  id?: unknown;
  result?: Record<string, any>;
  error?: { code: number; message: string; data?: any };
}

const WAIT_MS = 20_000;

/** The answer's body as a JSON-RPC message, also when it came as an event stream. */
export function rpcOf(answer: Answer): Rpc {
  const type = answer.headers.get("content-type") ?? "";
  if (!type.startsWith("text/event-stream")) return JSON.parse(answer.body) as Rpc;
  const messages = [...answer.body.matchAll(/^data: ?(.+)$/gm)].map((match) => JSON.parse(match[1]!) as Rpc);
  const last = messages.findLast((message) => message.result !== undefined || message.error !== undefined);
  if (!last) throw new Error(`no response on the stream: ${answer.body}`);
  return last;
}

/** A whole response at the start of `bytes`, or undefined while it is incomplete. */
function parse(bytes: Buffer, closed: boolean): Answer | undefined {
  const text = bytes.toString("latin1");
  const end = text.indexOf("\r\n\r\n");
  if (end < 0) return closed ? { status: 0, headers: new Map(), body: text, closed } : undefined;
  const [first, ...lines] = text.slice(0, end).split("\r\n");
  const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(first!)?.[1] ?? 0);
  if (status === 100) return parse(bytes.subarray(end + 4), closed);
  const headers = new Map(
    lines.map((line) => [
      line.slice(0, line.indexOf(":")).toLowerCase(),
      line.slice(line.indexOf(":") + 1).trim(),
    ]),
  );
  const rest = bytes.subarray(end + 4);
  const body = bodyOf(rest, headers, status, closed);
  return body === undefined ? undefined : { status, headers, body, closed };
}

function bodyOf(
  rest: Buffer,
  headers: Map<string, string>,
  status: number,
  closed: boolean,
): string | undefined {
  if (status === 204 || status === 304) return "";
  const length = headers.get("content-length");
  if (length !== undefined)
    return rest.length >= Number(length) || closed ? rest.subarray(0, Number(length)).toString() : undefined;
  if (headers.get("transfer-encoding") === "chunked") return unchunk(rest, closed);
  return closed ? rest.toString() : undefined;
}

function unchunk(rest: Buffer, closed: boolean): string | undefined {
  const parts: Buffer[] = [];
  for (let at = 0; ;) {
    const line = rest.indexOf("\r\n", at);
    const size = line < 0 ? NaN : parseInt(rest.toString("latin1", at, line), 16);
    if (Number.isNaN(size) || rest.length < line + 2 + size + 2)
      return closed ? Buffer.concat(parts).toString() : undefined;
    if (size === 0) return Buffer.concat(parts).toString();
    parts.push(rest.subarray(line + 2, line + 2 + size));
    at = line + 2 + size + 2;
  }
}

/**
 * A connection that stays open between requests.  Errors of the socket count as "closed": a server that refuses a
 * request may well reset the connection while we still write.
 */
export class Connection {
  private received = Buffer.alloc(0);
  private ended = false;
  private wake: () => void = () => {};
  readonly socket: Socket;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on("data", (bytes) => {
      this.received = Buffer.concat([this.received, bytes]);
      this.wake();
    });
    for (const event of ["error", "end", "close"])
      socket.on(event, () => {
        this.ended = true;
        this.wake();
      });
  }

  static open(port: number, host = "127.0.0.1"): Promise<Connection> {
    const { promise, resolve, reject } = Promise.withResolvers<Connection>();
    const socket = connect({ port, host, allowHalfOpen: true });
    socket.once("error", reject);
    socket.once("connect", () => {
      socket.off("error", reject);
      resolve(new Connection(socket));
    });
    return promise;
  }

  send(bytes: string | Uint8Array): void {
    if (!this.ended) this.socket.write(bytes);
  }

  get closed(): boolean {
    return this.ended;
  }

  get soFar(): string {
    return this.received.toString();
  }

  /** Waits until `enough` says so, the server closes, or the time is over. */
  async wait(enough: () => boolean, waitMs = WAIT_MS): Promise<void> {
    const deadline = performance.now() + waitMs;
    while (!this.ended && !enough() && performance.now() < deadline) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.wake = resolve;
      const timer = setTimeout(resolve, deadline - performance.now());
      await promise;
      clearTimeout(timer);
    }
  }

  /** The next whole response.  Throws when neither it nor the end of the connection comes in time. */
  async answer(waitMs = WAIT_MS): Promise<Answer> {
    await this.wait(() => parse(this.received, false) !== undefined, waitMs);
    const found = parse(this.received, false) ?? (this.ended ? parse(this.received, true) : undefined);
    if (!found) throw new Error(`no answer within ${waitMs} ms; so far: ${this.soFar.slice(0, 300)}`);
    this.received = Buffer.alloc(0);
    return { ...found, closed: this.ended };
  }

  close(): void {
    this.socket.destroy();
  }
}

/** Sends bytes on a new connection and returns what came back. */
export async function exchange(
  port: number,
  bytes: string | Uint8Array,
  waitMs = WAIT_MS,
  host?: string,
): Promise<Answer> {
  const connection = await Connection.open(port, host);
  try {
    connection.send(bytes);
    return await connection.answer(waitMs);
  } finally {
    connection.close();
  }
}

export type Headers = Record<string, string | string[] | undefined>;

export interface Request {
  method?: string;
  path?: string;
  headers?: Headers; // undefined leaves a default header out; an array sends it several times
  body?: string | Uint8Array;
}

export function bytesOf(port: number, request: Request): Buffer {
  const body = Buffer.from(request.body ?? "");
  const headers: Headers = {
    Host: `127.0.0.1:${port}`,
    "Content-Type": "application/json",
    Accept: "application/json, text/event-stream",
    "Content-Length": String(body.length),
    ...request.headers,
  };
  const lines = Object.entries(headers).flatMap(([name, value]) =>
    value === undefined ? [] : [value].flat().map((one) => `${name}: ${one}\r\n`),
  );
  const head = `${request.method ?? "POST"} ${request.path ?? "/mcp"} HTTP/1.1\r\n${lines.join("")}\r\n`;
  return Buffer.concat([Buffer.from(head, "latin1"), body]);
}

export function ask(port: number, request: Request, waitMs = WAIT_MS): Promise<Answer> {
  return exchange(port, bytesOf(port, request), waitMs);
}

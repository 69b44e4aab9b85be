// The servers of the test's network: good ones that speak HTTP/1.1 and HTTP/2, and ones that break every rule.
import { createHash } from "node:crypto";
import { createServer as createHttp, type IncomingMessage, type ServerResponse } from "node:http";
import { createSecureServer } from "node:http2";
import { createServer as createTcp, type Server, type Socket } from "node:net";
import { gzipSync } from "node:zlib";

import { outsideSocket } from "./namespace.ts";

export interface Seen {
  host: string | undefined;
  method: string;
  url: string;
  headers: Record<string, string | string[] | undefined>;
  body: string;
  version: string;
}

export interface Site {
  seen: Seen[];
  connections: number;
  most: number; // of them at a time
  now: number; // open
  sni: (string | false | undefined)[]; // what each request's connection named, before it said anything else
  held: ServerResponse[]; // to requests for /held, which the test answers
  close(): void;
}

const PIECE = Buffer.alloc(64 * 1024, "x");
const BOMB = gzipSync(Buffer.alloc(64 << 20));

async function pour(reply: ServerResponse, bytes: number): Promise<void> {
  for (let left = bytes; left > 0; left -= PIECE.length) {
    if (reply.write(PIECE.subarray(0, Math.min(left, PIECE.length)))) continue;
    const { promise, resolve } = Promise.withResolvers<void>();
    const goOn = () => resolve();
    reply.once("drain", goOn);
    reply.once("close", goOn);
    await promise;
    reply.off("drain", goOn);
    reply.off("close", goOn);
    if (reply.destroyed) return;
  }
  reply.end();
}

const NONCE = "dcd98b7102dd2f0e8b11d0f600bfb0c0";
const md5 = (text: string) => createHash("md5").update(text).digest("hex");

/** RFC 7616 with qop=auth: bob and his secret. */
function knowsThePassword(method: string, credentials = ""): boolean {
  const said = (name: string) => new RegExp(`\\b${name}="?([^",]+)`).exec(credentials)?.[1] ?? "";
  const who = md5("bob:here:secret");
  const what = md5(`${method}:${said("uri")}`);
  const proof = md5(`${who}:${NONCE}:${said("nc")}:${said("cnonce")}:${said("qop")}:${what}`);
  return said("nonce") === NONCE && said("response") === proof;
}

function answer(site: Site, question: IncomingMessage, reply: ServerResponse, body: Buffer): void {
  const url = new URL(question.url ?? "/", "http://here");
  const parameter = (name: string) => url.searchParams.get(name) ?? "";
  const { ":authority": authority, host, ...headers } = question.headers as Record<string, string>;
  const method = question.method ?? "";
  const version = question.httpVersion;
  const text = body.length < 100_000 ? body.toString() : createHash("sha256").update(body).digest("hex");
  const seen = { host: authority ?? host, method, url: question.url ?? "", headers, body: text, version };
  site.seen.push(seen);
  switch (url.pathname) {
    case "/echo":
      reply.setHeader("Content-Type", "application/json");
      reply.setHeader("X-Echo", String(headers["authorization"] ?? "none"));
      reply.end(JSON.stringify(seen));
      return;
    case "/redirect":
      reply.writeHead(302, { Location: parameter("to") }).end();
      return;
    case "/cookie":
      reply.setHeader("Set-Cookie", "mine=yes; Path=/");
      reply.end("baked");
      return;
    case "/huge":
      void pour(reply, Number(parameter("bytes")));
      return;
    case "/chunks":
      reply.write("one,");
      reply.write("two,");
      reply.end("three");
      return;
    case "/bomb":
      reply.setHeader("Content-Encoding", "gzip");
      reply.end(BOMB);
      return;
    case "/drip":
      reply.write("first");
      setInterval(() => reply.destroyed || reply.write("."), 1000).unref();
      return;
    case "/never":
      return;
    case "/held":
      site.held.push(reply);
      return;
    case "/loop":
      reply.writeHead(302, { Location: "/loop" }).end();
      return;
    case "/basic":
      if (headers["authorization"] === `Basic ${btoa("bob:secret")}`) reply.end("welcome");
      else reply.writeHead(401, { "WWW-Authenticate": 'Basic realm="here"' }).end();
      return;
    case "/digest":
      if (knowsThePassword(method, headers["authorization"])) reply.end("welcome");
      else
        reply
          .writeHead(401, { "WWW-Authenticate": `Digest realm="here", qop="auth", nonce="${NONCE}"` })
          .end();
      return;
    case "/status":
      reply.writeHead(Number(parameter("code"))).end();
      return;
    case "/gzip":
      reply.setHeader("Content-Encoding", "gzip");
      reply.end(gzipSync("gr\u00fc\u00dfe"));
      return;
    case "/lines":
      for (let line = 0; line < Number(parameter("count")); ++line) reply.write(`line ${line}\n`);
      reply.end();
      return;
    case "/late":
      setTimeout(() => reply.end("at last"), Number(parameter("ms"))).unref();
      return;
    default:
      reply.end(`hello over HTTP/${version}`);
  }
}

function handle(site: Site) {
  return (question: IncomingMessage, reply: ServerResponse) => {
    site.sni.push((question.socket as { servername?: string | false }).servername);
    const parts: Buffer[] = [];
    question.on("data", (part: Buffer) => parts.push(part));
    question.on("end", () => answer(site, question, reply, Buffer.concat(parts)));
    question.on("error", () => {});
  };
}

async function listen(server: Server, port: number, address: string): Promise<Site> {
  const site: Site = {
    ...{ seen: [], connections: 0, most: 0, now: 0, sni: [], held: [] },
    close: () => void server.close(),
  };
  const open = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    ++site.connections;
    open.add(socket);
    site.most = Math.max(site.most, open.size);
    site.now = open.size;
    socket.on("error", () => {});
    socket.on("close", () => {
      open.delete(socket);
      site.now = open.size;
    });
  });
  site.close = () => {
    server.close();
    for (const socket of open) socket.destroy();
  };
  const { promise, resolve } = Promise.withResolvers<void>();
  const fd = outsideSocket(address, port);
  if (fd !== undefined) server.listen({ fd }, resolve);
  else server.listen(port, address, resolve);
  await promise;
  return site;
}

/** HTTP/1.1 without TLS. */
export async function plainSite(address: string, port: number): Promise<Site> {
  const server = createHttp();
  const site = await listen(server, port, address);
  server.on("request", handle(site));
  return site;
}

/** HTTP/2, and HTTP/1.1 for who asks for that, over TLS. */
export async function secureSite(
  address: string,
  port: number,
  tls: { key: Buffer; cert: Buffer },
): Promise<Site> {
  const server = createSecureServer({ ...tls, allowHTTP1: true });
  const site = await listen(server as unknown as Server, port, address);
  server.on("request", handle(site) as never);
  server.on("sessionError", () => {});
  return site;
}

/** What each path of the broken server sends; then it hangs up, unless it says "stay". */
const BROKEN: Record<string, string> = {
  "/garbage": "what is HTTP?\r\n\r\n",
  "/nothing": "",
  "/short": "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nshort",
  "/chunking": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nno number\r\n",
  "/half-chunk": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n64\r\nhalf",
  "/many-headers": `HTTP/1.1 200 OK\r\n${"X-More: of them\r\n".repeat(5000)}\r\n`,
  "/long-header": `HTTP/1.1 200 OK\r\nX-Long: ${"y".repeat(1 << 20)}\r\n\r\n`,
  "/two-lengths": "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
  "/old": "hello from 1991\n",
};
export const BROKEN_PATHS = Object.keys(BROKEN);

export async function brokenSite(address: string, port: number): Promise<Site> {
  const server = createTcp((socket) => {
    let request = "";
    socket.on("data", (bytes) => {
      request += bytes.toString("latin1");
      if (!request.includes("\r\n\r\n")) return;
      const path = request.split(" ")[1] ?? "";
      if (path === "/endless-headers") return endless(socket);
      if (path === "/stall") return void socket.pause(); // and takes nothing more
      socket.end(BROKEN[path] ?? "");
    });
  });
  return listen(server, port, address);
}

function endless(socket: Socket): void {
  socket.write("HTTP/1.1 200 OK\r\n");
  const more = () => {
    while (!socket.destroyed && socket.write(`X-And: ${"another ".repeat(100)}\r\n`));
  };
  socket.on("drain", more);
  more();
}

// Requests as the Worker sends them through the tunnel, written from the form's description alone: docs/remote-access.md.
// A test that holds the signing key can sign what no honest Worker would, and so change one thing at a time.
import assert from "node:assert/strict";
import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";

import { type Answer, bytesOf, exchange, type Headers } from "./http.ts";
import type { Instance } from "./instance.ts";
import { modernHeaders, modernMeta } from "./mcp.ts";
import { rpc } from "./wire.ts";

export const WORKER_URL = "https://mcpbox-proxy.home.workers.dev";
export const WORKER_TOKEN = "5e".repeat(32);
export const TUNNEL_ADDRESS = "127.0.0.2";
const TUNNEL_NAME = "mcp-gateway:8002";

export class WorkerKey {
  readonly hex: string; // as `mcpboxctl remote worker` takes it
  readonly private: KeyObject;

  constructor() {
    const { publicKey, privateKey } = generateKeyPairSync("ed25519");
    this.private = privateKey;
    this.hex = publicKey.export({ type: "spki", format: "der" }).subarray(-32).toString("hex");
  }
}

/** What is signed, line by line. */
export interface Sworn {
  form: string;
  keyId: string;
  issuer: string;
  audience: string;
  issuedAt: number;
  expiry: number;
  nonce: string;
  method: string;
  path: string;
  query: string;
  bodyHash: string;
  rpcMethod: string;
  rpcName: string;
  subject: string;
  email: string;
  clientId: string;
  scope: string;
}

export interface Told {
  method?: string;
  path?: string; // with its query
  body?: string;
  headers?: Headers; // instead of ours, or beside them
}

export const hashOf = (body: string) => createHash("sha256").update(body).digest("base64url");
export const bodyOf = (method: string, params: Record<string, unknown> = {}) =>
  JSON.stringify(rpc(method, { ...params, _meta: modernMeta() }));

let addresses = 0;

/** An instance, already running with `tunnel-listen = 127.0.0.2:PORT`, that believes a Worker with this key. */
export async function believedBy(box: Instance, port: number): Promise<Tunnel> {
  const key = new WorkerKey();
  const set = await box.ctl(["remote", "worker", WORKER_URL, `k1=${key.hex}`, "--json"], {
    input: `${WORKER_TOKEN}\n`,
  });
  assert.equal(set.code, 0, set.stdout + set.stderr);
  await box.ctlJson("remote", "allow", "emails", "ada@example.org");
  return new Tunnel(port, key, (JSON.parse(set.stdout) as { installation: string }).installation);
}

export class Tunnel {
  readonly port: number;
  readonly key: WorkerKey;
  readonly installation: string;

  constructor(port: number, key: WorkerKey, installation: string) {
    this.port = port;
    this.key = key;
    this.installation = installation;
  }

  /** True in every line for this body, a JSON-RPC request, but for what `lies` says. */
  swear(body: string, lies: Partial<Sworn> = {}): Sworn {
    const { method, params } = JSON.parse(body || "{}") as {
      method?: string;
      params?: Record<string, unknown>;
    };
    const named = params?.["name"] ?? params?.["uri"];
    const issuedAt = lies.issuedAt ?? Math.floor(Date.now() / 1000);
    return {
      form: "mcpbox-assertion-v1",
      keyId: "k1",
      issuer: WORKER_URL,
      audience: this.installation,
      issuedAt,
      expiry: issuedAt + 60,
      nonce: randomBytes(16).toString("base64url"),
      method: "POST",
      path: "/mcp",
      query: "",
      bodyHash: hashOf(body),
      rpcMethod: method ?? "",
      rpcName: typeof named === "string" ? named : "",
      subject: "person-1",
      email: "ada@example.org",
      clientId: "c0ffee",
      scope: "mcp",
      ...lies,
    };
  }

  headerFor(sworn: Sworn, key = this.key): string {
    const text = Buffer.from(Object.values(sworn).join("\n"));
    return `${text.toString("base64url")}.${sign(null, text, key.private).toString("base64url")}`;
  }

  /** All headers of a request that is sworn to; each comes from another address, so that none is one too many. */
  headers(body: string, assertion: string): Headers {
    const { method, params } = JSON.parse(body || "{}") as { method?: string; params?: { name?: string } };
    return {
      Host: TUNNEL_NAME,
      ...(method !== undefined && modernHeaders(method, params?.name)),
      "X-MCPbox-Assertion": assertion,
      "X-MCPbox-Service-Token": WORKER_TOKEN,
      "X-MCPbox-Auth-Method": "oidc",
      "X-MCPbox-User-Email": "ada@example.org",
      "X-Forwarded-For": `192.0.2.${++addresses}`,
    };
  }

  send(assertion: string, told: Told): Promise<Answer> {
    const body = told.body ?? "";
    const headers = { ...this.headers(body, assertion), ...told.headers };
    return this.sendBytes(bytesOf(this.port, { ...told, headers, body }));
  }

  sendBytes(bytes: string | Uint8Array): Promise<Answer> {
    return exchange(this.port, bytes, undefined, TUNNEL_ADDRESS);
  }

  /** An honest request with one lie in it, told as it is sworn unless `told` says otherwise. */
  ask(body: string, lies: Partial<Sworn> = {}, told: Told = {}): Promise<Answer> {
    return this.send(this.headerFor(this.swear(body, lies)), { body, ...told });
  }
}

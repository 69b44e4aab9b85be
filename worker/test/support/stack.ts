// The Worker as it is deployed, in workerd, with KV; a gateway and an identity provider on loopback; and nothing else in
// reach: whatever the Worker fetches goes through `outbound`, which knows the names that it may use.
import { readFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";

import { Miniflare, Response as MiniflareResponse, type RequestInit } from "miniflare";

import { StandInGateway } from "./gateway.ts";
import { CLIENT_ID, CLIENT_SECRET, Identity, ISSUER, TEAM } from "./identity.ts";
import { newSigningKey, type SigningKey } from "./keys.ts";

export const PUBLIC_URL = "https://mcpbox-proxy.home.workers.dev";
export const SERVICE_TOKEN = "5e".repeat(32);
export const INSTALLATION = "mcpbox:0f5c9d2e";
export const CIMD_CLIENT = "https://client.example/mcp.json";

export interface Options {
  /** Bindings that differ from those of a Worker that is set up; undefined takes one away. */
  bindings?: Record<string, string | undefined>;
  limits?: Partial<Record<"LIMIT_REGISTER" | "LIMIT_SIGN_IN" | "LIMIT_MCP", number>>;
  /** Where the tunnel leads; default: to a gateway of the test's own. */
  gateway?: "none" | { address: string; installation: string };
  key?: SigningKey;
  /** On a loopback port under that address, for what must have a connection of its own: browsers, and hanging up. */
  onLoopback?: true;
}

type Init = Omit<RequestInit, "body"> & { body?: BodyInit | null };

export class Stack {
  readonly key: SigningKey;
  readonly publicUrl: string;
  readonly identity: Identity;
  readonly gateway: StandInGateway;
  /** The tunnel leads to that gateway, and not to a real one or nowhere. */
  readonly leadsToStandIn: boolean;
  /** What the Worker fetched, and was let through or refused. */
  readonly fetched: string[] = [];
  readonly log: string[] = [];
  cimdRedirectUris: string[] = ["http://127.0.0.1:4711/callback"];
  #identityPort = 0;
  #miniflare!: Miniflare;

  private constructor(publicUrl: string, issuer: string, key: SigningKey, leadsToStandIn: boolean) {
    this.publicUrl = publicUrl;
    this.leadsToStandIn = leadsToStandIn;
    this.key = key;
    this.identity = new Identity(`${publicUrl}/callback`, issuer);
    this.gateway = new StandInGateway({
      publicKey: this.key.publicKey,
      keyId: "k1",
      issuer: publicUrl,
      audience: INSTALLATION,
      serviceToken: SERVICE_TOKEN,
    });
  }

  static async start(options: Options = {}): Promise<Stack> {
    const loopback = async () => `http://127.0.0.1:${await freePort()}`;
    const key = options.key ?? newSigningKey();
    const standIn = options.gateway === undefined;
    const stack = options.onLoopback
      ? new Stack(await loopback(), ISSUER.replace(TEAM, await loopback()), key, standIn)
      : new Stack(PUBLIC_URL, ISSUER, key, standIn);
    await stack.#start(options);
    return stack;
  }

  async #start(options: Options): Promise<void> {
    this.#identityPort = await this.identity.start(Number(new URL(this.identity.issuer).port));
    const own = await this.gateway.start();
    const home = typeof options.gateway === "object" ? options.gateway : undefined;
    const address = options.gateway === "none" ? "127.0.0.1:1" : (home?.address ?? own);
    const bindings: Record<string, string | undefined> = {
      PUBLIC_URL: this.publicUrl,
      INSTALLATION_ID: home?.installation ?? INSTALLATION,
      ASSERTION_KEY_ID: "k1",
      ASSERTION_KEY: this.key.bound,
      MCPBOX_SERVICE_TOKEN: SERVICE_TOKEN,
      ACCESS_ISSUER: this.identity.issuer,
      ACCESS_CLIENT_ID: CLIENT_ID,
      ACCESS_CLIENT_SECRET: CLIENT_SECRET,
      ...options.bindings,
    };
    const limit = (name: keyof NonNullable<Options["limits"]>, usual: number) => ({
      simple: { limit: options.limits?.[name] ?? usual, period: 60 as const },
      namespace_id: name,
    });
    this.#miniflare = new Miniflare({
      host: "127.0.0.1",
      port: options.onLoopback ? Number(new URL(this.publicUrl).port) : 0,
      modules: true,
      script: await readFile(fileURLToPath(new URL("../../dist/worker.mjs", import.meta.url)), "utf8"),
      compatibilityDate: COMPATIBILITY.date,
      compatibilityFlags: COMPATIBILITY.flags,
      cf: false,
      kvNamespaces: ["OAUTH_KV"],
      ratelimits: {
        LIMIT_REGISTER: limit("LIMIT_REGISTER", 1000),
        LIMIT_SIGN_IN: limit("LIMIT_SIGN_IN", 1000),
        LIMIT_MCP: limit("LIMIT_MCP", 1000),
      },
      serviceBindings: { MCPBOX_TUNNEL: { external: { address, http: {} } } },
      outboundService: (request: Request) => this.#outbound(request) as never,
      bindings: Object.fromEntries(
        Object.entries(bindings).filter(([, value]) => value !== undefined),
      ) as Record<string, string>,
      handleRuntimeStdio: (out: Readable, err: Readable) => {
        for (const stream of [out, err]) stream.on("data", (chunk: Buffer) => this.log.push(String(chunk)));
      },
    } as never);
    await this.#miniflare.ready;
  }

  async stop(): Promise<void> {
    await this.#miniflare.dispose();
    await Promise.all([this.gateway.stop(), this.identity.stop()]);
  }

  /** As a client or a browser would: one request, no redirect followed. */
  readonly fetch = async (url: string | URL, init: Init = {}): Promise<Response> => {
    const target = new URL(String(url), this.publicUrl);
    if (target.origin === TEAM) return await this.#atIdentity(target, init);
    if (this.publicUrl !== PUBLIC_URL)
      return await fetch(target, { ...(init as object), redirect: "manual" });
    return (await this.#miniflare.dispatchFetch(target, {
      ...init,
      redirect: "manual",
    } as RequestInit)) as never;
  };

  async kvPut(key: string, value: unknown): Promise<void> {
    await (await this.#miniflare.getKVNamespace("OAUTH_KV")).put(key, JSON.stringify(value));
  }

  /** Everything that KV holds: keys and values. */
  async kvDump(): Promise<string> {
    const kv = await this.#miniflare.getKVNamespace("OAUTH_KV");
    const { keys } = await kv.list();
    const lines = await Promise.all(keys.map(async ({ name }) => `${name} ${await kv.get(name)}`));
    return lines.join("\n");
  }

  async #atIdentity(url: URL, init: Init): Promise<Response> {
    return await fetch(`http://127.0.0.1:${this.#identityPort}${url.pathname}${url.search}`, {
      method: init.method ?? "GET",
      headers: {
        ...(init.headers as Record<string, string>),
        "x-forwarded-proto": "https",
        "x-forwarded-host": url.host,
      },
      body: (init.body ?? null) as BodyInit | null,
      redirect: "manual",
    });
  }

  async #outbound(request: Request): Promise<unknown> {
    const url = new URL(request.url);
    this.fetched.push(url.href);
    const body = request.body === null ? null : await request.text();
    const headers = Object.fromEntries(request.headers);
    delete headers["host"];
    delete headers["content-length"];
    if (url.origin === new URL(this.identity.issuer).origin)
      return copied(await this.#atIdentity(url, { method: request.method, headers, body }));
    if (url.href === CIMD_CLIENT)
      return MiniflareResponse.json({
        client_id: CIMD_CLIENT,
        client_name: "A client with a page",
        redirect_uris: this.cimdRedirectUris,
        token_endpoint_auth_method: "none",
      });
    return new MiniflareResponse("not in reach", { status: 599 });
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function copied(response: Response): Promise<MiniflareResponse> {
  const headers = Object.fromEntries(response.headers);
  delete headers["content-encoding"];
  delete headers["content-length"];
  return new MiniflareResponse(await response.text(), { status: response.status, headers });
}

/** The same as in worker/deploy.sh, which a test compares. */
export const COMPATIBILITY = {
  date: "2026-04-01",
  flags: ["global_fetch_strictly_public", "enable_request_signal"],
};

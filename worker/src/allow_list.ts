// Where tokens may be sent, and which web pages may read answers.  Hosts are compared as origins and an administrator's
// additions as whole strings: a list that is matched by prefix lets https://claude.ai.evil.example in.
import type { KVNamespace } from "@cloudflare/workers-types";

import { ALLOW_LIST_SECONDS } from "./limits.ts";

const CLIENT_ORIGINS = [
  "https://claude.ai",
  "https://claude.com",
  "https://mcp.claude.ai",
  "https://chatgpt.com",
  "https://chat.openai.com",
  "https://platform.openai.com",
  "https://one.dash.cloudflare.com",
];

// RFC 8252 section 7.3: a program on the person's own machine listens on a port that it gets.
const LOOPBACK = ["localhost", "127.0.0.1", "[::1]"];

export interface AllowList {
  origins: readonly string[];
  redirectUris: readonly string[];
}

const NOTHING_ADDED: AllowList = { origins: [], redirectUris: [] };

/** The administrator's additions, kept in KV so that a change needs no new deployment. */
export class Additions {
  #known = NOTHING_ADDED;
  #readAtMs = -Infinity;

  async of(kv: KVNamespace, nowMs: number = Date.now()): Promise<AllowList> {
    if (nowMs - this.#readAtMs < ALLOW_LIST_SECONDS * 1000) return this.#known;
    try {
      const [origins, redirectUris] = await Promise.all([
        strings(kv, "config:cors_origins"),
        strings(kv, "config:redirect_uris"),
      ]);
      this.#known = { origins, redirectUris };
    } catch {
      // What was added is not there until it can be read again; what is built in stays.
      this.#known = NOTHING_ADDED;
    }
    this.#readAtMs = nowMs;
    return this.#known;
  }
}

async function strings(kv: KVNamespace, key: string): Promise<string[]> {
  const value: unknown = await kv.get(key, { type: "json" });
  return Array.isArray(value) ? value.filter((entry) => typeof entry === "string") : [];
}

export function mayRead(origin: string, added: AllowList): boolean {
  return CLIENT_ORIGINS.includes(origin) || added.origins.includes(origin);
}

export function mayReceiveCodes(redirectUri: string, added: AllowList): boolean {
  if (added.redirectUris.includes(redirectUri)) return true;
  // Parsers disagree about these: one sees https://claude.ai\\@evil.example at one host, one at the other.
  if (/[\\\s\p{Cc}]/u.test(redirectUri)) return false;
  const url = URL.parse(redirectUri);
  if (url === null || url.username !== "" || url.password !== "" || redirectUri.includes("#")) return false;
  if (url.protocol === "http:") return LOOPBACK.includes(url.hostname);
  return CLIENT_ORIGINS.includes(url.origin);
}

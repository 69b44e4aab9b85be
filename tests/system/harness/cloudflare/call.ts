// One request on its way through the stand-in, and what it may be refused with.
import type { Account } from "./state.ts";

/** What a token may do, by the names that Cloudflare's page for making tokens has. */
export const PERMISSIONS = [
  "Access: Apps and Policies Write",
  "Access: Organizations, Identity Providers, and Groups Read",
  "Cloudflare Tunnel Write",
  "Connectivity Directory Admin",
  "Workers Scripts Write",
  "Workers KV Storage Write",
] as const;
export type Permission = (typeof PERMISSIONS)[number];

export class Refusal extends Error {
  readonly status: number;
  readonly code: number;
  readonly headers: Record<string, string>;
  constructor(status: number, code: number, message: string, headers: Record<string, string> = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.headers = headers;
  }
}

export interface Call {
  account: Account;
  /** What stood in the places of the route's pattern. */
  at: string[];
  query: URLSearchParams;
  /** The JSON of the body, or of the part `metadata` of a form. */
  body: unknown;
  /** The other parts of a form. */
  modules: Map<string, { type: string; content: Buffer }>;
}

export interface Route {
  method: "GET" | "POST" | "PUT" | "DELETE";
  /** Below /accounts/ID/ when it has a permission; each * is one segment. */
  path: string;
  needs: Permission | undefined;
  /** The vendor's types (tests/cloudflare/types.ts). */
  body?: string;
  result?: string;
  form?: true;
  paged?: true;
  /** Answered with 200 and no body at all. */
  empty?: true;
  answer: (call: Call) => unknown;
}

export function mustFind<T>(map: Map<string, T>, key: string, code: number, message: string): T {
  const found = map.get(key);
  if (found === undefined) throw new Refusal(404, code, message);
  return found;
}

// X-MCPbox-Assertion: what the Worker swears about one request, and nothing else can.  The text has a fixed form, one
// field a line, so that whoever verifies it at home builds it again from typed fields: no parser stands between a
// signature and a decision, and what is not signed does not count.  docs/remote-access.md has the form,
// tests/vectors/assertion.txt examples.
import { ASSERTION_SECONDS, FIELD_BYTES } from "./limits.ts";
import type { Asked } from "./jsonrpc.ts";

export const ASSERTION_HEADER = "X-MCPbox-Assertion";
const FORM = "mcpbox-assertion-v1";
const NONCE_BYTES = 16;

export interface Assertion {
  keyId: string;
  issuer: string; // this Worker's public URL
  audience: string; // the installation at home
  issuedAt: number; // seconds
  nonce: Uint8Array; // 16 bytes
  method: string;
  path: string;
  query: string; // without the question mark
  body: Uint8Array; // SHA-256
  asked: Asked;
  subject: string;
  email: string; // "" when the identity provider vouches for none
  clientId: string;
  scope: string;
}

/** A field that cannot be signed: the request is refused, and the field is named. */
export class UnsignableError extends Error {}

/** The signed text.  Throws UnsignableError. */
export function textOf(a: Assertion): string {
  const fields: [keyof typeof FIELD_BYTES, string][] = [
    ["keyId", a.keyId],
    ["issuer", a.issuer],
    ["audience", a.audience],
    ["method", a.method],
    ["path", a.path],
    ["query", a.query],
    ["rpcMethod", a.asked.method],
    ["rpcName", a.asked.name],
    ["subject", a.subject],
    ["email", a.email],
    ["clientId", a.clientId],
    ["scope", a.scope],
  ];
  for (const [name, value] of fields) checkField(name, value);
  return [
    FORM,
    a.keyId,
    a.issuer,
    a.audience,
    String(a.issuedAt),
    String(a.issuedAt + ASSERTION_SECONDS),
    base64url(a.nonce),
    a.method,
    a.path,
    a.query,
    base64url(a.body),
    a.asked.method,
    a.asked.name,
    a.subject,
    a.email,
    a.clientId,
    a.scope,
  ].join("\n");
}

// A line break in a field would be a field of its own; controls have no business in any of them.
function checkField(name: keyof typeof FIELD_BYTES, value: string): void {
  if (!value.isWellFormed() || /\p{Cc}/u.test(value)) throw new UnsignableError(name);
  if (new TextEncoder().encode(value).length > FIELD_BYTES[name]) throw new UnsignableError(name);
}

/** The header's value. */
export async function signed(text: string, key: CryptoKey): Promise<string> {
  const bytes = new TextEncoder().encode(text);
  const signature = await crypto.subtle.sign({ name: "Ed25519" }, key, bytes);
  return `${base64url(bytes)}.${base64url(new Uint8Array(signature))}`;
}

export function newNonce(): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
}

export async function sha256(bytes: BufferSource): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}

export function base64url(bytes: Uint8Array): string {
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

function fromBase64url(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}

/** The signing key as it is bound: already a key that cannot be read, or a secret that is read once per isolate. */
export async function signingKey(bound: CryptoKey | string): Promise<CryptoKey> {
  if (typeof bound !== "string") return bound;
  const bytes = fromBase64url(bound);
  try {
    return await crypto.subtle.importKey("pkcs8", bytes, { name: "Ed25519" }, false, ["sign"]);
  } finally {
    bytes.fill(0);
  }
}

// The assertion's text and signature, against the vectors that the monitor's tests read too.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

import { base64url, signed, signingKey, textOf, UnsignableError, type Assertion } from "../src/assertion.ts";
import { whatIsAsked } from "../src/jsonrpc.ts";
import { FIELD_BYTES } from "../src/limits.ts";

type Vector = Record<string, string>;

function vectors(): { key: string; cases: Vector[] } {
  const text = readFileSync(new URL("../../tests/vectors/assertion.txt", import.meta.url), "utf8");
  const parts: Vector[] = [{}];
  for (const line of text.split("\n")) {
    const found = /^([a-z-]+) =(?: (.*))?$/.exec(line);
    if (!found) continue;
    if (found[1] === "case") parts.push({});
    parts.at(-1)![found[1]!] = found[2] ?? "";
  }
  return { key: parts[0]!["signing-key"]!, cases: parts.slice(1) };
}

function sha256(text: string): Uint8Array {
  return createHash("sha256").update(text).digest();
}

function assertionOf(vector: Vector): Assertion {
  const body = vector["body"]!;
  return {
    keyId: vector["key-id"]!,
    issuer: vector["issuer"]!,
    audience: vector["audience"]!,
    issuedAt: Number(vector["issued-at"]),
    nonce: Buffer.from(vector["nonce"]!, "hex"),
    method: vector["method"]!,
    path: vector["path"]!,
    query: vector["query"]!,
    body: sha256(body),
    asked: body === "" ? { method: "", name: "" } : whatIsAsked(Buffer.from(body))!,
    subject: vector["subject"]!,
    email: vector["email"]!,
    clientId: vector["client-id"]!,
    scope: vector["scope"]!,
  };
}

const { key, cases } = vectors();
const good = assertionOf(cases[0]!);

test("there are vectors", () => expect(cases).toHaveLength(3));

test.each(cases.map((vector) => [vector["case"]!, vector] as const))(
  "%s is signed as in the vectors",
  async (_, vector) => {
    const assertion = assertionOf(vector);
    expect(assertion.asked).toEqual({ method: vector["rpc-method"], name: vector["rpc-name"] });
    const text = textOf(assertion);
    expect(Buffer.from(text).toString("hex")).toBe(vector["text"]);
    expect(await signed(text, await signingKey(key))).toBe(vector["header"]);
  },
);

test("the signing key cannot be taken out again", async () => {
  const imported = await signingKey(key);
  expect(imported.extractable).toBe(false);
  expect(await signingKey(imported)).toBe(imported);
});

test.each([
  ["a line break", "ada@example.org\nmcp admin"],
  ["a carriage return", "a\rb"],
  ["a null", "a\0b"],
  ["a delete", "a\u007fb"],
  ["a C1 control", "a\u0085b"],
  ["half a character", "a\ud800b"],
  ["too much", "x".repeat(FIELD_BYTES.email + 1)],
  ["too much, counted in bytes", "é".repeat(FIELD_BYTES.email / 2 + 1)],
])("a field with %s is not signed, and is named", (_, email) => {
  expect(() => textOf({ ...good, email })).toThrow(new UnsignableError("email"));
});

test("a field that just fits is signed", () => {
  expect(textOf({ ...good, email: "x".repeat(FIELD_BYTES.email) })).toContain("x".repeat(FIELD_BYTES.email));
});

test("a name that tries to be two fields is refused", () => {
  expect(() => textOf({ ...good, asked: { method: "tools/call", name: "a\nperson-2" } })).toThrow("rpcName");
});

test("base64url has the alphabet of URLs and no padding", () => {
  expect(base64url(Uint8Array.of(0xfb, 0xff, 0xfe, 0xfa))).toBe("-__--g");
});

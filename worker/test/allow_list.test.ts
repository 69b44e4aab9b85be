import type { KVNamespace } from "@cloudflare/workers-types";
import { expect, test } from "vitest";

import { Additions, mayReceiveCodes, mayRead } from "../src/allow_list.ts";

const NONE = { origins: [], redirectUris: [] };
const HOSTS = [
  "claude.ai",
  "claude.com",
  "mcp.claude.ai",
  "chatgpt.com",
  "chat.openai.com",
  "platform.openai.com",
  "one.dash.cloudflare.com",
];

test.each(HOSTS)("%s may have codes and read answers", (host) => {
  expect(mayReceiveCodes(`https://${host}/api/mcp/auth_callback`, NONE)).toBe(true);
  expect(mayRead(`https://${host}`, NONE)).toBe(true);
  expect(mayReceiveCodes(`http://${host}/api/mcp/auth_callback`, NONE)).toBe(false);
  expect(mayRead(`http://${host}`, NONE)).toBe(false);
});

test.each(["http://localhost/cb", "http://localhost:1234/cb", "http://127.0.0.1:1/", "http://[::1]:8080/x"])(
  "%s is a program on the person's machine",
  (uri) => expect(mayReceiveCodes(uri, NONE)).toBe(true),
);

test.each([
  "https://claude.ai.evil.example/cb",
  "https://evil.example/https://claude.ai/",
  "https://claude.ai@evil.example/cb",
  "https://user@claude.ai/cb",
  "https://claude.ai:8443/cb",
  "https://claude.ai/cb#code",
  "https://xclaude.ai/cb",
  "http://127.0.0.1.evil.example/",
  "http://127.0.0.2/",
  "http://localhost.evil.example/",
  "javascript:alert(1)",
  "com.example.app:/callback",
  "data:text/html,x",
  "https://claude.ai\\@evil.example/",
  "",
  "claude.ai",
  "//claude.ai/",
])("no codes to %j", (uri) => expect(mayReceiveCodes(uri, NONE)).toBe(false));

test("an administrator's additions are whole strings", () => {
  const added = { origins: ["https://tools.example"], redirectUris: ["https://tools.example/cb"] };
  expect(mayReceiveCodes("https://tools.example/cb", added)).toBe(true);
  for (const near of [
    "https://tools.example/cb/",
    "https://tools.example/cb?x",
    "https://tools.example/",
    "https://tools.example/cbx",
  ])
    expect(mayReceiveCodes(near, added)).toBe(false);
  expect(mayRead("https://tools.example", added)).toBe(true);
  for (const near of ["https://tools.example.evil.example", "https://tools.example:8443", "null"])
    expect(mayRead(near, added)).toBe(false);
});

function kvOf(get: () => Promise<unknown>): KVNamespace {
  return { get } as unknown as KVNamespace;
}

test("additions are read again after a minute, and anything but a list of strings adds nothing", async () => {
  let value: unknown = ["https://a.example", 7];
  let reads = 0;
  const kv = kvOf(() => (reads++, Promise.resolve(value)));
  const additions = new Additions();
  expect(await additions.of(kv, 0)).toEqual({
    origins: ["https://a.example"],
    redirectUris: ["https://a.example"],
  });
  value = { 0: "https://b.example" };
  await additions.of(kv, 59_999);
  expect(reads).toBe(2);
  expect(await additions.of(kv, 60_000)).toEqual(NONE);
});

test("when they cannot be read, only what is built in stays", async () => {
  const additions = new Additions();
  expect(await additions.of(kvOf(() => Promise.reject(new Error("down"))))).toEqual(NONE);
});

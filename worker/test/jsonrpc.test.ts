import { expect, test } from "vitest";

import { whatIsAsked } from "../src/jsonrpc.ts";

const asked = (text: string) => whatIsAsked(Buffer.from(text));

test.each([
  ['{"jsonrpc":"2.0","id":1,"method":"tools/list"}', "tools/list", ""],
  ['{"method":"tools/call","params":{"name":"a__b","arguments":{"name":"x"}}}', "tools/call", "a__b"],
  ['{"method":"resources/read","params":{"uri":"x://y"}}', "resources/read", "x://y"],
  ['{"method":"m","params":{"name":"n","uri":"u"}}', "m", "n"],
  ['{"method":"m","params":{"name":7,"uri":"u"}}', "m", "u"],
  ['{"method":"m","params":["name"]}', "m", ""],
  ['{"method":"m","params":null}', "m", ""],
  ['{"jsonrpc":"2.0","id":1,"result":{"name":"x"}}', "", ""],
])("%s", (text, method, name) => expect(asked(text)).toEqual({ method, name }));

test.each([
  "",
  "[]",
  '[{"method":"tools/list"}]',
  "null",
  "7",
  '"x"',
  "{",
  '{"method":7}',
  '{"method":""}',
  "\ufeff{}",
])("%s is not one message", (text) => expect(asked(text)).toBeUndefined());

test("bytes that are not UTF-8 are no message", () => {
  expect(whatIsAsked(Uint8Array.of(0x7b, 0xff, 0x7d))).toBeUndefined();
});

test("a message that is nested beyond reason does not end the Worker", () => {
  const deep = `{"method":"m","params":${"[".repeat(400_000)}${"]".repeat(400_000)}}`;
  expect(() => asked(deep)).not.toThrow();
});

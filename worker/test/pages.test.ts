import { expect, test } from "vitest";

import { consentPage, escaped, problemPage } from "../src/pages.ts";

const HOSTILE = `"><script>alert(1)</script><img src=x onerror='x'>&`;

test("what a client says of itself is text on the page", async () => {
  const page = consentPage(
    {
      clientId: HOSTILE,
      clientName: HOSTILE,
      clientDomain: HOSTILE,
      clientUri: HOSTILE,
      logoUri: HOSTILE,
      redirectUri: HOSTILE,
      redirectHost: HOSTILE,
      redirectIsLoopback: true,
      scope: [HOSTILE],
    },
    HOSTILE,
    HOSTILE,
    new Headers({ "set-cookie": "a=b" }),
  );
  const html = await page.text();
  expect(html).not.toMatch(/<script|<img|onerror='/);
  expect(html.match(/<[a-z][a-z0-9]*/g)!.filter((tag) => !KNOWN_TAGS.includes(tag.slice(1)))).toEqual([]);
  expect(html).toContain("a program on your computer");
  expect(page.headers.get("set-cookie")).toBe("a=b");
});

const KNOWN_TAGS = ["html", "meta", "title", "style", "main", "h1", "p", "bdi", "form", "input", "button"];

test("what would reorder or hide text is shown", () => {
  expect(escaped("a\u202eb\u200bc\u0007d")).toBe("a⟨U+202E⟩b⟨U+200B⟩c⟨U+0007⟩d");
});

test("a page runs nothing, loads nothing and is in no frame", () => {
  const policy = problemPage(400, "x").headers.get("content-security-policy")!;
  expect(policy).toMatch(
    /^default-src 'none'; style-src 'nonce-[\w-]{22}'; base-uri 'none'; frame-ancestors 'none'$/,
  );
  expect(problemPage(400, "x").headers.get("content-security-policy")).not.toBe(policy);
});

// Who may register, and how a sign-in can go wrong.
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";

import { REDIRECT, signedIn, type SignedIn } from "./support/client.ts";
import { Person } from "./support/person.ts";
import { CIMD_CLIENT, PUBLIC_URL, Stack } from "./support/stack.ts";

let stack: Stack;
let ada: SignedIn;

beforeAll(async () => {
  stack = await Stack.start();
  ada = await signedIn(stack);
});
afterAll(() => stack.stop());
afterEach(() => (stack.identity.tampered = undefined));

describe("registration", () => {
  const register = (redirect_uris: unknown) =>
    stack.fetch("/register", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ client_name: "x", redirect_uris, token_endpoint_auth_method: "none" }),
    });

  test.each([
    "https://claude.ai/api/mcp/auth_callback",
    "https://claude.com/api/mcp/auth_callback",
    "https://mcp.claude.ai/cb",
    "https://chatgpt.com/connector_platform_oauth_redirect",
    "https://chat.openai.com/cb",
    "https://platform.openai.com/cb",
    "https://one.dash.cloudflare.com/cb",
    "http://localhost:3000/cb",
    "http://127.0.0.1:1234/cb",
  ])("with %s", async (uri) => expect((await register([uri])).status).toBe(201));

  test.each([
    [["https://evil.example/cb"]],
    [["https://claude.ai.evil.example/cb"]],
    [["https://claude.ai/cb", "https://evil.example/cb"]],
    [["javascript:alert(1)"]],
    [["http://192.168.1.1/cb"]],
    [[]],
    ["https://claude.ai/cb"],
    [undefined],
  ])("not with %j", async (uris) => {
    const answer = await register(uris);
    expect(answer.status).toBe(400);
  });
});

describe("signing in", () => {
  const challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
  function url(changes: Record<string, string | undefined> = {}): string {
    const all = {
      response_type: "code",
      client_id: ada.grants.information.client_id as string,
      redirect_uri: REDIRECT,
      state: "s",
      scope: "mcp",
      resource: `${PUBLIC_URL}/mcp`,
      code_challenge: challenge,
      code_challenge_method: "S256",
      ...changes,
    };
    const given = Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined);
    return `${PUBLIC_URL}/authorize?${new URLSearchParams(given)}`;
  }
  const browser = () => new Person(stack.fetch as never);

  test.each([
    ["a plain challenge", { code_challenge_method: "plain" }, "invalid_request"],
    ["no challenge", { code_challenge: undefined, code_challenge_method: undefined }, "invalid_request"],
    ["somebody else's resource", { resource: "https://other.example/mcp" }, "invalid_target"],
    ["a server that no name can have", { resource: `${PUBLIC_URL}/mcp/servers/A` }, "invalid_target"],
    ["a token in the address", { response_type: "token" }, "unsupported_response_type"],
  ])("with %s ends at the client, with who says so", async (_, changes, error) => {
    const page = await browser().open(url(changes), REDIRECT);
    const back = page.url.searchParams;
    expect(page.url.href.startsWith(REDIRECT)).toBe(true);
    expect([back.get("error"), back.get("iss"), back.get("state")]).toEqual([error, PUBLIC_URL, "s"]);
  });

  test.each([
    ["an unknown client", { client_id: "nobody" }],
    ["another redirect URI", { redirect_uri: "https://claude.ai/api/mcp/auth_callback" }],
    ["a redirect URI that only begins like it", { redirect_uri: `${REDIRECT}/../x` }],
    ["a client page that is none", { client_id: "https://evil.example/meta.json" }],
  ])("with %s ends on our page", async (_, changes) => {
    const page = await browser().open(url(changes), "https://claude.ai");
    expect([page.status, page.url.origin]).toEqual([400, PUBLIC_URL]);
  });

  test("a client page may not send people where this MCPbox does not", async () => {
    stack.cimdRedirectUris = ["https://evil.example/cb"];
    const page = await browser().open(
      url({ client_id: CIMD_CLIENT, redirect_uri: "https://evil.example/cb" }),
      "https://evil.example",
    );
    expect([page.status, page.html.includes("evil.example")]).toEqual([400, true]);
    stack.cimdRedirectUris = [REDIRECT];
  });

  test("an administrator's addition lets it", async () => {
    const other = await Stack.start();
    try {
      other.cimdRedirectUris = ["https://tools.example/cb"];
      await other.kvPut("config:redirect_uris", ["https://tools.example/cb"]);
      await other.kvPut("config:cors_origins", ["https://tools.example"]);
      const wish = url({ client_id: CIMD_CLIENT, redirect_uri: "https://tools.example/cb" });
      const back = await new Person(other.fetch as never).signIn(wish, "https://tools.example");
      expect(back.searchParams.get("code")).toBeTruthy();
      const origin = "https://tools.example";
      const preflight = await other.fetch("/mcp", { method: "OPTIONS", headers: { origin } });
      expect(preflight.headers.get("access-control-allow-origin")).toBe(origin);
    } finally {
      await other.stop();
    }
  });

  test("the page names the client, where access goes, and warns of local programs", async () => {
    const page = await browser().open(url(), REDIRECT);
    expect(page.html).toContain("127.0.0.1");
    expect(page.html).toContain("a program on your computer");
    expect(page.headers.get("x-frame-options")).toBe("DENY");
    expect(page.headers.get("content-security-policy")).toContain("default-src 'none'");
    const cookie = page.headers.getSetCookie().join();
    expect(cookie).toMatch(/^__Host-.*; ?(?=.*HttpOnly)(?=.*Secure)/i);
  });

  test("who says no is sent back with that, once", async () => {
    const person = browser();
    const page = await person.open(url(), REDIRECT);
    const back = (await person.press(page, "deny", REDIRECT)).url.searchParams;
    expect([back.get("error"), back.get("iss"), back.get("state")]).toEqual([
      "access_denied",
      PUBLIC_URL,
      "s",
    ]);
    expect((await person.press(page, "allow", REDIRECT)).status).toBe(400);
  });

  test("nothing reaches Access before somebody has agreed", async () => {
    const person = browser();
    await person.open(url(), REDIRECT);
    expect(person.visited.filter((address) => !address.startsWith(PUBLIC_URL))).toEqual([]);
  });

  test("a form without this browser's cookie is refused", async () => {
    const person = browser();
    const page = await person.open(url(), REDIRECT);
    person.forgetCookies();
    expect((await person.press(page, "allow", REDIRECT)).status).toBe(400);
  });

  test("the way back works in the browser that left, once", async () => {
    const person = browser();
    await person.signIn(url(), REDIRECT);
    const callback = person.visited.find((address) => address.startsWith(`${PUBLIC_URL}/callback`))!;
    expect((await person.open(callback, REDIRECT)).status).toBe(400);
    expect((await browser().open(callback, REDIRECT)).status).toBe(400);
    expect((await browser().open(`${PUBLIC_URL}/callback?code=x&state=y`, REDIRECT)).status).toBe(400);
    expect((await browser().open(`${PUBLIC_URL}/callback`, REDIRECT)).status).toBe(400);
  });

  const jwt = (header: object, payload: object) =>
    [header, payload].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".");
  const decoded = (token: unknown) =>
    String(token)
      .split(".")
      .slice(0, 2)
      .map((part) => JSON.parse(Buffer.from(part, "base64url").toString()) as object) as [object, object];

  test.each<[string, (answer: Record<string, unknown>) => Record<string, unknown>]>([
    ["no identity", ({ id_token: _, ...rest }) => rest],
    [
      "an unsigned identity",
      (a) => ({ ...a, id_token: `${jwt({ alg: "none" }, decoded(a["id_token"])[1])}.` }),
    ],
    [
      "a changed identity",
      (a) => {
        const [header, payload] = decoded(a["id_token"]);
        const signature = String(a["id_token"]).split(".")[2]!;
        return {
          ...a,
          id_token: `${jwt(header, { ...payload, sub: "root", email: "root@example.org" })}.${signature}`,
        };
      },
    ],
    ["rubbish", (a) => ({ ...a, id_token: "a.b.c" })],
  ])("an Access that answers with %s signs nobody in", async (_, tampered) => {
    stack.identity.tampered = tampered;
    const person = browser();
    let page = await person.press(await person.open(url(), REDIRECT), "allow", REDIRECT);
    if (page.html.includes("Sign in as")) page = await person.press(page, "1", REDIRECT);
    expect([page.status, page.url.origin]).toEqual([502, PUBLIC_URL]);
    expect(page.html).not.toContain("root@example.org");
  });

  test("a code is good once, and a second use ends what the first began", async () => {
    const verifier = "dBjftJeZ4CVP-mBs27zt1Ol7kDhXyFHNlm8n3_cNq5s1234567";
    const s256 = Buffer.from(
      await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier)),
    ).toString("base64url");
    const back = await browser().signIn(url({ code_challenge: s256 }), REDIRECT);
    const exchange = (changes: Record<string, string> = {}) =>
      stack.fetch("/token", {
        method: "POST",
        body: new URLSearchParams({
          grant_type: "authorization_code",
          code: back.searchParams.get("code")!,
          redirect_uri: REDIRECT,
          client_id: ada.grants.information.client_id,
          code_verifier: verifier,
          ...changes,
        }),
      });
    expect((await exchange({ code_verifier: `${verifier}x` })).status).toBe(400);
    expect((await exchange({ redirect_uri: "https://evil.example/cb" })).status).toBe(400);
    expect((await exchange({ resource: `${PUBLIC_URL}/mcp/servers/weather` })).status).toBe(400);
    const { access_token } = (await (await exchange()).json()) as { access_token: string };
    const use = () =>
      stack.fetch("/mcp", { method: "DELETE", headers: { authorization: `Bearer ${access_token}` } });
    expect((await use()).status).not.toBe(401);
    expect((await exchange()).status).toBe(400);
    expect((await use()).status).toBe(401);
  });

  test("an unknown client gets no token and is not made", async () => {
    const before = await stack.kvDump();
    const answer = await stack.fetch("/token", {
      method: "POST",
      body: new URLSearchParams({
        grant_type: "authorization_code",
        code: "a:b:c",
        client_id: "nobody",
        redirect_uri: REDIRECT,
        code_verifier: "x".repeat(43),
      }),
    });
    expect([answer.status, await answer.json()]).toMatchObject([401, { error: "invalid_client" }]);
    expect(await stack.kvDump()).toBe(before);
  });
});

// What the Worker refuses, and what of a client's never gets through it.
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";

import { signedIn, type SignedIn } from "./support/client.ts";
import { PUBLIC_URL, SERVICE_TOKEN, Stack } from "./support/stack.ts";

let stack: Stack;
let ada: SignedIn;

beforeAll(async () => {
  stack = await Stack.start();
  ada = await signedIn(stack);
});
afterAll(() => stack.stop());
afterEach(() => {
  stack.gateway.instead = undefined;
  expect(stack.gateway.problems.splice(0)).toEqual([]);
});

const LIST = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list", params: {} });

function post(body: BodyInit, headers: Record<string, string> = {}, path = "/mcp"): Promise<Response> {
  return stack.fetch(path, {
    method: "POST",
    headers: {
      authorization: `Bearer ${ada.token}`,
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      ...headers,
    },
    body,
  });
}

/** The answer of a request that must not have reached the gateway. */
async function notReached(answer: Promise<Response>): Promise<Response> {
  const before = stack.gateway.seen.length;
  const response = await answer;
  expect(stack.gateway.seen.length).toBe(before);
  return response;
}

describe("paths", () => {
  test.each([
    "/mcp/",
    "/mcp/health",
    "/mcp/internal/notify-tools-changed",
    "/mcp/servers/",
    "/mcp/servers/mcpbox",
    "/mcp/servers/a/tools",
    "/api/servers",
    "/mcp%2Fhealth",
    "/.well-known/openid-configuration",
    "/.well-known/oauth-protected-resource/",
    "/.well-known/oauth-protected-resource/api",
    "/.well-known/oauth-authorization-server/mcp",
    "/health/live",
    "/favicon.ico",
    "//mcp",
  ])("%s is 404, with a token and whatever the method", async (path) => {
    for (const method of ["GET", "POST", "DELETE", "OPTIONS", "PUT"]) {
      const init = { method, headers: { authorization: `Bearer ${ada.token}`, origin: "https://claude.ai" } };
      const answer = await notReached(stack.fetch(PUBLIC_URL + path, init));
      expect([method, answer.status]).toEqual([method, 404]);
      expect(answer.headers.get("access-control-allow-origin")).toBeNull();
    }
  });

  test("a path that climbs is the path that it climbs to", async () => {
    expect((await notReached(stack.fetch("/mcp/servers/../../api/servers"))).status).toBe(404);
    expect((await notReached(stack.fetch("/mcp/servers/%2e%2e/health"))).status).toBe(404);
  });

  test("another name of this Worker is 404", async () => {
    const elsewhere = "https://preview-mcpbox-proxy.home.workers.dev/mcp";
    const answer = await notReached(
      stack.fetch(elsewhere, { headers: { authorization: `Bearer ${ada.token}` } }),
    );
    expect(answer.status).toBe(404);
  });

  test.each([
    ["/mcp", "PUT", "GET, POST, DELETE, OPTIONS"],
    ["/token", "GET", "POST, OPTIONS"],
    ["/register", "DELETE", "POST, OPTIONS"],
    ["/authorize", "DELETE", "GET, POST"],
    ["/callback", "POST", "GET"],
  ])("%s does not answer %s", async (path, method, allowed) => {
    const answer = await notReached(stack.fetch(path, { method }));
    expect([answer.status, answer.headers.get("allow")]).toEqual([405, allowed]);
  });

  test("health is ok, without a word about the gateway", async () => {
    expect(await (await notReached(stack.fetch("/health"))).json()).toEqual({ status: "ok" });
  });
});

describe("discovery", () => {
  test.each([
    ["", "/"],
    ["/mcp", "/mcp"],
    ["/mcp/servers/weather", "/mcp/servers/weather"],
  ])("the metadata at %j describes %s alone", async (suffix, path) => {
    const metadata = await (await stack.fetch(`/.well-known/oauth-protected-resource${suffix}`)).json();
    expect(metadata).toEqual({
      resource: PUBLIC_URL + path,
      authorization_servers: [PUBLIC_URL],
      scopes_supported: ["mcp"],
      bearer_methods_supported: ["header"],
      resource_name: "MCPbox",
    });
  });

  test.each([
    ["/", ""],
    ["/mcp", "/mcp"],
    ["/mcp/servers/weather", "/mcp/servers/weather"],
  ])("without a token %s names its own metadata", async (path, suffix) => {
    const answer = await notReached(post(LIST, { authorization: "" }, path));
    expect(answer.status).toBe(401);
    const challenge = answer.headers.get("www-authenticate")!;
    expect(challenge).toContain(
      `resource_metadata="${PUBLIC_URL}/.well-known/oauth-protected-resource${suffix}"`,
    );
    expect(challenge).toContain('scope="mcp"');
  });

  test("the server says what it holds clients to", async () => {
    const metadata = await (await stack.fetch("/.well-known/oauth-authorization-server")).json();
    expect(metadata).toMatchObject({
      issuer: PUBLIC_URL,
      authorization_endpoint: `${PUBLIC_URL}/authorize`,
      token_endpoint: `${PUBLIC_URL}/token`,
      registration_endpoint: `${PUBLIC_URL}/register`,
      code_challenge_methods_supported: ["S256"],
      authorization_response_iss_parameter_supported: true,
      client_id_metadata_document_supported: true,
    });
  });
});

test("a token in the address is no token", async () => {
  expect((await notReached(stack.fetch(`/mcp?access_token=${ada.token}`))).status).toBe(401);
});

describe("cross-origin pages", () => {
  test.each(["https://claude.ai", "https://claude.com", "https://mcp.claude.ai", "https://chatgpt.com"])(
    "%s may ask and read, errors too",
    async (origin) => {
      const preflight = await notReached(stack.fetch("/mcp", { method: "OPTIONS", headers: { origin } }));
      expect(preflight.status).toBe(204);
      expect(preflight.headers.get("access-control-allow-origin")).toBe(origin);
      expect(preflight.headers.get("access-control-allow-methods")).toBe("GET, POST, DELETE, OPTIONS");
      expect(preflight.headers.get("access-control-allow-headers")).toContain("Mcp-Session-Id");
      const refused = await post(LIST, { origin, authorization: "Bearer a:b:c" });
      expect([refused.status, refused.headers.get("access-control-allow-origin")]).toEqual([401, origin]);
      expect(refused.headers.get("access-control-expose-headers")).toContain("Mcp-Session-Id");
      const answered = await post(LIST, { origin });
      expect([answered.status, answered.headers.get("access-control-allow-origin")]).toEqual([200, origin]);
    },
  );

  test.each([
    "https://evil.example",
    "https://claude.ai.evil.example",
    "http://claude.ai",
    "null",
    "http://localhost",
  ])("%s may neither ask nor read", async (origin) => {
    for (const path of ["/mcp", "/token", "/register", "/.well-known/oauth-authorization-server"]) {
      const preflight = await stack.fetch(path, { method: "OPTIONS", headers: { origin } });
      expect(preflight.headers.get("access-control-allow-origin")).toBeNull();
      expect(preflight.headers.get("access-control-allow-methods")).toBeNull();
    }
    const answer = await notReached(post(LIST, { origin }));
    expect([answer.status, answer.headers.get("access-control-allow-origin")]).toEqual([403, null]);
    const metadata = await stack.fetch("/.well-known/oauth-authorization-server", { headers: { origin } });
    expect(metadata.headers.get("access-control-allow-origin")).toBeNull();
  });
});

describe("what goes on to the gateway", () => {
  test("nothing that a client says in our headers' names, in any spelling", async () => {
    await post(LIST, {
      "X-MCPbox-User-Email": "root@example.org",
      "x-mcpbox-service-token": "forged",
      "X-MCPBOX-ASSERTION": "forged",
      "x-mcpbox-auth-method": "none",
      "X-McpBox-Anything": "1",
      "x-forwarded-host": "evil.example",
      "x-forwarded-for": "10.0.0.1",
      forwarded: "for=10.0.0.1",
      cookie: "a=b",
      "cf-access-jwt-assertion": "x",
      "mcp-session-id": "s-1",
      "mcp-method": "tools/list",
      "last-event-id": "7",
      traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    });
    const { headers, rawHeaders } = stack.gateway.last();
    const ours = Object.keys(headers).filter((name) => name.startsWith("x-mcpbox-"));
    expect(ours.sort()).toEqual([
      "x-mcpbox-assertion",
      "x-mcpbox-auth-method",
      "x-mcpbox-service-token",
      "x-mcpbox-user-email",
    ]);
    expect(rawHeaders.join("\n")).not.toMatch(/forged|root@example|evil\.example|10\.0\.0\.1|a=b/);
    expect(headers["cf-access-jwt-assertion"]).toBeUndefined();
    expect(headers).toMatchObject({
      "x-mcpbox-user-email": "ada@example.org",
      "mcp-session-id": "s-1",
      "mcp-method": "tools/list",
      "last-event-id": "7",
      traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    });
  });

  test("the query, and what is signed of it", async () => {
    await post(LIST, {}, "/mcp?a=1&b=%0A");
    expect(stack.gateway.last()).toMatchObject({ url: "/mcp?a=1&b=%0A", sworn: { query: "a=1&b=%0A" } });
  });

  test.each([
    ["a batch", `[${LIST}]`, 400],
    ["no JSON", "tools/list", 400],
    ["no message", '"tools/list"', 400],
    ["a name with a line break", '{"method":"tools/call","params":{"name":"a\\nb"}}', 400],
    ["a name with half a character", '{"method":"tools/call","params":{"name":"\\ud800"}}', 400],
    [
      "a name beyond its limit",
      JSON.stringify({ method: "tools/call", params: { name: "x".repeat(2049) } }),
      400,
    ],
    ["a body beyond the limit", `{"method":"m","x":"${"x".repeat(1024 * 1024)}"}`, 413],
  ])("not %s", async (_, body, status) => {
    expect((await notReached(post(body))).status).toBe(status);
  });

  test("a query beyond its limit is refused", async () => {
    expect((await notReached(post(LIST, {}, `/mcp?${"x".repeat(1025)}`))).status).toBe(400);
  });

  test("the gateway's answer comes back with its status, and no header of its own", async () => {
    stack.gateway.instead = (_request, response) =>
      response
        .writeHead(403, {
          "content-type": "application/json",
          "set-cookie": "x=y",
          server: "z",
          "www-authenticate": "Basic",
        })
        .end('{"jsonrpc":"2.0","id":null,"error":{"code":-32000,"message":"no"}}');
    const answer = await post(LIST);
    expect(answer.status).toBe(403);
    expect(await answer.text()).toContain('"no"');
    for (const name of ["set-cookie", "server", "www-authenticate"])
      expect(answer.headers.get(name)).toBeNull();
  });

  test("a redirect of the gateway's is not followed", async () => {
    stack.gateway.instead = (_request, response) =>
      response.writeHead(307, { location: "http://127.0.0.1:9/" }).end();
    const answer = await post(LIST);
    expect([answer.status, answer.headers.get("location")]).toEqual([307, null]);
  });
});

test("no answer and no log line held a secret or an e-mail", () => {
  const log = stack.log.join("");
  for (const secret of [SERVICE_TOKEN, stack.key.bound, "ada@example.org", ada.token])
    expect(log).not.toContain(secret);
});

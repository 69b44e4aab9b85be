// The whole way in, with the official client, a certified OpenID provider and a gateway that believes only signatures.
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { Client as OldClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as OldTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";

import { Grants, newClient, REDIRECT, signedIn, type SignedIn } from "./support/client.ts";
import { Person } from "./support/person.ts";
import { INSTALLATION, PUBLIC_URL, SERVICE_TOKEN, Stack } from "./support/stack.ts";

let stack: Stack;
let ada: SignedIn;

beforeAll(async () => {
  stack = await Stack.start();
  ada = await signedIn(stack);
});
afterAll(() => stack.stop());
afterEach(() => expect(stack.gateway.problems.splice(0)).toEqual([]));

test("a client finds its way, registers, signs in, lists and calls", async () => {
  const { tools } = await ada.client.listTools();
  expect(tools.map((tool) => tool.name)).toEqual(["slow"]);
  const { content } = await ada.client.callTool({ name: "slow" });
  expect(content).toEqual([{ type: "text", text: "done" }]);
  expect(stack.gateway.last().sworn).toMatchObject({
    keyId: "k1",
    issuer: PUBLIC_URL,
    audience: INSTALLATION,
    method: "POST",
    path: "/mcp",
    rpcMethod: "tools/call",
    rpcName: "slow",
    subject: "person-1",
    email: "ada@example.org",
    clientId: ada.grants.information.client_id,
    scope: "mcp offline_access",
  });
});

test("what the reference's gateway reads is sent too, and nothing of the client's own", async () => {
  await ada.client.listTools();
  const { headers } = stack.gateway.last();
  expect(headers).toMatchObject({
    "x-mcpbox-service-token": SERVICE_TOKEN,
    "x-mcpbox-user-email": "ada@example.org",
    "x-mcpbox-auth-method": "oidc",
    "x-forwarded-host": "mcpbox-proxy.home.workers.dev",
    "x-forwarded-proto": "https",
    host: "mcp-gateway:8002",
  });
  expect(headers["authorization"]).toBeUndefined();
});

test("progress arrives while the tool runs", async () => {
  const seen: [number, number][] = [];
  const started = Date.now();
  await ada.client.callTool({ name: "slow" }, {
    onprogress: ({ progress }: { progress: number }) => seen.push([progress, Date.now() - started]),
  } as never);
  const ended = Date.now() - started;
  expect(seen.map(([progress]) => progress)).toEqual([1, 2, 3]);
  expect(seen[0]![1]).toBeLessThan(ended - 50); // the tool still had two pauses of 50 ms before it
});

test("a client that describes itself on a page needs no registration", async () => {
  const grace = await signedIn(stack, "/mcp", "cimd");
  expect((await grace.client.listTools()).tools).toHaveLength(1);
  expect(stack.gateway.last().sworn.clientId).toBe("https://client.example/mcp.json");
});

test("the older official client comes in the same way", async () => {
  const grants = new Grants("registered");
  const url = new URL("/mcp", PUBLIC_URL);
  const transport = () =>
    new OldTransport(url, { authProvider: grants as never, fetch: stack.fetch as never }) as OldTransport &
      Transport;
  const first = transport();
  const client = () => new OldClient({ name: "worker-tests", version: "1" });
  await expect(client().connect(first)).rejects.toThrow("Unauthorized");
  const back = await new Person(stack.fetch as never).signIn(grants.wanted!.href, REDIRECT);
  await first.finishAuth(back.searchParams.get("code")!);
  const old = client();
  await old.connect(transport());
  expect((await old.listTools()).tools.map((tool) => tool.name)).toEqual(["slow"]);
  const seen: number[] = [];
  const onprogress = ({ progress }: { progress: number }) => seen.push(progress);
  await old.callTool({ name: "slow" }, undefined, { onprogress });
  expect(seen).toEqual([1, 2, 3]);
});

test("the bare address is the same endpoint", async () => {
  const bare = await signedIn(stack, "/");
  expect((await bare.client.listTools()).tools).toHaveLength(1);
  expect(stack.gateway.last().sworn.path).toBe("/mcp");
});

test("a token of one resource is refused at every other", async () => {
  const weather = await signedIn(stack, "/mcp/servers/weather");
  expect(stack.gateway.last().sworn.path).toBe("/mcp/servers/weather");
  const status = async (path: string, token: string) =>
    (await stack.fetch(path, { headers: { authorization: `Bearer ${token}`, accept: "text/event-stream" } }))
      .status;
  const own = {
    "/": (await signedIn(stack, "/")).token,
    "/mcp": ada.token,
    "/mcp/servers/weather": weather.token,
  };
  for (const [made, token] of Object.entries(own)) {
    for (const asked of [...Object.keys(own), "/mcp/servers/mail"]) {
      if (asked !== made) expect([made, asked, await status(asked, token)]).toEqual([made, asked, 401]);
    }
  }
  await expect(weather.client.listTools()).resolves.toBeDefined();
});

test("a refresh rotates the token, for the resource that was granted only", async () => {
  const ida = await signedIn(stack, "/mcp/servers/weather");
  const first = ida.grants.kept;
  const refreshed = await tokens({
    grant_type: "refresh_token",
    refresh_token: first.refresh_token,
    client_id: ida.grants.information.client_id,
  });
  expect(refreshed).toMatchObject({ expires_in: 900, resource: `${PUBLIC_URL}/mcp/servers/weather` });
  expect(refreshed["refresh_token"]).not.toBe(first.refresh_token);
  expect(
    await tokens({
      grant_type: "refresh_token",
      refresh_token: String(refreshed["refresh_token"]),
      client_id: ida.grants.information.client_id,
      resource: `${PUBLIC_URL}/mcp`,
    }),
  ).toMatchObject({ error: "invalid_target" });
  const again = await tokens({
    grant_type: "refresh_token",
    refresh_token: String(refreshed["refresh_token"]),
    client_id: ida.grants.information.client_id,
  });
  expect(again["access_token"]).toBeDefined();
  // The first one is two rotations old.
  expect(
    await tokens({
      grant_type: "refresh_token",
      refresh_token: first.refresh_token,
      client_id: ida.grants.information.client_id,
    }),
  ).toMatchObject({ error: "invalid_grant" });
});

test("a client whose access token is refused gets a new one by itself", async () => {
  const hedy = await signedIn(stack);
  hedy.grants.kept = { ...hedy.grants.kept, access_token: "expired" };
  const transport = new StreamableHTTPClientTransport(new URL("/mcp", PUBLIC_URL), {
    authProvider: hedy.grants,
    fetch: stack.fetch as never,
  });
  const client = newClient();
  await client.connect(transport);
  expect((await client.listTools()).tools).toHaveLength(1);
  expect(hedy.grants.kept.access_token).not.toBe("expired");
});

test("a revoked grant is over at once", async () => {
  const mary = await signedIn(stack);
  const body = new URLSearchParams({
    token: mary.grants.kept.refresh_token,
    client_id: mary.grants.information.client_id,
  });
  expect((await stack.fetch("/token", { method: "POST", body })).status).toBe(200);
  const answer = await stack.fetch("/mcp", { headers: { authorization: `Bearer ${mary.token}` } });
  expect(answer.status).toBe(401);
  expect(
    await tokens({
      grant_type: "refresh_token",
      refresh_token: mary.grants.kept.refresh_token,
      client_id: mary.grants.information.client_id,
    }),
  ).toMatchObject({ error: "invalid_grant" });
});

test("neither token nor log nor the names of what is kept tells who somebody is, or a secret", async () => {
  for (const text of [ada.token, ada.grants.kept.refresh_token, stack.log.join(""), await stack.kvDump()]) {
    expect(text).not.toContain("ada@example.org");
    expect(text).not.toContain("person-1");
    expect(text).not.toContain(SERVICE_TOKEN);
    expect(text).not.toContain(stack.key.bound);
  }
});

test("without an e-mail that the provider vouches for, none is sworn to", async () => {
  for (const claims of [{}, { email: "eve@example.org", email_verified: false }]) {
    stack.identity.claims = claims;
    try {
      await signedIn(stack);
      expect(stack.gateway.last().sworn.email).toBe("");
      expect(stack.gateway.last().headers["x-mcpbox-user-email"]).toBeUndefined();
    } finally {
      stack.identity.claims = { email: "ada@example.org" };
    }
  }
});

async function tokens(form: Record<string, string>): Promise<Record<string, unknown>> {
  const answer = await stack.fetch("/token", { method: "POST", body: new URLSearchParams(form) });
  return (await answer.json()) as Record<string, unknown>;
}

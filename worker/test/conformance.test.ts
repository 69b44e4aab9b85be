// The official suite's scenarios for authorization servers, with a person who consents and signs in when it asks.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";

import { Person } from "./support/person.ts";
import { Stack } from "./support/stack.ts";

const SUITE = resolve(
  import.meta.dirname,
  "../../tests/e2e/node_modules/@modelcontextprotocol/conformance/dist/index.js",
);

let stack: Stack;

beforeAll(async () => {
  stack = await Stack.start({ onLoopback: true });
});
afterAll(() => stack.stop());

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function registered(redirect: string): Promise<string> {
  const answer = await stack.fetch("/register", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      client_name: "suite",
      redirect_uris: [redirect],
      token_endpoint_auth_method: "none",
    }),
  });
  return ((await answer.json()) as { client_id: string }).client_id;
}

/** Follows every address of /authorize that the suite prints; returns all that it said. */
async function watched(suite: ChildProcess, redirect: string): Promise<string> {
  let said = "";
  const followed = new Set<string>();
  const read = (chunk: Buffer) => {
    said += String(chunk);
    for (const [url] of said.matchAll(
      new RegExp(`${stack.publicUrl}/authorize\\?[^\\s"']+(?=[\\s"'])`, "g"),
    )) {
      if (followed.has(url)) continue;
      followed.add(url);
      void new Person(stack.fetch as never).signIn(url, redirect).then((back) => fetch(back));
    }
  };
  suite.stdout!.on("data", read);
  suite.stderr!.on("data", read);
  await new Promise((resolve) => suite.on("close", resolve));
  return said;
}

test.each(["2025-11-25", "2026-07-28"])("every scenario of %s passes, without a warning", async (version) => {
  const port = await freePort();
  const redirect = `http://127.0.0.1:${port}/callback`;
  const out = mkdtempSync(join(tmpdir(), "mcpbox-suite-"));
  try {
    const suite = spawn(process.execPath, [
      SUITE,
      "authorization",
      ...["--url", stack.publicUrl],
      ...["--client-id", await registered(redirect)],
      ...["--resource", `${stack.publicUrl}/mcp`],
      ...["--port", String(port)],
      ...["--spec-version", version],
      ...["--output-dir", out],
    ]);
    const said = await watched(suite, redirect);
    expect(suite.exitCode, said).toBe(0);
    const checks = readdirSync(out, { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith("checks.json"))
      .flatMap(
        (name) => JSON.parse(readFileSync(join(out, name), "utf8")) as { id: string; status: string }[],
      );
    const counted = (status: string) =>
      checks.filter((check) => check.status === status).map((check) => check.id);
    expect(counted("FAILURE")).toEqual([]);
    expect(counted("WARNING")).toEqual([]);
    expect(counted("SKIPPED")).toEqual([]);
    expect(counted("SUCCESS").length).toBeGreaterThanOrEqual(3);
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
});

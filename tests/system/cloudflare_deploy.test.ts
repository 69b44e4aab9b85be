// worker/deploy.sh against the stand-in for Cloudflare's API: each request is right by the vendor's own types, and what
// it leaves there is what the Worker needs.  remote_deploy.test.ts has the Worker run with it.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, before, test } from "node:test";

import { FakeCloudflare } from "./harness/cloudflare/fake.ts";

const SCRIPT = resolve(import.meta.dirname, "../../worker/deploy.sh");
const TOKEN = "api-token-of-the-administrator";

let fake: FakeCloudflare;
let folder: string;
let service: string;

before(async () => {
  fake = await FakeCloudflare.start();
  fake.allow(TOKEN);
  folder = mkdtempSync(join(tmpdir(), "mcpbox-deploy-"));
  writeFileSync(join(folder, "worker.mjs"), "export default { fetch: () => new Response('hello') };\n");
  // All that the script wants to know from MCPbox: which installation this is.
  writeFileSync(join(folder, "mcpboxctl"), `#!/bin/sh\ncat >/dev/null\necho '{"installation": "home"}'\n`, {
    mode: 0o755,
  });
  const tunnel = await ask("POST", "cfd_tunnel", { name: "mcpbox", config_src: "cloudflare" });
  const host = { ipv4: "127.0.0.2", network: { tunnel_id: tunnel.id } };
  const body = { name: "mcpbox", type: "http", http_port: 8002, host };
  service = (await ask("POST", "connectivity/directory/services", body)).service_id!;
});
after(() => {
  fake.stop();
  rmSync(folder, { recursive: true });
  assert.deepEqual(fake.violations, []);
});

async function ask(method: string, path: string, body: object): Promise<Record<string, string>> {
  const response = await fetch(`${fake.baseUrl}/accounts/${fake.account.id}/${path}`, {
    method,
    headers: { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  return ((await response.json()) as { result: Record<string, string> }).result;
}

function deploy(...words: string[]): Promise<{ code: number; said: string }> {
  const env = {
    PATH: "/usr/bin:/bin",
    CLOUDFLARE_API_BASE_URL: fake.baseUrl,
    CLOUDFLARE_API_TOKEN: TOKEN,
    CLOUDFLARE_ACCOUNT_ID: fake.account.id,
    VPC_SERVICE_ID: service,
    ACCESS_ISSUER: "https://home.cloudflareaccess.com/cdn-cgi/access/sso/oidc/abc",
    ACCESS_CLIENT_ID: "abc",
    ACCESS_CLIENT_SECRET: "client-secret",
    WORKER_BUNDLE: join(folder, "worker.mjs"),
    MCPBOXCTL: join(folder, "mcpboxctl"),
  };
  const { promise, resolve: done } = Promise.withResolvers<{ code: number; said: string }>();
  const child = execFile(SCRIPT, words, { env }, (error, stdout, stderr) =>
    done({ code: error === null ? 0 : Number(error.code), said: stdout + stderr }),
  );
  child.stdin!.end();
  return promise;
}

const NAMES = [
  "ACCESS_CLIENT_ID",
  "ACCESS_CLIENT_SECRET",
  "ACCESS_ISSUER",
  "ASSERTION_KEY",
  "ASSERTION_KEY_ID",
  "INSTALLATION_ID",
  "LIMIT_MCP",
  "LIMIT_REGISTER",
  "LIMIT_SIGN_IN",
  "MCPBOX_SERVICE_TOKEN",
  "MCPBOX_TUNNEL",
  "OAUTH_KV",
  "PUBLIC_URL",
];
const bound = (): string[] =>
  fake.account.workers
    .get("mcpbox-proxy")!
    .bindings.map(({ name }) => name)
    .sort();

test("a token that may not edit Workers is told so, and no Worker is there", async () => {
  fake.allow(TOKEN, "Workers Scripts Write");
  const { code, said } = await deploy("--set-secrets");
  fake.allow(TOKEN);
  assert.notEqual(code, 0);
  assert.match(said, /Authentication error/);
  assert.equal(fake.account.workers.size, 0);
});

test("the script makes one namespace and one Worker with all that it needs, on its address", async () => {
  const { code, said } = await deploy("--set-secrets");
  assert.equal(code, 0, said);
  assert.deepEqual(bound(), NAMES);
  assert.ok(fake.account.workers.get("mcpbox-proxy")!.enabled);
  assert.deepEqual(
    [...fake.account.namespaces.values()].map(({ title }) => title),
    ["mcpbox-proxy-OAUTH_KV"],
  );
});

test("a second run takes the namespace that is there, and new code alone loses no binding", async () => {
  const remains = fake.account.remains();
  for (const words of [["--set-secrets"], []]) {
    const { code, said } = await deploy(...words);
    assert.equal(code, 0, said);
    assert.deepEqual(bound(), NAMES);
  }
  assert.equal(fake.account.workers.get("mcpbox-proxy")!.uploads, 3);
  assert.deepEqual(fake.account.remains(), remains);
});

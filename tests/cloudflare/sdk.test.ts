// The stand-in for Cloudflare's API, asked by the vendor's own SDK: what that sends is taken, and it understands each
// answer.  The SDK is 120 MB, so this belongs to `make test-long`.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import Cloudflare, { APIError } from "cloudflare";

import { FakeCloudflare, RATE_LIMITED } from "../system/harness/cloudflare/fake.ts";

const TOKEN = "t".repeat(40);
let fake: FakeCloudflare;
let client: Cloudflare;
let account_id: string;

before(async () => {
  fake = await FakeCloudflare.start();
  fake.allow(TOKEN);
  account_id = fake.account.id;
  client = new Cloudflare({ apiToken: TOKEN, baseURL: fake.baseUrl, maxRetries: 0 });
});
after(() => {
  fake.stop();
  assert.deepEqual(fake.violations, []);
});

const statusOf = async (asked: Promise<unknown>): Promise<number | undefined> => {
  try {
    await asked;
    return 200;
  } catch (error) {
    assert.ok(error instanceof APIError, String(error));
    return error.status;
  }
};

test("the SDK sets remote access up and takes it away, and nothing remains", async () => {
  assert.equal((await client.user.tokens.verify()).status, "active");
  const accounts = [];
  for await (const account of client.accounts.list()) accounts.push(account.id);
  assert.deepEqual(accounts, [account_id]);
  const organization = await client.zeroTrust.organizations.list({ account_id });
  assert.equal(organization.auth_domain, "home.cloudflareaccess.com");
  const providers = [];
  for await (const { type } of client.zeroTrust.identityProviders.list({ account_id })) providers.push(type);
  assert.deepEqual(providers, ["onetimepin"]);

  const tunnels = client.zeroTrust.tunnels.cloudflared;
  const tunnel = await tunnels.create({ account_id, name: "mcpbox", config_src: "cloudflare" });
  const tunnel_id = tunnel.id!;
  assert.equal(await statusOf(tunnels.create({ account_id, name: "mcpbox" })), 409);
  assert.equal(typeof (await tunnels.token.get(tunnel_id, { account_id })), "string");
  const service = await client.connectivity.directory.services.create({
    account_id,
    name: "mcpbox",
    type: "http",
    http_port: 8002,
    host: { ipv4: "127.0.0.2", network: { tunnel_id } },
  });
  const kv = await client.kv.namespaces.create({ account_id, title: "mcpbox-OAUTH_KV" });
  const written = await client.kv.namespaces.bulkUpdate(kv.id, {
    account_id,
    body: [{ key: "k", value: "v" }],
  });
  assert.equal(written?.successful_key_count, 1);
  assert.equal((await client.workers.subdomains.get({ account_id })).subdomain, "home");

  const policy = await client.zeroTrust.access.policies.create({
    account_id,
    name: "people",
    decision: "allow",
    include: [{ email: { email: "ada@example.org" } }],
  });
  const application = await client.zeroTrust.access.applications.create({
    account_id,
    type: "saas",
    name: "mcpbox",
    policies: [{ id: policy.id!, precedence: 1 }],
    saas_app: { auth_type: "oidc", redirect_uris: ["https://mcpbox.home.workers.dev/callback"] },
  });
  assert.equal(await statusOf(client.zeroTrust.access.policies.delete(policy.id!, { account_id })), 400);

  await client.zeroTrust.access.applications.delete(application.id!, { account_id });
  await client.zeroTrust.access.policies.delete(policy.id!, { account_id });
  await client.kv.namespaces.delete(kv.id, { account_id });
  await client.connectivity.directory.services.delete(service.service_id!, { account_id });
  await tunnels.connections.delete(tunnel_id, { account_id });
  await tunnels.delete(tunnel_id, { account_id });
  assert.deepEqual(fake.account.remains(), []);
});

// The SDK's own upload is no form (7.3.0), so the Worker is put there as worker/deploy.sh does it; the rest is the SDK's.
test("the SDK sets, lists and deletes a Worker's secrets, and turns its address on", async () => {
  const form = new FormData();
  form.set(
    "metadata",
    JSON.stringify({ main_module: "w.mjs", compatibility_date: "2026-04-01", bindings: [] }),
  );
  form.set("w.mjs", new Blob(["export default {};"], { type: "application/javascript+module" }), "w.mjs");
  const uploaded = await fetch(`${fake.baseUrl}/accounts/${account_id}/workers/scripts/w`, {
    method: "PUT",
    headers: { authorization: `Bearer ${TOKEN}` },
    body: form,
  });
  assert.equal(uploaded.status, 200);
  const { scripts } = client.workers;
  await scripts.secrets.update("w", { account_id, name: "S", text: "hidden", type: "secret_text" });
  const secrets = [];
  for await (const { name } of scripts.secrets.list("w", { account_id })) secrets.push(name);
  assert.deepEqual(secrets, ["S"]);
  await scripts.secrets.delete("S", { account_id, script_name: "w" });
  assert.equal((await scripts.subdomain.create("w", { account_id, enabled: true })).enabled, true);
  await scripts.delete("w", { account_id });
  assert.equal(await statusOf(scripts.delete("w", { account_id })), 404);
});

test("the SDK sees a refused token, a missing permission and a rate limit, and waits as it is told", async () => {
  const stranger = new Cloudflare({ apiToken: "stranger", baseURL: fake.baseUrl, maxRetries: 0 });
  assert.equal(await statusOf(stranger.user.tokens.verify()), 401);
  fake.allow("lesser", "Workers KV Storage Write");
  const lesser = new Cloudflare({ apiToken: "lesser", baseURL: fake.baseUrl, maxRetries: 0 });
  assert.equal(await statusOf(lesser.kv.namespaces.create({ account_id, title: "t" })), 403);
  fake.fail(/^GET workers\/subdomain$/, RATE_LIMITED);
  const patient = new Cloudflare({ apiToken: TOKEN, baseURL: fake.baseUrl, maxRetries: 1 });
  assert.equal((await patient.workers.subdomains.get({ account_id })).subdomain, "home");
});

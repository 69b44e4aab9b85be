// The stand-in for Cloudflare's API (harness/cloudflare) by itself: it does what the real one does, refuses what that
// refuses, and sees what a client has wrong.  tests/cloudflare/sdk.test.ts asks it with the vendor's own SDK.
import assert from "node:assert/strict";
import { request } from "node:http";
import { afterEach, beforeEach, test } from "node:test";

import { FakeCloudflare, RATE_LIMITED } from "./harness/cloudflare/fake.ts";
import { faultsOfBody } from "./harness/cloudflare/schema.ts";

const TOKEN = "t".repeat(40);
const DIRECTORY = "connectivity/directory/services";
const MODULE = "export default { fetch: () => new Response('hello') };";

interface Told {
  status: number;
  code: number | undefined;
  result: any;
  info: Record<string, number> | undefined;
  text: string;
  headers: Headers;
}

let fake: FakeCloudflare;
let expected: RegExp[] = [];

beforeEach(async () => {
  fake = await FakeCloudflare.start();
  fake.allow(TOKEN);
  expected = [];
});
afterEach(() => {
  fake.stop();
  const unexpected = fake.violations.filter((text) => !expected.some((pattern) => pattern.test(text)));
  assert.deepEqual(unexpected, []);
  for (const pattern of expected)
    assert.ok(
      fake.violations.some((text) => pattern.test(text)),
      String(pattern),
    );
});

async function send(
  method: string,
  path: string,
  body?: BodyInit,
  type?: string,
  token = TOKEN,
): Promise<Told> {
  const headers: Record<string, string> = { authorization: `Bearer ${token}` };
  if (type !== undefined) headers["content-type"] = type;
  const response = await fetch(`${fake.baseUrl}/${path}`, {
    method,
    headers,
    ...(body === undefined ? {} : { body }),
  });
  const text = await response.text();
  const json = text.startsWith("{") ? JSON.parse(text) : {};
  const { status } = response;
  const { result, result_info: info, errors } = json;
  return { status, code: errors?.[0]?.code, result, info, text, headers: response.headers };
}

const ask = (method: string, path: string, body?: object): Promise<Told> =>
  send(
    method,
    `accounts/${fake.account.id}/${path}`,
    body && JSON.stringify(body),
    body && "application/json",
  );

async function made(method: string, path: string, body?: object): Promise<Told["result"]> {
  const told = await ask(method, path, body);
  assert.equal(told.status, 200, `${method} ${path}: ${told.text}`);
  return told.result;
}

async function refused(
  status: number,
  code: number,
  method: string,
  path: string,
  body?: object,
): Promise<void> {
  const told = await ask(method, path, body);
  assert.deepEqual([told.status, told.code], [status, code], `${method} ${path}: ${told.text}`);
}

const makeTunnel = (name = "mcpbox"): Promise<{ id: string }> =>
  made("POST", "cfd_tunnel", { name, config_src: "cloudflare" });
const serviceThrough = (tunnel_id: string, name = "mcpbox"): object => ({
  name,
  type: "http",
  http_port: 8002,
  host: { ipv4: "127.0.0.2", network: { tunnel_id } },
});

function upload(metadata: object, query = "", type = "application/javascript+module"): Promise<Told> {
  const form = new FormData();
  form.set("metadata", new Blob([JSON.stringify(metadata)], { type: "application/json" }));
  form.set("worker.mjs", new Blob([MODULE], { type }), "worker.mjs");
  return send("PUT", `accounts/${fake.account.id}/workers/scripts/mcpbox-proxy${query}`, form);
}
const metadataWith = (bindings: object[], keep_bindings: string[] = []): object => ({
  main_module: "worker.mjs",
  compatibility_date: "2026-04-01",
  bindings,
  keep_bindings,
});
const names = (): string[] => fake.account.workers.get("mcpbox-proxy")!.bindings.map(({ name }) => name);

test("a token is verified, and leads to its account and that account's organization", async () => {
  const token = await send("GET", "user/tokens/verify");
  assert.equal(token.result.status, "active");
  const accounts = await send("GET", "accounts");
  assert.equal(accounts.result[0].id, fake.account.id);
  assert.equal((await made("GET", "access/organizations")).auth_domain, "home.cloudflareaccess.com");
  assert.equal((await made("GET", "access/identity_providers"))[0].type, "onetimepin");
  fake.account.authDomain = undefined;
  await refused(404, 9999, "GET", "access/organizations");
});

test("a token that is none, unknown or revoked is refused", async () => {
  assert.equal((await send("GET", "user/tokens/verify", undefined, undefined, "a b")).code, 6003);
  assert.equal((await send("GET", "user/tokens/verify", undefined, undefined, "unknown")).status, 401);
  fake.revoke(TOKEN);
  assert.equal((await send("GET", "accounts")).status, 401);
});

test("each permission that a token lacks refuses its own calls, and no other", async () => {
  const calls = {
    "Access: Apps and Policies Write": "access/apps",
    "Access: Organizations, Identity Providers, and Groups Read": "access/organizations",
    "Cloudflare Tunnel Write": "cfd_tunnel",
    "Connectivity Directory Admin": DIRECTORY,
    "Workers Scripts Write": "workers/subdomain",
    "Workers KV Storage Write": "storage/kv/namespaces",
  } as const;
  for (const lacking of Object.keys(calls) as (keyof typeof calls)[]) {
    fake.allow(TOKEN, lacking);
    for (const [permission, path] of Object.entries(calls)) {
      const { status, code } = await ask("GET", path);
      assert.equal(status, permission === lacking ? 403 : 200, `without ${lacking}: ${path}`);
      if (permission === lacking) assert.equal(code, 10000);
    }
  }
});

test("another account, an unknown path and a wrong method are refused as the vendor refuses them", async () => {
  assert.equal((await send("GET", `accounts/${"0".repeat(32)}/cfd_tunnel`)).code, 9109);
  await refused(404, 7003, "GET", "no/such/thing");
  await refused(405, 7001, "DELETE", "cfd_tunnel");
  assert.equal((await send("GET", "zones")).code, 7003);
});

test("a tunnel's name is taken until it is deleted, and it cannot be deleted while it is connected", async () => {
  const { id } = await makeTunnel();
  await refused(409, 1013, "POST", "cfd_tunnel", { name: "mcpbox", config_src: "cloudflare" });
  assert.equal((await made("GET", "cfd_tunnel?name=mcpbox&is_deleted=false"))[0].id, id);
  assert.match(await made("GET", `cfd_tunnel/${id}/token`), /^[A-Za-z0-9+/]+=*$/);
  fake.account.connect(id, true);
  assert.equal((await made("GET", `cfd_tunnel/${id}`)).status, "healthy");
  await refused(400, 1022, "DELETE", `cfd_tunnel/${id}`);
  await made("DELETE", `cfd_tunnel/${id}/connections`);
  await made("DELETE", `cfd_tunnel/${id}`);
  await refused(404, 1003, "GET", `cfd_tunnel/${id}`);
  await refused(404, 1003, "DELETE", `cfd_tunnel/${id}`);
  assert.deepEqual(await made("GET", "cfd_tunnel?is_deleted=false"), []);
  await makeTunnel();
});

test("a VPC service needs its tunnel, has its name alone, and its deletion answers with nothing", async () => {
  await refused(400, 5102, "POST", DIRECTORY, serviceThrough("no-tunnel"));
  const { id } = await makeTunnel();
  const service = await made("POST", DIRECTORY, serviceThrough(id));
  await refused(409, 5101, "POST", DIRECTORY, serviceThrough(id));
  assert.equal((await made("GET", DIRECTORY))[0].name, "mcpbox");
  await refused(400, 1022, "DELETE", `cfd_tunnel/${id}`);
  const gone = await ask("DELETE", `${DIRECTORY}/${service.service_id}`);
  assert.deepEqual([gone.status, gone.text], [200, ""]);
  await refused(404, 5104, "DELETE", `${DIRECTORY}/${service.service_id}`);
});

test("KV has each title once, keeps what is written, and comes in pages", async () => {
  const { id } = await made("POST", "storage/kv/namespaces", { title: "one" });
  await refused(400, 10014, "POST", "storage/kv/namespaces", { title: "one" });
  await made("POST", "storage/kv/namespaces", { title: "two" });
  await made("POST", "storage/kv/namespaces", { title: "three" });
  const second = await ask("GET", "storage/kv/namespaces?page=2&per_page=2");
  assert.deepEqual([second.result.length, second.info!.total_count, second.info!.total_pages], [1, 3, 2]);
  const written = await made("PUT", `storage/kv/namespaces/${id}/bulk`, [{ key: "k", value: "v" }]);
  assert.equal(written.successful_key_count, 1);
  assert.equal(fake.account.namespaces.get(id)!.values.get("k"), "v");
  await made("DELETE", `storage/kv/namespaces/${id}`);
  await refused(404, 10013, "DELETE", `storage/kv/namespaces/${id}`);
  await refused(404, 10013, "PUT", `storage/kv/namespaces/${id}/bulk`, []);
});

test("a Worker keeps the bindings it is told to keep, inherits by name, and loses the others", async () => {
  const text = { type: "plain_text", name: "TEXT", text: "a" };
  const secret = { type: "secret_text", name: "SECRET", text: "b" };
  assert.equal((await upload(metadataWith([text, secret]))).status, 200);
  assert.deepEqual(await made("GET", "workers/scripts/mcpbox-proxy/secrets"), [
    { name: "SECRET", type: "secret_text" },
  ]);
  await upload(metadataWith([], ["secret_text"]));
  assert.deepEqual(names(), ["SECRET"]);
  await upload(metadataWith([{ type: "inherit", name: "SECRET" }, text]));
  assert.deepEqual(names(), ["SECRET", "TEXT"]);
  await upload(metadataWith([{ type: "inherit", name: "GONE" }]));
  assert.deepEqual(names(), [], "a binding that nobody has is dropped without a word");
  const strict = await upload(metadataWith([{ type: "inherit", name: "GONE" }]), "?bindings_inherit=strict");
  assert.equal(strict.status, 400);
  assert.equal(fake.account.workers.get("mcpbox-proxy")!.uploads, 4);
});

test("a Worker whose bindings lead nowhere, or whose module is none, is not taken", async () => {
  const nowhere = [
    { type: "kv_namespace", name: "KV", namespace_id: "f".repeat(32) },
    { type: "vpc_service", name: "VPC", service_id: "no-service" },
  ];
  for (const binding of nowhere) assert.equal((await upload(metadataWith([binding]))).status, 400);
  assert.equal((await upload({ ...metadataWith([]), main_module: "other.mjs" })).status, 400);
  assert.equal((await upload(metadataWith([]), "", "text/plain")).status, 400);
  assert.equal(fake.account.workers.size, 0);
  await refused(404, 10007, "GET", "workers/scripts/mcpbox-proxy/secrets");
});

test("secrets are set, named, never shown and deleted; the address is turned on; the Worker goes", async () => {
  await upload(metadataWith([]));
  const worker = "workers/scripts/mcpbox-proxy";
  const told = await ask("PUT", `${worker}/secrets`, {
    type: "secret_text",
    name: "S",
    text: "hidden-value",
  });
  assert.deepEqual(told.result, { name: "S", type: "secret_text" });
  assert.ok(!(await ask("GET", `${worker}/secrets`)).text.includes("hidden-value"));
  await made("DELETE", `${worker}/secrets/S`);
  await refused(404, 10056, "DELETE", `${worker}/secrets/S`);
  assert.equal((await made("POST", `${worker}/subdomain`, { enabled: true })).enabled, true);
  assert.ok(fake.account.workers.get("mcpbox-proxy")!.enabled);
  assert.equal((await made("GET", "workers/scripts"))[0].id, "mcpbox-proxy");
  await made("DELETE", worker);
  await refused(404, 10007, "DELETE", worker);
});

test("an account without a workers.dev subdomain gets one, once", async () => {
  fake.account.subdomain = undefined;
  await refused(404, 10007, "GET", "workers/subdomain");
  await upload(metadataWith([]));
  await refused(404, 10007, "POST", "workers/scripts/mcpbox-proxy/subdomain", { enabled: true });
  await made("PUT", "workers/subdomain", { subdomain: "ada" });
  assert.equal((await made("GET", "workers/subdomain")).subdomain, "ada");
  await refused(409, 10036, "PUT", "workers/subdomain", { subdomain: "eve" });
});

test("an application tells its secret once; a policy that it uses cannot go; a new one is made before", async () => {
  const first = await made("POST", "access/policies", {
    name: "people",
    decision: "allow",
    include: [{ email: { email: "ada@example.org" } }],
  });
  const body = (policy: string): object => ({
    type: "saas",
    name: "mcpbox",
    app_launcher_visible: false,
    policies: [{ id: policy, precedence: 1 }],
    saas_app: {
      auth_type: "oidc",
      redirect_uris: ["https://mcpbox-proxy.home.workers.dev/callback"],
      scopes: ["openid", "email", "profile"],
      grant_types: ["authorization_code_with_pkce"],
    },
  });
  await refused(404, 11015, "POST", "access/apps", body("no-policy"));
  const app = await made("POST", "access/apps", body(first.id));
  assert.match(app.saas_app.client_secret, /^[0-9a-f]{64}$/);
  const again = await ask("GET", `access/apps/${app.id}`);
  assert.equal(again.result.saas_app.client_id, app.saas_app.client_id);
  assert.ok(!again.text.includes(app.saas_app.client_secret), "the secret is told once");
  await refused(400, 12130, "DELETE", `access/policies/${first.id}`);
  const second = await made("POST", "access/policies", {
    name: "everybody of a domain",
    decision: "allow",
    include: [{ email_domain: { domain: "example.org" } }],
  });
  const changed = await made("PUT", `access/apps/${app.id}`, body(second.id));
  assert.equal(changed.policies[0].id, second.id);
  assert.equal(changed.saas_app.client_id, app.saas_app.client_id, "a client keeps its id");
  await made("DELETE", `access/policies/${first.id}`);
  await made("PUT", `access/policies/${second.id}`, {
    name: "all",
    decision: "allow",
    include: [{ everyone: {} }],
  });
  assert.deepEqual(
    (await made("GET", "access/policies")).map(({ name }: { name: string }) => name),
    ["all"],
  );
  await made("DELETE", `access/apps/${app.id}`);
  await refused(404, 11021, "DELETE", `access/apps/${app.id}`);
  assert.deepEqual(await made("GET", "access/apps"), []);
});

test("what remains is told: two installations on one account, and one of them torn down", async () => {
  const theirs = await makeTunnel("mcpbox-theirs");
  await made("POST", DIRECTORY, serviceThrough(theirs.id, "mcpbox-theirs"));
  const before = fake.account.remains();
  assert.equal(before.length, 2);
  const ours = await makeTunnel("mcpbox-ours");
  const service = await made("POST", DIRECTORY, serviceThrough(ours.id, "mcpbox-ours"));
  assert.equal(fake.account.remains().length, 4);
  await ask("DELETE", `${DIRECTORY}/${service.service_id}`);
  await made("DELETE", `cfd_tunnel/${ours.id}`);
  assert.deepEqual(fake.account.remains(), before);
});

test("faults come where they are planned, as often as planned, and a lost answer has had its effect", async () => {
  fake.fail(/^POST cfd_tunnel$/, RATE_LIMITED);
  const limited = await ask("POST", "cfd_tunnel", { name: "mcpbox" });
  assert.deepEqual([limited.status, limited.headers.get("retry-after")], [429, "1"]);
  fake.fail(/^POST cfd_tunnel$/, "cut");
  await assert.rejects(makeTunnel());
  assert.deepEqual(fake.account.remains(), []);
  fake.fail(/^POST cfd_tunnel$/, "lost");
  await assert.rejects(makeTunnel());
  assert.equal(fake.account.remains().length, 1);
  fake.fail(/^GET /, "garbage", 2);
  for (const status of [502, 502, 200]) assert.equal((await ask("GET", "cfd_tunnel")).status, status);
  fake.fail(/^GET cfd_tunnel/, "silent");
  const patience = AbortSignal.timeout(300);
  const url = `${fake.baseUrl}/accounts/${fake.account.id}/cfd_tunnel`;
  await assert.rejects(fetch(url, { signal: patience, headers: { authorization: `Bearer ${TOKEN}` } }));
});

test("what a client has wrong by the vendor's types is refused and remembered", async () => {
  expected = [
    /^POST cfd_tunnel: TunnelBody: must have required property 'name'/,
    /^POST cfd_tunnel: TunnelBody.*\(colour\)/,
    /^PUT workers\/scripts\/mcpbox-proxy: .* must be multipart\/form-data/,
    /^POST access\/apps: ApplicationBody/,
    /^GET cfd_tunnel: has a body/,
  ];
  assert.equal((await ask("POST", "cfd_tunnel", {})).status, 400);
  assert.equal((await ask("POST", "cfd_tunnel", { name: "a", colour: "red" })).status, 400);
  assert.equal((await ask("PUT", "workers/scripts/mcpbox-proxy", metadataWith([]))).status, 415);
  assert.equal(
    (await ask("POST", "access/apps", { type: "saas", saas_app: { auth_type: "other" } })).status,
    400,
  );
  assert.equal(
    (await send("POST", `accounts/${fake.account.id}/cfd_tunnel`, "{", "application/json")).code,
    6007,
  );
  const { promise, resolve } = Promise.withResolvers<void>();
  const headers = { authorization: `Bearer ${TOKEN}`, "content-length": 9 };
  request(`${fake.baseUrl}/accounts/${fake.account.id}/cfd_tunnel`, { headers }, (answer) =>
    answer.resume().on("end", resolve),
  ).end("something");
  await promise;
  assert.deepEqual(fake.account.remains(), [], "nothing of it was done");
});

test("an answer of the stand-in that the vendor would not give is a violation, too", async () => {
  expected = [/^GET access\/identity_providers: IdentityProvidersResult\/0/];
  Object.assign(fake.account.identityProviders[0]!, { name: 7 });
  await made("GET", "access/identity_providers");
});

test("bindings are the vendor's, each with its own fields", () => {
  const wrong = [
    { type: "vpc_service", name: "V" },
    { type: "kv_namespace", name: "K", namespace: "x" },
    { type: "no_such_type", name: "N" },
    { type: "ratelimit", name: "R", namespace_id: "1", simple: { limit: "many", period: 60 } },
  ];
  for (const binding of wrong) {
    assert.notDeepEqual(
      faultsOfBody("WorkerMetadataBody", metadataWith([binding])),
      [],
      JSON.stringify(binding),
    );
  }
});

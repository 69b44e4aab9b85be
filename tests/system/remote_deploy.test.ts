// worker/deploy.sh as root runs it, against a stand-in for Cloudflare's API; then the Worker, in workerd, with exactly
// what was uploaded, and a client that signs in through it to the real daemons.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { appendFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join, resolve } from "node:path";
import { after, afterEach, before, test } from "node:test";
import { promisify } from "node:util";

import { signedIn } from "../../worker/test/support/client.ts";
import { CLIENT_ID, CLIENT_SECRET, ISSUER } from "../../worker/test/support/identity.ts";
import { PUBLIC_URL, Stack } from "../../worker/test/support/stack.ts";
import { freePort, Instance } from "./harness/instance.ts";
import { textOf } from "./harness/mcp.ts";
import { explainFailure, publish } from "./harness/story.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const ACCOUNT = "0123456789abcdef0123456789abcdef";
const API_TOKEN = "api-token-of-the-administrator";
const SERVICE = "01938a4e-0000-7000-8000-00000000abcd";
const GREET = { name: "hello__greet", arguments: { name: "Ada" } };

interface Binding {
  type: string;
  name: string;
  text?: string;
  key_base64?: string;
  [more: string]: unknown;
}
interface Metadata {
  main_module: string;
  compatibility_date: string;
  compatibility_flags: string[];
  bindings: Binding[];
  keep_bindings: string[];
}

let box: Instance;
let api: Server;
let tunnelPort: number;
const asked: string[] = []; // "METHOD path", within the account
let uploaded: { metadata: Metadata; module: Buffer } | undefined;
let refusal: string | undefined;

async function upload(request: IncomingMessage, body: Buffer): Promise<{ id: string }> {
  const form = await new Response(new Uint8Array(body), {
    headers: { "content-type": request.headers["content-type"]! },
  }).formData();
  const metadata = form.get("metadata") as File | string;
  const module = form.get("worker.mjs") as File;
  assert.equal(module.type, "application/javascript+module");
  uploaded = {
    metadata: JSON.parse(typeof metadata === "string" ? metadata : await metadata.text()) as Metadata,
    module: Buffer.from(await module.arrayBuffer()),
  };
  return { id: "mcpbox-proxy" };
}

async function resultOf(request: IncomingMessage, path: string, body: Buffer): Promise<unknown> {
  switch (path.split("?")[0]) {
    case "GET workers/subdomain":
      return { subdomain: "home" };
    case "GET storage/kv/namespaces":
      return [{ id: "f".repeat(32), title: "somebody-else" }];
    case "POST storage/kv/namespaces":
      assert.deepEqual(JSON.parse(body.toString()), { title: "mcpbox-proxy-OAUTH_KV" });
      return { id: "a".repeat(32), title: "mcpbox-proxy-OAUTH_KV" };
    case "PUT workers/scripts/mcpbox-proxy":
      return await upload(request, body);
    case "POST workers/scripts/mcpbox-proxy/subdomain":
      assert.deepEqual(JSON.parse(body.toString()), { enabled: true });
      return { enabled: true };
  }
  throw new Error(`nobody asks for ${path}`);
}

function startApi(): Promise<void> {
  api = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const path = `${request.method} ${request.url!.replace(`/client/v4/accounts/${ACCOUNT}/`, "")}`;
    asked.push(path);
    let answer: unknown;
    try {
      assert.equal(request.headers.authorization, `Bearer ${API_TOKEN}`);
      if (refusal !== undefined) throw new Error(refusal);
      const result = await resultOf(request, path, Buffer.concat(chunks));
      answer = { success: true, errors: [], messages: [], result };
    } catch (error) {
      const errors = [{ code: 10000, message: (error as Error).message }];
      answer = { success: false, errors, messages: [], result: null };
    }
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(answer));
  });
  const { promise, resolve: done } = Promise.withResolvers<void>();
  api.listen(0, "127.0.0.1", done);
  return promise;
}

async function deploy(...words: string[]): Promise<{ code: number; said: string }> {
  const env = {
    PATH: "/usr/bin:/bin",
    CLOUDFLARE_API_BASE_URL: `http://127.0.0.1:${(api.address() as AddressInfo).port}/client/v4`,
    CLOUDFLARE_API_TOKEN: API_TOKEN,
    CLOUDFLARE_ACCOUNT_ID: ACCOUNT,
    VPC_SERVICE_ID: SERVICE,
    ACCESS_ISSUER: ISSUER,
    ACCESS_CLIENT_ID: CLIENT_ID,
    ACCESS_CLIENT_SECRET: CLIENT_SECRET,
    ASSERTION_KEY_ID: "k7",
    MCPBOXCTL: join(box.bin, "mcpboxctl"),
    MCPBOX_SOCKET: join(box.state, "control.sock"),
  };
  const { promise, resolve: done } = Promise.withResolvers<{ code: number; said: string }>();
  const child = execFile(join(ROOT, "worker/deploy.sh"), words, { env }, (error, stdout, stderr) =>
    done({ code: error === null ? 0 : Number(error.code), said: stdout + stderr }),
  );
  child.stdin!.end();
  return promise;
}

const named = (name: string): Binding => {
  const found = uploaded!.metadata.bindings.find((binding) => binding.name === name);
  assert.ok(found, `a binding ${name}`);
  return found;
};

before(async () => {
  await promisify(execFile)(join(ROOT, "scripts/build-worker.sh"));
  tunnelPort = await freePort();
  box = await Instance.create();
  appendFileSync(box.config, `tunnel-listen = 127.0.0.2:${tunnelPort}\n`);
  await Promise.all([box.start(), startApi()]);
  await publish(box, "hello", "greet", 'async def main(name: str):\n    return f"hello {name}"\n');
});
after(async () => {
  api?.close();
  await box?.stop();
  box?.destroy();
});
afterEach(explainFailure(() => box));

test("what Cloudflare refuses is said, and nothing is taken for done", async () => {
  refusal = "Authentication error";
  const { code, said } = await deploy("--set-secrets");
  refusal = undefined;
  assert.notEqual(code, 0);
  assert.match(said, /Authentication error/);
  assert.equal((await box.ctlJson("remote")).on, false);
  assert.notEqual((await deploy("--something-else")).code, 0);
});

test("a Worker that the script has deployed lets a person in, and shows no secret", async () => {
  const { code, said } = await deploy("--set-secrets");
  assert.equal(code, 0, said);
  const { metadata, module } = uploaded!;
  assert.equal(metadata.main_module, "worker.mjs");
  assert.ok(module.length > 10_000);
  assert.deepEqual(named("MCPBOX_TUNNEL"), {
    type: "vpc_service",
    name: "MCPBOX_TUNNEL",
    service_id: SERVICE,
  });
  assert.deepEqual(named("OAUTH_KV"), {
    type: "kv_namespace",
    name: "OAUTH_KV",
    namespace_id: "a".repeat(32),
  });
  assert.equal(named("ASSERTION_KEY").type, "secret_key");
  assert.ok(asked.includes("POST workers/scripts/mcpbox-proxy/subdomain"));
  const texts = metadata.bindings.flatMap(({ name, text }) =>
    text === undefined ? [] : [[name, text] as const],
  );
  const key = Buffer.from(named("ASSERTION_KEY").key_base64!, "base64");
  const secrets = [
    API_TOKEN,
    CLIENT_SECRET,
    named("MCPBOX_SERVICE_TOKEN").text!,
    named("ASSERTION_KEY").key_base64!,
  ];
  for (const secret of secrets) assert.ok(!said.includes(secret), "nothing secret is shown");
  await box.ctlJson("remote", "allow", "emails", "ada@example.org");
  const stack = await Stack.start({
    gateway: { address: `127.0.0.2:${tunnelPort}`, installation: named("INSTALLATION_ID").text! },
    bindings: { ...Object.fromEntries(texts), ASSERTION_KEY: key.toString("base64url") },
  });
  try {
    assert.equal(named("PUBLIC_URL").text, PUBLIC_URL);
    const ada = await signedIn(stack);
    assert.equal(textOf(await ada.client.callTool(GREET)), "hello Ada");
    await ada.client.close();
  } finally {
    await stack.stop();
  }
});

test("new code alone leaves keys and secrets as they are", async () => {
  const { code, said } = await deploy();
  assert.equal(code, 0, said);
  assert.deepEqual(uploaded!.metadata.bindings, []);
  const kept = ["kv_namespace", "plain_text", "ratelimit", "secret_key", "secret_text", "vpc_service"];
  assert.deepEqual([...uploaded!.metadata.keep_bindings].sort(), kept);
  assert.equal((await box.ctlJson("remote")).on, true);
});

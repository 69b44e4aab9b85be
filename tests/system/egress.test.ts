// The network of tools through the real daemons, against real servers in a network namespace of the test's own
// (harness/namespace.ts): what is approved is reached, nothing else is, and every failure has its own words.
import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";

import { AdminApi } from "./harness/admin_api.ts";
import type { Instance } from "./harness/instance.ts";
import { insideNamespace, LAN } from "./harness/namespace.ts";
import { World } from "./harness/network_world.ts";
import { explainFailure, publishAnother, type Tool } from "./harness/story.ts";
import { until } from "./harness/wait.ts";

insideNamespace();

const UPLOAD = `
import hashlib
import httpx

def pieces(count):
    for number in range(count):
        yield bytes([number % 251]) * 65536

def main(url: str, count: int) -> dict:
    whole = hashlib.sha256(b"".join(pieces(count))).hexdigest()
    with httpx.Client(timeout=60) as client:
        sent = client.post(url, content=pieces(count)).json()
        size = 0
        with client.stream("GET", url.replace("/echo", f"/huge?bytes={count * 65536}")) as reply:
            for part in reply.iter_bytes():
                size += len(part)
        client.get(url.replace("/echo", "/cookie"))
        cookie = client.get(url).json()["headers"].get("cookie")
    return {"sent": sent["body"] == whole, "received": size, "cookie": cookie}
`;

const HOSTS = [
  ...["api.test", "six.test", "both.test", "wrong.test", "bad.test", "self.test", "meta.test", "mapped.test"],
  ...["refuses.test", "silent.test", "nowhere.test", "rebind.test", "inward.test", "own.test", "own6.test"],
];

let net: World;
let box: Instance;
let tool: Tool;

before(async () => {
  net = await World.build(HOSTS);
  ({ box, tool } = net);
});
after(() => net?.remove());
afterEach(explainFailure(() => box));

test("approved hosts are reached, over HTTP/1.1 and HTTP/2, IPv4 and IPv6, and as the names say", async () => {
  const plain = await net.fetched("http://api.test/hello");
  assert.deepEqual([plain.status, plain.version, plain.body], [200, "HTTP/1.1", "hello over HTTP/1.1"]);
  const tls = await net.fetched("https://api.test/hello");
  assert.deepEqual([tls.status, tls.version, tls.body], [200, "HTTP/2", "hello over HTTP/2.0"]);
  assert.equal(net.secure.seen.at(-1)!.host, "api.test");
  assert.equal(net.secure.sni.at(-1), "api.test", "SNI and Host agree");
  assert.equal((await net.fetched("http://six.test/hello")).status, 200);
  assert.equal(
    (await net.fetched("http://both.test/hello")).status,
    200,
    "a name with a good and a bad address",
  );
  assert.equal((await net.fetched("http://api.test/chunks")).body, "one,two,three");
  const echo = JSON.parse((await net.fetched("http://api.test/echo", { method: "PUT", body: "text" })).body);
  assert.deepEqual([echo.method, echo.body], ["PUT", "text"]);
});

test("a redirect is a new request, checked like the first", async () => {
  assert.equal((await net.fetched("http://api.test/redirect?to=/hello")).status, 302);
  assert.equal((await net.fetched("http://api.test/redirect?to=/hello", { follow: true })).status, 200);
  for (const [to, words] of [
    ["http://nas.lan:8080/hello", /nas\.lan:8080 is not approved/],
    ["http://169.254.169.254/latest", /169\.254\.169\.254:80 is not approved/],
    ["http://127.0.0.1:8081/", /127\.0\.0\.1:8081 is not approved/],
    ["http://api.test@127.0.0.1:8081/", /127\.0\.0\.1:8081 is not approved/],
  ] as const)
    await net.fails(`http://api.test/redirect?to=${encodeURIComponent(to)}`, "ConnectError", words, {
      follow: true,
    });
  await net.fails("http://api.test/redirect?to=file:///etc/passwd", "UnsupportedProtocol", /./, {
    follow: true,
  });
});

test("bodies stream in both directions, and cookies stay in the client", async () => {
  const upload = await publishAnother(box, tool, "upload", UPLOAD, { timeout_ms: 120_000 });
  for (const url of ["http://api.test/echo", "https://api.test/echo"]) {
    const { structuredContent } = await box.mcp.call(upload.name, { url, count: 200 });
    assert.deepEqual(structuredContent, { sent: true, received: 200 * 65536, cookie: "mine=yes" }, url);
  }
  assert.equal(net.internet.seen.at(-1)!.headers["cookie"], "mine=yes");
});

test("what nobody approved is refused in words that say what to do, and waits as a suggestion", async () => {
  const words = /denied\.test:8443 is not approved for this server; use mcpbox_request_network_access/;
  await net.fails("https://denied.test:8443/x", "ConnectError", words);
  await net.fails("https://denied.test:8443/y", "ConnectError", words);
  await net.fails("http://nas.lan:8080/", "ConnectError", /nas\.lan:8080 is not approved/);
  assert.equal(net.asked.get("denied.test"), undefined, "the name was not even looked up");

  const denied = await until("the suggestion", 20, async () => {
    const { items: rows } = await box.ctlJson("network", "denied", "net");
    const row = rows.find((one: any) => one.host === "denied.test");
    return row?.times === 2 && row;
  });
  assert.deepEqual([denied.tool, denied.port], [tool.name, 8443]);
  const shown = await box.ctl(["network", "denied"]);
  assert.match(shown.stdout, /mcpboxctl network add net denied\.test --port 8443/);
  const { denied_connections } = await box.mcp.manage("get_tool_status", { tool_id: tool.id });
  const suggestion = denied_connections.find((one: any) => one.host === "denied.test");
  assert.deepEqual(suggestion.request, { tool_id: tool.id, host: "denied.test", port: 8443 });
  const justification = "the tool tried it twice";
  const made = await box.mcp.manage("request_network_access", { ...suggestion.request, justification });
  assert.equal(made.status, "pending", "asking is left to a caller, granting to a person");
  await net.fails("https://denied.test:8443/z", "ConnectError", words);
});

test("an admin makes a grant of a suggestion in one step", async () => {
  const api = await AdminApi.at(box.adminPort);
  const { code } = await box.ctlJson("setup-code");
  const admin = { code, username: "alice", password: "correct horse battery staple", token: true };
  api.token = (await api.raw("POST", "/api/auth/setup", {}, admin)).body.access_token;
  const of = async (host: string) => {
    const page = await api.ask("GET", `/api/approvals/denied?server_id=${tool.server}`);
    assert.equal(page.status, 200);
    return page.body.items.find((one: any) => one.host === host);
  };
  await net.fails("http://six.lan:8080/hello", "ConnectError", /is not approved/);
  const row = await until("the suggestion", 20, () => of("six.lan"));
  assert.deepEqual(row.request, {
    host: "six.lan",
    port: 8080,
    private_too: true,
    justification: `${tool.name} tried it once`,
  });
  const made = await api.ask("POST", `/api/servers/${row.server_id}/allowed-hosts`, row.request);
  assert.equal(made.status, 201, JSON.stringify(made.body));
  assert.equal((await net.fetched("http://six.lan:8080/hello")).status, 200);
  assert.equal(await of("six.lan"), undefined, "what is approved is no suggestion any more");
  assert.equal((await api.ask("GET", "/api/approvals/denied?server_id=x")).status, 422);
  assert.equal((await api.raw("GET", "/api/approvals/denied")).status, 401);
});

test("the LAN differs from the internet in nothing but its addresses", async () => {
  const before = net.lan.connections;
  await net.fails(
    "http://inward.test:8080/hello",
    "ConnectError",
    /a private address.*exactly this host with this port/,
  );
  await net.allow("net", "nas.lan");
  await net.fails("http://nas.lan:8080/hello", "ConnectError", /exactly this host with this port/);
  assert.equal(net.lan.connections, before, "nobody was connected to");
  await net.allow("net", "nas.lan", "--port", "8080", "--private");
  assert.equal((await net.fetched("http://nas.lan:8080/hello")).status, 200);
  for (const known of ["printer.local", "router"]) {
    await net.allow("net", known, "--port", "8080", "--private");
    assert.equal(
      (await net.fetched(`http://${known}:8080/hello`)).status,
      200,
      "as the host's own file says",
    );
    assert.equal(net.asked.get(known), undefined);
  }
  await net.fails("http://nas.lan:8082/hello", "ConnectError", /exactly this host with this port/);
  await net.fails(`http://${LAN}:8080/hello`, "ConnectError", /is not approved/);
});

test("no name and no notation leads to this machine", async () => {
  await net.fails("http://bad.test:8081/", "ConnectError", /a loopback address/);
  await net.fails("http://self.test:8081/", "ConnectError", /a loopback address/);
  await net.fails("http://meta.test/", "ConnectError", /a cloud's metadata address/);
  await net.fails("http://mapped.test:8081/", "ConnectError", /leads to|no address/);
  for (const host of [
    "127.0.0.1",
    "127.1",
    "2130706433",
    "0x7f.1",
    "0177.0.0.1",
    "[::1]",
    "[::ffff:127.0.0.1]",
  ]) {
    const reply = await net.fetched(`http://${host}:8081/`);
    assert.ok(reply.error !== undefined, `${host}: ${JSON.stringify(reply)}`);
  }
  assert.equal(net.trap.connections, 0);
});

test("an address of this machine itself is like a private one, whatever its class", async () => {
  const words = /an address of this machine itself.*exactly this host with this port/;
  for (const host of ["own.test", "own6.test"])
    await net.fails(`http://${host}:8090/hello`, "ConnectError", words);
  assert.equal(net.own.connections, 0, "nobody was connected to");
  for (const host of ["own.test", "own6.test"]) {
    await net.allow("net", host, "--port", "8090", "--private");
    assert.equal(
      (await net.fetched(`http://${host}:8090/hello`)).status,
      200,
      "a person approved exactly it",
    );
  }
  await net.fails("http://own.test:80/hello", "ConnectError", words);
});

test("a name that changes between two looks leads nowhere else", async () => {
  for (let round = 0; round < 24; ++round) {
    const reply = await net.fetched("http://rebind.test/hello");
    if (reply.error === undefined) assert.equal(reply.body, "hello over HTTP/1.1");
    else assert.match(reply.text, /leads to (a loopback|a private|a cloud's metadata) address/);
  }
  assert.equal(net.trap.connections, 0);
  assert.ok(net.asked.get("rebind.test")! > 24);
});

test("failures of names, connections, TLS and HTTP are told apart", async () => {
  await net.fails("http://nowhere.test/", "ConnectError", /^DNS: .*does not exist/);
  await net.fails("http://silent.test/", "ConnectError", /DNS: .*no name server answered/, { seconds: 20 });
  await net.fails("http://refuses.test:9/", "ConnectError", /^connection: .*refused/);
  await net.fails("https://api.test:8443/", "ConnectError", /^TLS: .*certificate is not accepted/);
  await net.fails("https://wrong.test/", "ConnectError", /^TLS: .*another name/);
  await net.fails("https://api.test:80/", "ConnectError", /^TLS: .*does the server speak TLS/);
  await net.fails("http://api.test/never", "ReadTimeout", /sent and took nothing/, { seconds: 0.5 });
});

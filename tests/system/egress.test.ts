// The network of tools through the real daemons, against real servers in a network namespace of the test's own
// (harness/namespace.ts): what is approved is reached, nothing else is, and every failure has its own words.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, afterEach, before, test } from "node:test";

import { Instance } from "./harness/instance.ts";
import { type Ending, textOf } from "./harness/mcp.ts";
import {
  type Authority,
  buildNamespace,
  insideNamespace,
  INTERNET,
  INTERNET_6,
  LAN,
  type Names,
  nameServer,
} from "./harness/namespace.ts";
import { BROKEN_PATHS, brokenSite, plainSite, secureSite, type Site } from "./harness/servers.ts";
import { explainFailure, publish, publishAnother, type Tool } from "./harness/story.ts";
import { until } from "./harness/wait.ts";

insideNamespace();

// One request, told as data: what the tool's author would see.
const FETCH = `
import httpx

async def main(url: str, method: str = "GET", headers: dict = {}, body: str = "", follow: bool = False,
               seconds: float = 10, user: str = "") -> dict:
    given = {key: value.format(**{name: secrets[name] for name in secrets}) for key, value in headers.items()}
    auth = (user, secrets["PASSWORD"]) if user else None
    client = httpx.AsyncClient(follow_redirects=follow, timeout=seconds)
    try:
        reply = await client.request(method, url, headers=given, content=body or None, auth=auth)
        return {"status": reply.status_code, "version": reply.http_version, "body": reply.text[:3000],
                "headers": dict(reply.headers), "bytes": len(reply.content)}
    except httpx.HTTPError as error:
        return {"error": type(error).__name__, "text": str(error)}
`;

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

// What no honest runtime does: a frame of the tool's own making, on the runtime's own socket.
const RAW = `
import httpx

async def main(op: int, payload: str) -> str:
    cells = type(http._transport).handle_async_request.__closure__
    link = next(cell.cell_contents for cell in cells if hasattr(cell.cell_contents, "ops"))
    link.send(op, bytes.fromhex(payload))
    try:
        return str((await http.get("http://api.test/hello")).status_code)
    except httpx.HTTPError as error:
        return f"{type(error).__name__}: {error}"
`;

const names: Names = {
  "api.test": [INTERNET],
  "six.test": [INTERNET_6],
  "both.test": ["127.0.0.1", INTERNET],
  "nas.lan": [LAN],
  "wrong.test": [INTERNET],
  "bad.test": ["127.0.0.1"],
  "self.test": ["::1", "127.0.0.1"],
  "meta.test": ["169.254.169.254"],
  "mapped.test": ["::ffff:127.0.0.1", "64:ff9b::7f00:1"],
  "inward.test": [LAN],
  "refuses.test": [INTERNET],
  "silent.test": "silent",
  "rebind.test": rebinding(),
};

/** Good the first time, ours the second, and so on. */
function rebinding(): () => string[] {
  let times = 0;
  return () => [[INTERNET], ["127.0.0.1"], [LAN], ["169.254.169.254"]][(times++ >> 1) % 4]!;
}

let authority: Authority;
let box: Instance;
let tool: Tool;
let internet: Site;
let secure: Site;
let lan: Site;
let trap: Site; // on loopback, where no tool may ever come
let asked: Map<string, number>;

before(async () => {
  authority = buildNamespace();
  const good = authority.certificate("good", ["api.test", "nas.lan", "*.wild.test"]);
  ({ asked } = await nameServer(names));
  internet = await plainSite("::", 80);
  secure = await secureSite(INTERNET, 443, good);
  lan = await plainSite(LAN, 8080);
  trap = await plainSite("127.0.0.1", 8081);
  await secureSite(INTERNET, 8443, authority.certificate("unknown-authority", ["api.test"], false));
  await brokenSite(INTERNET, 81);
  box = await Instance.started();
  tool = await publish(box, "net", "fetch", FETCH);
  for (const host of ["api.test", "six.test", "both.test", "wrong.test", "bad.test", "self.test"])
    await allow(host);
  for (const host of ["meta.test", "mapped.test", "refuses.test", "silent.test", "nowhere.test"])
    await allow(host);
  for (const host of ["rebind.test", "inward.test"]) await allow(host);
});
after(async () => {
  await box?.stop();
  box?.destroy();
  authority?.remove();
  for (const site of [internet, secure, lan, trap]) site?.close();
});
afterEach(explainFailure(() => box));

async function allow(host: string, ...more: string[]): Promise<void> {
  const ran = await box.ctl(["network", "add", "net", host, ...more]);
  assert.equal(ran.code, 0, `network add ${host}: ${ran.stdout}${ran.stderr}`);
}

interface Fetched {
  status: number;
  version: string;
  body: string;
  headers: Record<string, string>;
  bytes: number;
  error?: string;
  text: string;
}

async function fetched(url: string, more: Record<string, unknown> = {}): Promise<Fetched> {
  return (await box.mcp.call(tool.name, { url, ...more })).structuredContent as Fetched;
}

/** The fetch must fail with this httpx exception and these words. */
async function fails(
  url: string,
  error: string,
  words: RegExp,
  more: Record<string, unknown> = {},
): Promise<void> {
  const reply = await fetched(url, more);
  assert.equal(reply.error, error, `${url}: ${JSON.stringify(reply).slice(0, 300)}`);
  assert.match(reply.text, words, url);
}

test("approved hosts are reached, over HTTP/1.1 and HTTP/2, IPv4 and IPv6, and as the names say", async () => {
  const plain = await fetched("http://api.test/hello");
  assert.deepEqual([plain.status, plain.version, plain.body], [200, "HTTP/1.1", "hello over HTTP/1.1"]);
  const tls = await fetched("https://api.test/hello");
  assert.deepEqual([tls.status, tls.version, tls.body], [200, "HTTP/2", "hello over HTTP/2.0"]);
  assert.equal(secure.seen.at(-1)!.host, "api.test", "SNI and Host agree");
  assert.equal((await fetched("http://six.test/hello")).status, 200);
  assert.equal((await fetched("http://both.test/hello")).status, 200, "a name with a good and a bad address");
  assert.equal((await fetched("http://api.test/chunks")).body, "one,two,three");
  const echo = JSON.parse((await fetched("http://api.test/echo", { method: "PUT", body: "text" })).body);
  assert.deepEqual([echo.method, echo.body], ["PUT", "text"]);
});

test("a redirect is a new request, checked like the first", async () => {
  assert.equal((await fetched("http://api.test/redirect?to=/hello")).status, 302);
  assert.equal((await fetched("http://api.test/redirect?to=/hello", { follow: true })).status, 200);
  for (const [to, words] of [
    ["http://nas.lan:8080/hello", /nas\.lan:8080 is not approved/],
    ["http://169.254.169.254/latest", /169\.254\.169\.254:80 is not approved/],
    ["http://127.0.0.1:8081/", /127\.0\.0\.1:8081 is not approved/],
    ["http://api.test@127.0.0.1:8081/", /127\.0\.0\.1:8081 is not approved/],
  ] as const)
    await fails(`http://api.test/redirect?to=${encodeURIComponent(to)}`, "ConnectError", words, {
      follow: true,
    });
  await fails("http://api.test/redirect?to=file:///etc/passwd", "UnsupportedProtocol", /./, { follow: true });
});

test("bodies stream in both directions, and cookies stay in the client", async () => {
  const upload = await publishAnother(box, tool, "upload", UPLOAD);
  for (const url of ["http://api.test/echo", "https://api.test/echo"]) {
    const { structuredContent } = await box.mcp.call(upload.name, { url, count: 200 });
    assert.deepEqual(structuredContent, { sent: true, received: 200 * 65536, cookie: "mine=yes" }, url);
  }
  assert.equal(internet.seen.at(-1)!.headers["cookie"], "mine=yes");
});

test("what nobody approved is refused in words that say what to do, and waits as a suggestion", async () => {
  const words = /denied\.test:8443 is not approved for this server; use mcpbox_request_network_access/;
  await fails("https://denied.test:8443/x", "ConnectError", words);
  await fails("https://denied.test:8443/y", "ConnectError", words);
  await fails("http://nas.lan:8080/", "ConnectError", /nas\.lan:8080 is not approved/);
  assert.equal(asked.get("denied.test"), undefined, "the name was not even looked up");

  const denied = await until("the suggestion", 20, async () => {
    const { denied: rows } = await box.ctlJson("network", "denied", "net");
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
  await fails("https://denied.test:8443/z", "ConnectError", words);
});

test("the LAN differs from the internet in nothing but its addresses", async () => {
  await fails(
    "http://inward.test:8080/hello",
    "ConnectError",
    /a private address.*exactly this host with this port/,
  );
  await allow("nas.lan");
  await fails("http://nas.lan:8080/hello", "ConnectError", /exactly this host with this port/);
  assert.equal(lan.connections, 0, "nobody was connected to");
  await allow("nas.lan", "--port", "8080", "--private");
  assert.equal((await fetched("http://nas.lan:8080/hello")).status, 200);
  await fails("http://nas.lan:8082/hello", "ConnectError", /exactly this host with this port/);
  await fails(`http://${LAN}:8080/hello`, "ConnectError", /is not approved/);
});

test("no name and no notation leads to this machine", async () => {
  await fails("http://bad.test:8081/", "ConnectError", /a loopback address/);
  await fails("http://self.test:8081/", "ConnectError", /a loopback address/);
  await fails("http://meta.test/", "ConnectError", /a cloud's metadata address/);
  await fails("http://mapped.test:8081/", "ConnectError", /leads to|no address/);
  for (const host of [
    "127.0.0.1",
    "127.1",
    "2130706433",
    "0x7f.1",
    "0177.0.0.1",
    "[::1]",
    "[::ffff:127.0.0.1]",
  ]) {
    const reply = await fetched(`http://${host}:8081/`);
    assert.ok(reply.error !== undefined, `${host}: ${JSON.stringify(reply)}`);
  }
  assert.equal(trap.connections, 0);
});

test("a name that changes between two looks leads nowhere else", async () => {
  for (let round = 0; round < 24; ++round) {
    const reply = await fetched("http://rebind.test/hello");
    if (reply.error === undefined) assert.equal(reply.body, "hello over HTTP/1.1");
    else assert.match(reply.text, /leads to (a loopback|a private|a cloud's metadata) address/);
  }
  assert.equal(trap.connections, 0);
  assert.ok(asked.get("rebind.test")! > 24);
});

test("failures of names, connections, TLS and HTTP are told apart", async () => {
  await fails("http://nowhere.test/", "ConnectError", /^DNS: .*does not exist/);
  await fails("http://silent.test/", "ConnectError", /DNS: .*no name server answered/, { seconds: 20 });
  await fails("http://refuses.test:9/", "ConnectError", /^connection: .*refused/);
  await fails("https://api.test:8443/", "ConnectError", /^TLS: .*certificate is not accepted/);
  await fails("https://wrong.test/", "ConnectError", /^TLS: .*another name/);
  await fails("https://api.test:80/", "ConnectError", /^TLS: .*does the server speak TLS/);
  await fails("http://api.test/never", "ReadTimeout", /sent and took nothing/, { seconds: 0.5 });
});

test("a hostile server costs its own exchange and nothing else", async () => {
  for (const path of [...BROKEN_PATHS, "/endless-headers"]) {
    const reply = await fetched(`http://api.test:81${path}`, { seconds: 5 });
    assert.ok(
      ["RemoteProtocolError", "ReadError"].includes(reply.error ?? ""),
      `${path}: ${JSON.stringify(reply)}`,
    );
  }
  const drip = await fetched("http://api.test/drip", { seconds: 20 }).catch((error: Error) => error);
  assert.ok(drip instanceof Error || drip.error !== undefined, "one byte a second never ends by itself");
  const bomb = await box.mcp.attempt(tool.name, { url: "http://api.test/bomb" });
  assert.ok(bomb.kind === "result" || bomb.kind === "tool-error", JSON.stringify(bomb));
  assert.equal((await fetched("http://api.test/hello")).status, 200);
  assert.equal(box.processes("egress").length, 1);
});

test("a hostile call child loses its own network and nobody else's", async () => {
  const raw = await publishAnother(box, tool, "raw", RAW);
  const egress = box.one("egress");
  const FETCH_START = 3000;
  const FETCH_BODY = 3001;
  for (const [op, payload] of [
    [1, ""], // Hello
    [9999, "00"],
    [FETCH_START, ""],
    [FETCH_START, "01000000".repeat(40)],
    [FETCH_BODY, `0100000001${"ff".repeat(4)}`], // four gigabytes, it says
  ] as const) {
    const said = textOf(await box.mcp.call(raw.name, { op, payload }));
    assert.match(said, /^ConnectError: .*call the tool again/, `${op}: ${said}`);
  }
  assert.equal((await fetched("http://api.test/hello")).status, 200);
  assert.equal(box.one("egress").pid, egress.pid, "egress went on");
});

test("two hundred calls fetch at the same time", async () => {
  const began = internet.seen.length;
  const calls = Array.from({ length: 200 }, () =>
    box.mcp.attempt(tool.name, { url: "http://api.test/late?ms=300" }),
  );
  const endings = await Promise.all(calls);
  const busy = endings.filter((ending) => ending.kind !== "result");
  for (const one of busy) assert.match((one as { text: string }).text, /try again/, JSON.stringify(one));
  const good = endings.filter((ending) => ending.kind === "result");
  for (const { result } of good as Extract<Ending, { kind: "result" }>[])
    assert.equal((result.structuredContent as Fetched).body, "at last", textOf(result));
  assert.equal(internet.seen.length - began, good.length, "each fetched once");
  assert.ok(good.length >= 32, `only ${good.length} of 200 were let in`);
});

for (const role of ["egress", "dial"] as const)
  test(`[${role}] is killed in the middle: calls fail clearly, and the next ones work`, async () => {
    const old = box.one(role);
    const cut = fetched("http://api.test/late?ms=60000", { seconds: 30 });
    const waiting = internet.seen.length;
    await until("the request to arrive", 20, () => internet.seen.length > waiting);
    process.kill(old.pid, "SIGKILL");
    await until(`a new [${role}]`, 30, () => box.processes(role).some(({ pid }) => pid !== old.pid));
    if (role === "egress") {
      const reply = await cut;
      assert.equal(reply.error, "ConnectError", JSON.stringify(reply));
      assert.match(reply.text, /the process that carries it ended|call the tool again/);
    } else {
      cut.catch(() => {}); // its connection was made: it goes on
    }
    await until(
      "a fetch to succeed",
      30,
      async () => (await fetched("http://api.test/hello")).status === 200,
    );
  });

test("a sealed secret goes to its host, port and place, over TLS, and comes back from nowhere", async () => {
  const value = `sealed-${createHash("sha256").update(`${Date.now()}`).digest("base64url")}`;
  const set = (key: string, ...binding: string[]) =>
    box.ctl(["secret", "set", "net", key, ...binding], { input: value });
  for (const ran of [
    await set("TOKEN", "--host", "api.test"),
    await set("PASSWORD", "--host", "api.test", "--place", "basic", "--template", "bob:{}"),
  ])
    assert.equal(ran.code, 0, ran.stderr);
  const bearer = { headers: { Authorization: "Bearer {TOKEN}" } };

  const reply = await fetched("https://api.test/echo", bearer);
  assert.equal(secure.seen.at(-1)!.headers["authorization"], `Bearer ${value}`);
  assert.equal(secure.seen.at(-1)!.headers["accept-encoding"], "identity");
  assert.equal(reply.headers["x-echo"], `Bearer ${"*".repeat(value.length)}`);
  assert.ok(!JSON.stringify(reply).includes(value), "the echo is redacted");

  const basic = await fetched("https://api.test/echo", { user: "bob" });
  const credentials = Buffer.from(`bob:${value}`).toString("base64");
  assert.equal(secure.seen.at(-1)!.headers["authorization"], `Basic ${credentials}`);
  assert.ok(
    !JSON.stringify(basic).includes(value) && !JSON.stringify(basic).includes(credentials.slice(8, -4)),
  );

  const before = internet.seen.length + secure.seen.length;
  const refused = /placeholder of a sealed secret and is not sent/;
  await fails("http://api.test/echo", "LocalProtocolError", /bound to another host or port/, bearer);
  await fails("https://wrong.test/echo", "LocalProtocolError", /bound to another host or port/, bearer);
  await fails("https://api.test/echo", "LocalProtocolError", refused, { headers: { "X-Other": "{TOKEN}" } });
  await fails("https://api.test/echo", "LocalProtocolError", refused, {
    headers: { Authorization: "{TOKEN}" },
  });
  await fails("https://api.test/echo", "LocalProtocolError", refused, { user: "eve" });
  assert.equal(internet.seen.length + secure.seen.length, before, "nothing of it was sent");
  // To its host and port, but in clear to a public address.
  assert.equal((await set("CLEAR", "--host", "api.test", "--port", "80")).code, 0);
  await fails("http://api.test/echo", "LocalProtocolError", /TLS/, {
    headers: { Authorization: "Bearer {CLEAR}" },
  });
  assert.equal(internet.seen.length + secure.seen.length, before);
  // And in clear to an approved host of the local network.
  assert.equal(
    (await set("HOME", "--host", "nas.lan", "--port", "8080", "--name", "X-Key", "--template", "{}")).code,
    0,
  );
  assert.equal((await fetched("http://nas.lan:8080/echo", { headers: { "X-Key": "{HOME}" } })).status, 200);
  assert.equal(lan.seen.at(-1)!.headers["x-key"], value);

  const audit = await box.ctlJson("audit", "show");
  const actions = JSON.stringify(audit);
  assert.match(actions, /read_secret/);
  assert.match(actions, /secret_refused/);
  assert.ok(!actions.includes(value) && !box.log().includes(value));
});

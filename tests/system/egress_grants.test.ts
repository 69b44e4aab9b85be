// What one call may do with its network, and no other: connections of its own, methods and paths of its grants, headers
// that are not its to set, secrets in their places; and what is told of it afterwards.
import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";

import type { Instance } from "./harness/instance.ts";
import { insideNamespace } from "./harness/namespace.ts";
import { World } from "./harness/network_world.ts";
import { explainFailure, logsOf, publishAnother } from "./harness/story.ts";

insideNamespace();

let net: World;
let box: Instance;

before(async () => {
  net = await World.build(["api.test"]);
  ({ box } = net);
});
after(() => net?.remove());
afterEach(explainFailure(() => box));

test("no connection of one call is there for another", async () => {
  const before = net.internet.connections;
  await Promise.all(Array.from({ length: 4 }, () => net.fetched("http://api.test/late?ms=300")));
  assert.equal(net.internet.connections - before, 4);
  await net.fetched("http://api.test/hello");
  assert.equal(net.internet.connections - before, 5);
});

test("a grant of a method and a path covers them and nothing beside them", async () => {
  await net.allow("net", "both.test", "--method", "GET,HEAD", "--path", "/echo");
  for (const path of ["/echo", "/echo?x=/../y", "/echo/deep"])
    assert.equal((await net.fetched(`http://both.test${path}`)).status, 200, path);
  const seen = net.internet.seen.length;
  const method = /method is not approved|header that overrides it is not sent/;
  await net.fails("http://both.test/echo", "ConnectError", method, { method: "POST", body: "x" });
  await net.fails("http://both.test/echo", "ConnectError", method, {
    headers: { "X-HTTP-Method-Override": "DELETE" },
  });
  for (const path of ["/", "/hello", "/echoes", "/ECHO"])
    await net.fails(`http://both.test${path}`, "ConnectError", /this path is not approved/);
  for (const path of ["/echo/%2e%2e/hello", "/echo/..%2fhello", "/echo/%5c..", "/echo//x", "/echo/;x"])
    await net.fails(`http://both.test${path}`, "ConnectError", /the approval names a path/);
  assert.equal(net.internet.seen.length, seen, "nothing of it was sent");
});

test("headers that frame a request are not a tool's to set", async () => {
  const seen = net.internet.seen.length;
  for (const name of ["TE", "Upgrade", "Expect", "Keep-Alive", "Trailer", "Proxy-Authorization"])
    await net.fails("http://api.test/echo", "LocalProtocolError", /set for the tool|not sent/, {
      headers: { [name]: "x" },
    });
  await net.fails("http://api.test/echo", "LocalProtocolError", /Host header/, {
    headers: { Host: "evil.test" },
  });
  await net.fails("http://api.test/echo", "LocalProtocolError", /control characters/, {
    headers: { "X-A": "b\r\nHost: evil.test" },
  });
  for (const method of ["CONNECT", "TRACE", "G T", "GET\r\n"])
    await net.fails("http://api.test/echo", "LocalProtocolError", /method/, { method });
  assert.equal(net.internet.seen.length, seen, "nothing of it was sent");
});

test("sealed secrets go into a query, a path, JSON and a form where an admin said so, and nowhere else", async () => {
  const value = "se/al ed+value";
  const set = async (key: string, ...binding: string[]) => {
    const ran = await box.ctl(["secret", "set", "net", key, "--host", "api.test", ...binding], {
      input: value,
    });
    assert.equal(ran.code, 0, ran.stderr);
  };
  await set("QUERY", "--place", "query", "--name", "key");
  await set("PATH_KEY", "--place", "path");
  await set("IN_JSON", "--place", "json", "--name", "token");
  await set("IN_FORM", "--place", "form", "--name", "token");
  const said = await net.ran(
    "places",
    `
import httpx

async def main() -> dict:
    said = {}
    async with httpx.AsyncClient() as client:
        async def sent(name, **request):
            try:
                reply = (await client.request(url="https://api.test" + request.pop("path", "/echo"), **request)).json()
                said[name] = [reply["url"], reply["body"]]
            except httpx.LocalProtocolError as error:
                said[name] = str(error)
        await sent("query", method="GET", params={"a": "1", "key": secrets["QUERY"]})
        await sent("json", method="POST", json={"token": secrets["IN_JSON"], "n": 1})
        await sent("form", method="POST", data={"token": secrets["IN_FORM"], "n": "1"})
        await sent("other parameter", method="GET", params={"other": secrets["QUERY"]})
        await sent("other member", method="POST", json={"other": secrets["IN_JSON"]})
        await sent("json in a query", method="GET", params={"token": secrets["IN_JSON"]})
        await sent("twice", method="POST", json={"token": secrets["IN_JSON"], "again": secrets["IN_JSON"]})
        await sent("streamed", method="POST", content=(part async for part in pieces(secrets["IN_FORM"])))
        path = await client.get(f"https://api.test/bot{secrets['PATH_KEY']}/me")
        said["path"] = path.status_code
    return said

async def pieces(text):
    yield text[:20].encode()
    yield text[20:].encode()
`,
  );
  const urls = net.secure.seen.map((one) => one.url);
  assert.ok(urls.includes("/echo?a=1&key=se%2Fal%20ed%2Bvalue"), urls.join(" "));
  assert.ok(urls.includes("/botse%2Fal%20ed%2Bvalue/me"), urls.join(" "));
  const bodies = net.secure.seen.map((one) => one.body);
  assert.ok(
    bodies.some((one) => one.includes('"token"') && JSON.parse(one).token === value),
    bodies.join(" "),
  );
  assert.ok(
    bodies.some((one) => new URLSearchParams(one).get("token") === value),
    bodies.join(" "),
  );
  assert.equal(said.path, 200);
  for (const elsewhere of ["other parameter", "other member", "json in a query", "twice", "streamed"])
    assert.match(said[elsewhere], /placeholder of a sealed secret and is not sent/, elsewhere);
  for (const form of ["se/al", "se%2Fal"])
    assert.ok(!JSON.stringify(said).includes(form), `what comes back is redacted: ${JSON.stringify(said)}`);
});

test("the log of a call says how many requests it made, and how many were refused", async () => {
  const code = `
import httpx

async def main() -> dict:
    async with httpx.AsyncClient() as client:
        for number in range(3):
            await client.get("http://api.test/hello")
        for url in ("http://evil.test/", "http://evil.test/", "http://nas.lan:8080/"):
            try:
                await client.get(url)
            except httpx.ConnectError:
                pass
    return {}
`;
  const tool = await publishAnother(box, net.tool, "counted", code);
  await net.told(tool);
  await logsOf(box, tool, (logs) => logs.length === 1);
  const { logs } = await box.ctlJson("logs", tool.name);
  assert.deepEqual([logs[0].egress_requests, logs[0].egress_denied], [3, 3]);
});

// The whole of httpx in tool code, through the real daemons against real servers: clients of both kinds, auth,
// cookies, bodies in every form and both directions, timeouts, HTTP/2, redirects, and what is cut off at a ceiling.
import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";

import type { Instance } from "./harness/instance.ts";
import { insideNamespace } from "./harness/namespace.ts";
import { World } from "./harness/network_world.ts";
import { explainFailure } from "./harness/story.ts";

insideNamespace();

let net: World;
let box: Instance;

before(async () => {
  net = await World.build(["api.test", "six.test", "silent.test"]);
  ({ box } = net);
});
after(() => net?.remove());
afterEach(explainFailure(() => box));

test("every way to make a request makes the same request", async () => {
  const said = await net.ran(
    "ways",
    `
import httpx

async def main() -> dict:
    said = {}
    say = lambda name, reply: said.__setitem__(name, [reply.json()["method"], reply.json()["url"]])
    url = "http://api.test/echo"
    say("module", httpx.get(url, params={"q": "a&b"}))
    say("method", httpx.request("PATCH", url))
    with httpx.Client(base_url="http://api.test", params={"every": "1"}, headers={"X-Every": "yes"}) as client:
        say("client", client.put("/echo", content=b"x"))
        said["header"] = client.get("/echo").json()["headers"]["x-every"]
        request = client.build_request("DELETE", "/echo")
        say("built", client.send(request))
    async with httpx.AsyncClient(http2=True, trust_env=True, verify=True) as client:
        say("async", await client.options(url))
        head = await client.head(url)
        said["head"] = [head.status_code, head.text, head.headers["content-type"]]
    say("given", await http.get(url))
    seen = []
    hooks = {"request": [lambda r: seen.append(r.method)], "response": [lambda r: seen.append(r.status_code)]}
    with httpx.Client(event_hooks=hooks) as client:
        client.post(url)
    said["hooks"] = seen
    return said
`,
  );
  assert.deepEqual(said, {
    module: ["GET", "/echo?q=a%26b"],
    method: ["PATCH", "/echo"],
    client: ["PUT", "/echo?every=1"],
    header: "yes",
    built: ["DELETE", "/echo?every=1"],
    async: ["OPTIONS", "/echo"],
    head: [200, "", "application/json"],
    given: ["GET", "/echo"],
    hooks: ["POST", 200],
  });
});

test("bodies go as bytes, text, JSON, form and files, and come back decoded", async () => {
  const said = await net.ran(
    "bodies",
    `
import httpx

async def main() -> dict:
    url = "https://api.test/echo"
    said = {}
    async with httpx.AsyncClient() as client:
        async def sent(**body):
            reply = (await client.post(url, **body)).json()
            return [reply["headers"].get("content-type", "").split(";")[0], reply["body"]]
        said["bytes"] = await sent(content=b"b" * 3)
        said["json"] = await sent(json={"a": [1, None, "\u00e9"]})
        said["form"] = await sent(data={"a": "1 2", "b": ["x", "y"]})
        kind, body = await sent(files={"file": ("a.txt", b"inside", "text/plain")}, data={"field": "v"})
        said["files"] = [kind, 'filename="a.txt"' in body and "inside" in body and 'name="field"' in body]
        gzipped = await client.get("https://api.test/gzip")
        said["gzip"] = [gzipped.text, gzipped.headers["content-encoding"]]
        empty = await client.get("https://api.test/status?code=204")
        said["empty"] = [empty.status_code, empty.content.decode()]
        try:
            (await client.get("https://api.test/status?code=503")).raise_for_status()
        except httpx.HTTPStatusError as error:
            said["status"] = error.response.status_code
        said["elapsed"] = empty.elapsed.total_seconds() > 0
    return said
`,
  );
  assert.deepEqual(said, {
    bytes: ["", "bbb"],
    json: ["application/json", '{"a": [1, null, "\\u00e9"]}'],
    form: ["application/x-www-form-urlencoded", "a=1+2&b=x&b=y"],
    files: ["multipart/form-data", true],
    gzip: ["gr\u00fc\u00dfe", "gzip"],
    empty: [204, ""],
    status: 503,
    elapsed: true,
  });
});

test("auth of every kind, and cookies, are httpx's own", async () => {
  const said = await net.ran(
    "auth",
    `
import httpx

class Token(httpx.Auth):
    def auth_flow(self, request):
        reply = yield request
        if reply.status_code == 401:
            request.headers["Authorization"] = "Basic Ym9iOnNlY3JldA=="
            yield request

async def main() -> dict:
    said = {}
    async with httpx.AsyncClient() as client:
        for name, path, auth in (("none", "basic", None), ("wrong", "basic", ("bob", "guess")), ("basic", "basic", ("bob", "secret")),
                                 ("digest", "digest", httpx.DigestAuth("bob", "secret")), ("own", "basic", Token())):
            reply = await client.get(f"http://api.test/{path}", auth=auth)
            said[name] = [reply.status_code, reply.text]
        said["url"] = (await client.get("http://bob:secret@api.test/basic")).text
        await client.get("http://api.test/cookie")
        client.cookies.set("theirs", "1", domain="six.test")
        said["cookie"] = (await client.get("http://api.test/echo")).json()["headers"].get("cookie")
        said["other host"] = (await client.get("http://six.test/echo")).json()["headers"].get("cookie")
        client.cookies.clear()
        said["cleared"] = (await client.get("http://api.test/echo")).json()["headers"].get("cookie")
    with httpx.Client(auth=httpx.DigestAuth("bob", "secret")) as client:
        said["sync"] = client.get("http://api.test/digest").text
    return said
`,
  );
  assert.deepEqual(said, {
    none: [401, ""],
    wrong: [401, ""],
    basic: [200, "welcome"],
    digest: [200, "welcome"],
    own: [200, "welcome"],
    url: "welcome",
    cookie: "mine=yes",
    "other host": "theirs=1",
    cleared: null,
    sync: "welcome",
  });
});

test("bodies stream in both directions, asynchronously and not, with pauses and early ends", async () => {
  const said = await net.ran(
    "streams",
    `
import asyncio
import hashlib
import httpx

async def slow(parts: int):
    for number in range(parts):
        await asyncio.sleep(0.6 if number == 1 else 0)
        yield bytes([number]) * 70_000

async def main() -> dict:
    said = {}
    whole = hashlib.sha256(b"".join([bytes([n]) * 70_000 for n in range(5)])).hexdigest()
    for url in ("http://api.test", "https://api.test"):
        async with httpx.AsyncClient(timeout=httpx.Timeout(10, read=5, write=0.3)) as client:
            reply = await client.post(f"{url}/echo", content=slow(5))
            said[f"{url} up"] = reply.json()["body"] == whole
            async with client.stream("GET", f"{url}/lines?count=3000") as reply:
                lines = [line async for line in reply.aiter_lines()]
            said[f"{url} lines"] = [len(lines), lines[-1].strip()]
            async with client.stream("GET", f"{url}/huge?bytes=100000000") as reply:
                async for part in reply.aiter_raw():
                    break
            said[f"{url} after an early end"] = (await client.get(f"{url}/hello")).status_code
            async with client.stream("GET", f"{url}/huge?bytes=300000") as reply:
                said[f"{url} size"] = sum([len(part) async for part in reply.aiter_bytes(1000)])
                try:
                    reply.text
                except httpx.ResponseNotRead:
                    said[f"{url} unread"] = True
    with httpx.Client() as client:
        with client.stream("POST", "http://api.test/echo", content=(b"y" * 10 for _ in range(3))) as reply:
            reply.read()
            said["sync"] = reply.json()["body"]
    return said
`,
  );
  const each = (url: string) => ({
    [`${url} up`]: true,
    [`${url} lines`]: [3000, "line 2999"],
    [`${url} after an early end`]: 200,
    [`${url} size`]: 300000,
    [`${url} unread`]: true,
  });
  assert.deepEqual(said, { ...each("http://api.test"), ...each("https://api.test"), sync: "y".repeat(30) });
});

test("each timeout is its own exception, and costs that request alone", async () => {
  const said = await net.ran(
    "timeouts",
    `
import asyncio
import httpx

async def main() -> dict:
    said = {}
    async def name_of(what):
        try:
            return f"answered {(await what).status_code}"
        except httpx.TimeoutException as error:
            return type(error).__name__
    async with httpx.AsyncClient(timeout=30) as client:
        said["read"] = await name_of(client.get("http://api.test/never", timeout=httpx.Timeout(30, read=0.3)))
        said["connect"] = await name_of(client.get("https://api.test:81/", timeout=httpx.Timeout(30, connect=0.5)))
        said["write"] = await name_of(client.post("http://api.test:81/stall", content=pour(), timeout=httpx.Timeout(30, write=0.5)))
        try:
            async with asyncio.timeout(0.3):
                await client.get("http://api.test/never")
        except TimeoutError:
            said["own"] = True
        said["after"] = await name_of(client.get("http://api.test/hello"))
    try:
        httpx.get("http://api.test/never", timeout=0.3)
    except httpx.ReadTimeout as error:
        said["sync"] = isinstance(error, httpx.TransportError) and error.request.url.host
    return said

async def pour():
    for number in range(1500):
        yield b"z" * 65536
`,
  );
  assert.deepEqual(said, {
    read: "ReadTimeout",
    connect: "ConnectTimeout",
    write: "WriteTimeout",
    own: true,
    after: "answered 200",
    sync: "api.test",
  });
});

test("redirects are followed when asked for, with their history and within httpx's own bound", async () => {
  const said = await net.ran(
    "redirects",
    `
import httpx

async def main() -> dict:
    async with httpx.AsyncClient(follow_redirects=True, max_redirects=5) as client:
        reply = await client.post("http://api.test/redirect?to=https://api.test/echo", content=b"x")
        said = {"history": [str(one.url) for one in reply.history], "method": reply.json()["method"],
                "url": str(reply.url)}
        try:
            await client.get("http://api.test/loop")
        except httpx.TooManyRedirects as error:
            said["loop"] = type(error).__name__
    return said
`,
  );
  assert.equal(said.method, "GET", "302 after POST");
  assert.deepEqual(said.history, ["http://api.test/redirect?to=https://api.test/echo"]);
  assert.equal(said.url, "https://api.test/echo");
  assert.equal(said.loop, "TooManyRedirects");
});

test("many requests at once share connections, over HTTP/1.1 and HTTP/2", async () => {
  for (const [site, url] of [
    [net.internet, "http://api.test"],
    [net.secure, "https://api.test"],
  ] as const) {
    const before = site.connections;
    const said = await net.ran(
      url.startsWith("https") ? "many_secure" : "many",
      `
import asyncio
import httpx

async def main(url: str) -> dict:
    async with httpx.AsyncClient(timeout=60) as client:
        first = await client.get(f"{url}/hello")
        replies = await asyncio.gather(*(client.get(f"{url}/echo?number={n}") for n in range(200)))
        right = [reply.json()["url"] == f"/echo?number={n}" for n, reply in enumerate(replies)]
    return {"right": all(right), "versions": sorted({reply.http_version for reply in replies})}
`,
      { url },
    );
    assert.deepEqual(said, {
      right: true,
      versions: [url.startsWith("https") ? "HTTP/2" : "HTTP/1.1"],
    });
    assert.ok(site.most <= 32, `${site.most} connections at a time`);
    assert.ok(site.connections - before < 100, "and most of them are used again");
  }
});

test("big bodies pass within the call's ceiling, and beyond it the tool is told", async () => {
  const MiB = 1 << 20;
  const said = await net.ran(
    "big",
    `
import httpx

async def main(size: int) -> dict:
    said = {}
    def pieces():
        for _ in range(size >> 16):
            yield b"p" * 65536
    async with httpx.AsyncClient(timeout=60) as client:
        async with client.stream("GET", f"http://api.test/huge?bytes={size}") as reply:
            said["down"] = sum([len(part) async for part in reply.aiter_bytes()])
    with httpx.Client(timeout=60) as client:
        said["up"] = client.post("http://api.test/echo", content=pieces()).status_code
        try:
            client.get(f"http://api.test/huge?bytes={200 << 20}")
        except httpx.NetworkError as error:
            said["beyond"] = str(error)
    return said
`,
    { size: 64 * MiB },
  );
  assert.deepEqual([said.down, said.up], [64 * MiB, 200]);
  assert.match(said.beyond, /has moved all the bytes that one may move/);
});

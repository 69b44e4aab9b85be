// Hostile URLs and hostile answers of name servers, one row each (harness/hostile_urls.ts), through the real daemons:
// none of them brings a tool anywhere but to an approved host at an address that is allowed.
import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";

import { FORBIDDEN_ADDRESSES, REACHES_API, REFUSED } from "./harness/hostile_urls.ts";
import type { Instance } from "./harness/instance.ts";
import { insideNamespace } from "./harness/namespace.ts";
import { World } from "./harness/network_world.ts";
import { explainFailure, publishAnother, type Tool } from "./harness/story.ts";

insideNamespace();

// Each URL, one after the other: what became of it, in words.
const TRY = `
import httpx

# UnicodeError: what httpx itself says of a label xn--... that is none.
HONEST = (httpx.InvalidURL, UnicodeError, httpx.UnsupportedProtocol, httpx.ConnectError, httpx.LocalProtocolError,
          httpx.RemoteProtocolError, httpx.ReadError)

async def main(urls: list[str]) -> dict:
    said = []
    async with httpx.AsyncClient(timeout=20) as client:
        for url in urls:
            try:
                reply = await client.get(url)
                said.append(f"{reply.status_code} from {reply.request.url.host}")
            except HONEST as error:
                said.append(f"{type(error).__name__}: {error}")
            except Exception as error:
                said.append(f"UNEXPECTED {type(error).__name__}: {error}")
    return {"said": said}
`;

const trapName = (number: number) => `n${number}.trap.test`;
const AT_ONCE = 150;

let net: World;
let box: Instance;
let tool: Tool;

before(async () => {
  const names = Object.fromEntries(FORBIDDEN_ADDRESSES.map((one, at) => [trapName(at), [one]]));
  net = await World.build(["api.test", "*.trap.test"], names);
  ({ box } = net);
  await net.allow("net", "nas.lan", "--port", "8080", "--private");
  // As much as an admin can approve: it changes nothing.
  for (const host of ["127.0.0.1", "169.254.169.254", "::1", "192.168.50.10"])
    await net.allow("net", host, "--port", "8082", "--private");
  tool = await publishAnother(box, net.tool, "try", TRY, { timeout_ms: 300_000 });
});
after(() => net?.remove());
afterEach(explainFailure(() => box));

async function tried(urls: readonly string[]): Promise<[url: string, said: string][]> {
  const all: [string, string][] = [];
  for (let from = 0; from < urls.length; from += AT_ONCE) {
    const some = urls.slice(from, from + AT_ONCE);
    const { said } = (await net.told(tool, { urls: some })) as { said: string[] };
    assert.equal(said.length, some.length);
    some.forEach((url, at) => all.push([url, said[at]!]));
  }
  return all;
}

test("a hostile URL is answered by nobody", async () => {
  assert.ok(REFUSED.length > 300, `${REFUSED.length} rows`);
  const answered = (await tried(REFUSED)).filter(([, said]) => !/^[A-Za-z]+: ./.test(said));
  assert.deepEqual(answered, []);
  assert.equal(net.trap.connections + net.lan.connections + net.internet.connections, 0);
  assert.deepEqual([...net.asked.keys()], [], "no name was even looked up");
});

test("however the approved host is written, it alone is reached, under its one name", async () => {
  const wrong = (await tried(REACHES_API)).filter(([, said]) => !said.startsWith("200 from "));
  assert.deepEqual(wrong, []);
  assert.equal(net.internet.seen.length, REACHES_API.length);
  assert.deepEqual([...new Set(net.internet.seen.map((one) => one.host))], ["api.test"]);
  assert.ok(
    net.internet.seen.every((one) => !/[\r\n ]/.test(one.url)),
    "no line of a URL is one of a request",
  );
  assert.equal(net.trap.connections, 0);
});

test("a name below an approved one leads to no forbidden address, whatever its server says", async () => {
  const ports = [80, 443, 8080, 8081];
  const urls = FORBIDDEN_ADDRESSES.map(
    (_, at) => `${at % 2 ? "http" : "https"}://${trapName(at)}:${ports[at % ports.length]}/`,
  );
  const before = net.internet.connections + net.secure.connections;
  const wrong = (await tried(urls)).filter(
    ([, said]) => !/^ConnectError: .*(leads to|no address)/.test(said),
  );
  assert.deepEqual(
    wrong.map(([url, said]) => [url, FORBIDDEN_ADDRESSES[urls.indexOf(url)], said]),
    [],
  );
  assert.equal(net.trap.connections + net.lan.connections, 0);
  assert.equal(net.internet.connections + net.secure.connections, before);
});

test("an approved address of this machine, or of a cloud, is reached all the same by nobody", async () => {
  const urls = ["127.0.0.1", "169.254.169.254", "[::1]"].map((host) => `http://${host}:8082/`);
  for (const [url, said] of await tried(urls)) assert.match(said, /^ConnectError: .*never connect to/, url);
});

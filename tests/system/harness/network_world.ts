// The network of harness/namespace.ts with its servers, an instance in it, and a tool that fetches what it is told to.
import assert from "node:assert/strict";

import { Instance } from "./instance.ts";
import {
  type Authority,
  buildNamespace,
  INTERNET,
  INTERNET_6,
  LAN,
  type Names,
  nameServer,
  OWN,
  OWN_6,
} from "./namespace.ts";
import { brokenSite, plainSite, secureSite, type Site } from "./servers.ts";
import { publish, publishAnother, type Tool } from "./story.ts";

// One request, told as data: what the tool's author would see.
export const FETCH = `
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

const NAMES: Names = {
  "api.test": [INTERNET],
  "six.test": [INTERNET_6],
  "both.test": ["127.0.0.1", INTERNET],
  "nas.lan": [LAN],
  "six.lan": [LAN],
  "wrong.test": [INTERNET],
  "bad.test": ["127.0.0.1"],
  "self.test": ["::1", "127.0.0.1"],
  "meta.test": ["169.254.169.254"],
  "mapped.test": ["::ffff:7f00:1", "64:ff9b::7f00:1"],
  "inward.test": [LAN],
  "own.test": [OWN],
  "own6.test": [OWN_6],
  "refuses.test": [INTERNET],
  "silent.test": "silent",
  "rebind.test": rebinding(),
};

/** Good the first time, ours the second, and so on. */
function rebinding(): () => string[] {
  let times = 0;
  return () => [[INTERNET], ["127.0.0.1"], [LAN], ["169.254.169.254"]][(times++ >> 1) % 4]!;
}

export interface Fetched {
  status: number;
  version: string;
  body: string;
  headers: Record<string, string>;
  bytes: number;
  error?: string;
  text: string;
}

export class World {
  readonly authority: Authority;
  readonly asked: Map<string, number>; // how often the resolver was asked for a name
  internet!: Site; // without TLS
  secure!: Site;
  lan!: Site;
  trap!: Site; // on loopback, where no tool may ever come
  own!: Site; // on every address of the instance's own machine
  box!: Instance;
  tool!: Tool; // FETCH, of the server `net`
  private readonly sites: Site[] = [];

  private constructor(authority: Authority, asked: Map<string, number>) {
    this.authority = authority;
    this.asked = asked;
  }

  /** hosts: approved for the tool, on every port; names: what the resolver knows beside those above. */
  static async build(hosts: string[], names: Names = {}): Promise<World> {
    const authority = buildNamespace();
    const world = new World(authority, (await nameServer({ ...NAMES, ...names })).asked);
    const good = authority.certificate("good", ["api.test", "nas.lan"]);
    const unknown = authority.certificate("unknown-authority", ["api.test"], false);
    world.internet = await plainSite("::", 80);
    world.secure = await secureSite(INTERNET, 443, good);
    world.lan = await plainSite(LAN, 8080);
    world.trap = await plainSite("127.0.0.1", 8081);
    world.own = await plainSite("::", 8090);
    const others = [await secureSite(INTERNET, 8443, unknown), await brokenSite(INTERNET, 81)];
    world.sites.push(world.internet, world.secure, world.lan, world.trap, world.own, ...others);
    world.box = await Instance.started();
    world.tool = await publish(world.box, "net", "fetch", FETCH);
    for (const host of hosts) await world.allow("net", host);
    return world;
  }

  async remove(): Promise<void> {
    await this.box?.stop();
    this.box?.destroy();
    for (const site of this.sites) site.close();
    this.authority.remove();
  }

  async allow(server: string, host: string, ...more: string[]): Promise<void> {
    const ran = await this.box.ctl(["network", "add", server, host, ...more]);
    assert.equal(ran.code, 0, `network add ${host}: ${ran.stdout}${ran.stderr}`);
  }

  /** What a call of FETCH tells.  One that a busy machine turned away, with nothing executed, is made again. */
  async fetched(url: string, more: Record<string, unknown> = {}): Promise<Fetched> {
    return (await this.told(this.tool, { url, ...more })) as unknown as Fetched;
  }

  /** What a call of any tool returns, likewise. */
  async told(tool: Tool, args: Record<string, unknown> = {}): Promise<Record<string, unknown>> {
    for (;;) {
      const ending = await this.box.mcp.attempt(tool.name, args);
      if (ending.kind === "result") return ending.result.structuredContent as Record<string, unknown>;
      assert.match(ending.text, /nothing was executed/, `${tool.name}: ${JSON.stringify(ending)}`);
    }
  }

  /** Runs this code once as a tool of its own, and returns what it returns. */
  async ran(name: string, code: string, args: Record<string, unknown> = {}): Promise<any> {
    return this.told(await publishAnother(this.box, this.tool, name, code, { timeout_ms: 120_000 }), args);
  }

  /** The fetch must fail with this httpx exception and these words. */
  async fails(url: string, error: string, words: RegExp, more: Record<string, unknown> = {}): Promise<void> {
    const reply = await this.fetched(url, more);
    assert.equal(reply.error, error, `${url}: ${JSON.stringify(reply).slice(0, 300)}`);
    assert.match(reply.text, words, url);
  }
}

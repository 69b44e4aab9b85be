// Results that are longer than their client takes: cut between lines, with a note and a link to the rest, which the same
// caller reads until all of it is there.
import assert from "node:assert/strict";
import { appendFileSync, readFileSync } from "node:fs";
import { after, afterEach, before, test } from "node:test";

import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";

import { freePort, Instance } from "./harness/instance.ts";
import { rpcOf } from "./harness/http.ts";
import { MODERN, modernMeta } from "./harness/mcp.ts";
import { run, type User } from "./harness/run.ts";
import { explainFailure, publish, publishAnother, type Tool } from "./harness/story.ts";
import { believedBy, type Tunnel } from "./harness/sworn.ts";
import { modern, rpc } from "./harness/wire.ts";

const LINES =
  'async def main(lines: int) -> str:\n    return "".join(f"line {i} straße 🙂\\n" for i in range(lines))\n';
const ROWS =
  "async def main(rows: int):\n    return {'rows': [{'number': i, 'square': i * i} for i in range(rows)]}\n";
const DECLARED =
  "OUTPUT_SCHEMA = {'type': 'object', 'properties': {'rows': {'type': 'array'}}, 'required': ['rows']}\n" +
  ROWS;

const NOBODY = readFileSync("/etc/passwd", "utf8")
  .split("\n")
  .find((line) => line.startsWith("nobody:"))!
  .split(":");
const nobody: User = { uid: Number(NOBODY[2]), gid: Number(NOBODY[3]) };

let box: Instance;
let lines: Tool;
let tunnel: Tunnel;

before(async () => {
  const port = await freePort();
  box = await Instance.create();
  appendFileSync(box.config, `allow-user = nobody\ntunnel-listen = 127.0.0.2:${port}\n`);
  await box.start();
  tunnel = await believedBy(box, port);
  lines = await publish(box, "long", "lines", LINES);
  await publishAnother(box, lines, "rows", ROWS);
  await publishAnother(box, lines, "declared", DECLARED);
});
after(async () => {
  await box?.stop();
  box?.destroy();
});
afterEach(explainFailure(() => box));

const ERAS = { "2025-11-25": "legacy", "2026-07-28": { pin: MODERN } } as const;

async function as(name: string, era: keyof typeof ERAS): Promise<Client> {
  const client = new Client({ name, version: "2.1" }, { versionNegotiation: { mode: ERAS[era] as any } });
  await client.connect(new StreamableHTTPClientTransport(new URL(box.url)));
  return client;
}

const expected = (count: number) => Array.from({ length: count }, (_, i) => `line ${i} straße 🙂\n`).join("");

/** The whole text: what the result has, and what its link leads to. */
async function whole(client: Client, result: any): Promise<string> {
  let text: string = result.content[0].text;
  let uri: string | undefined = result.content.find((block: any) => block.type === "resource_link")?.uri;
  while (uri !== undefined) {
    const { contents } = await client.readResource({ uri });
    const part = (contents[0] as { text: string }).text;
    const more = /\n\[MCPbox: this was part \d+ of \d+\. It goes on at (\S+)\]$/.exec(part);
    text += more ? part.slice(0, more.index) : part;
    uri = more?.[1];
  }
  return text;
}

for (const era of Object.keys(ERAS) as (keyof typeof ERAS)[]) {
  test(`${era}: what Claude Code does not take is cut, and the rest can be read`, async () => {
    const client = await as("claude-code", era);
    const result: any = await client.callTool({ name: lines.name, arguments: { lines: 20_000 } });
    const bytes = Buffer.byteLength(result.content[0].text);
    assert.ok(bytes <= 60_000 && bytes > 45_000, `${bytes}`);
    assert.match(result.content[0].text, /\n$/, "between lines");
    assert.match(result.content[1].text, /longer than this client takes.*mcpbox:\/\/results\//);
    assert.equal(await whole(client, result), expected(20_000));
    await client.close();
  });

  test(`${era}: what fits, and what a client without a known limit gets, is whole`, async () => {
    const short = await as("claude-code", era);
    const fits: any = await short.callTool({ name: lines.name, arguments: { lines: 1_000 } });
    assert.deepEqual(
      fits.content.map(({ type }: any) => type),
      ["text"],
    );
    await short.close();
    const other = await as("some-other", era);
    const all: any = await other.callTool({ name: lines.name, arguments: { lines: 20_000 } });
    assert.equal(all.content[0].text, expected(20_000));
    await other.close();
  });
}

test("structured results are cut as text, unless the tool declares them", async () => {
  const client = await as("claude-code", "2026-07-28");
  await client.listTools(); // from here on the client holds results to what was declared
  const rows: any = await client.callTool({ name: "long__rows", arguments: { rows: 4_000 } });
  assert.equal(rows.structuredContent, undefined);
  assert.equal(JSON.parse(await whole(client, rows)).rows.length, 4_000);
  const declared: any = await client.callTool({ name: "long__declared", arguments: { rows: 4_000 } });
  assert.equal(declared.structuredContent.rows.length, 4_000);
  assert.equal(JSON.parse(await whole(client, declared)).rows.length, 4_000);
  await client.close();
});

test("nobody but the caller whose result it was reads the rest", async () => {
  const client = await as("claude-code", "2026-07-28");
  const result: any = await client.callTool({ name: lines.name, arguments: { lines: 20_000 } });
  const { uri } = result.content.find((block: any) => block.type === "resource_link");
  await client.readResource({ uri });
  const asked = modern("resources/read", { uri }, { "Mcp-Name": uri });
  const code = `fetch(${JSON.stringify(box.url)}, { method: "POST", body: ${JSON.stringify(asked.body)},
    headers: ${JSON.stringify({ "Content-Type": "application/json", Accept: "application/json", ...asked.headers })} })
    .then(async (reply) => console.log(reply.status, await reply.text()))`;
  const own = await run([process.execPath, "-e", code]);
  assert.match(own.stdout, /^200 .*"contents"/, own.stderr);
  const others = await run([process.execPath, "-e", code], { as: nobody });
  assert.match(others.stdout, /^200 .*Resource not found/, others.stderr);
  await assert.rejects(client.readResource({ uri: uri.replace(/\/2$/, "/99") }), /not found/i);
  await client.close();
});

test("a remote caller's results are cut as well, and the rest is theirs alone", async () => {
  const meta = modernMeta({ "io.modelcontextprotocol/clientInfo": { name: "claude-code", version: "2.1" } });
  const asRemote = async (method: string, params: Record<string, unknown>, email = "ada@example.org") => {
    const body = JSON.stringify(rpc(method, { ...params, _meta: meta }));
    const name = { "Mcp-Name": String(params["name"] ?? params["uri"]) };
    return rpcOf(await tunnel.ask(body, { email }, { headers: name }));
  };
  const { result } = await asRemote("tools/call", { name: lines.name, arguments: { lines: 20_000 } });
  const client = {
    readResource: async (params: { uri: string }) => (await asRemote("resources/read", params)).result,
  };
  assert.ok(Buffer.byteLength(result!["content"][0].text) <= 60_000);
  assert.equal(await whole(client as unknown as Client, result), expected(20_000));

  await box.ctlJson("remote", "allow", "emails", "ada@example.org", "eve@example.org");
  const { uri } = result!["content"].find((block: any) => block.type === "resource_link");
  assert.match((await asRemote("resources/read", { uri }, "eve@example.org")).error!.message, /not found/i);
  const here = await as("claude-code", "2026-07-28");
  await assert.rejects(here.readResource({ uri }), /not found/i);
  await here.close();
});

// What `mcpboxctl client add` writes is what a client then starts.
import assert from "node:assert/strict";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, test } from "node:test";

import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";

import { Instance } from "./harness/instance.ts";
import { CLIENT } from "./harness/mcp.ts";
import type { Ran } from "./harness/run.ts";
import { explainFailure, publish, type Tool } from "./harness/story.ts";

const ECHO = "async def main(text: str) -> str:\n    return text\n";

let box: Instance;
let home: string;
let echo: Tool;

before(async () => {
  home = mkdtempSync(join(tmpdir(), "mcpbox-home-"));
  box = await Instance.started();
  echo = await publish(box, "place", "echo", ECHO);
});
after(async () => {
  await box?.stop();
  box?.destroy();
  rmSync(home, { recursive: true, force: true });
});
afterEach(explainFailure(() => box));

const client = (...args: string[]): Promise<Ran> => box.ctl(["client", ...args], { env: { HOME: home } });

async function good(ran: Promise<Ran>): Promise<string> {
  const { code, stdout, stderr } = await ran;
  assert.equal(code, 0, `${stdout}${stderr}`);
  return stdout;
}

const FILES: Record<string, [file: string, section: string]> = {
  "claude-code": [".claude.json", "mcpServers"],
  "claude-desktop": [".config/Claude/claude_desktop_config.json", "mcpServers"],
  cursor: [".cursor/mcp.json", "mcpServers"],
  vscode: [".config/Code/User/mcp.json", "servers"],
  windsurf: [".codeium/windsurf/mcp_config.json", "mcpServers"],
  gemini: [".gemini/settings.json", "mcpServers"],
  lmstudio: [".lmstudio/mcp.json", "mcpServers"],
};

for (const [name, [file, section]] of Object.entries(FILES))
  test(`what is written for ${name} starts a bridge that an official client can use`, async () => {
    const path = join(home, file);
    const printed = JSON.parse(await good(client("add", name, "--print")));
    assert.ok(!existsSync(path), "--print writes nothing");
    await good(client("add", name));
    const written = JSON.parse(readFileSync(path, "utf8"));
    assert.deepEqual(written, printed);
    const { command, args } = written[section].mcpbox;
    const sdk = new Client(CLIENT);
    await sdk.connect(new StdioClientTransport({ command, args }));
    const { tools } = await sdk.listTools();
    assert.ok(tools.some((tool) => tool.name === echo.name));
    await sdk.close();
  });

test("what is in a client's file stays, and what it was is kept beside it", async () => {
  const folder = join(home, ".cursor");
  const path = join(folder, "mcp.json");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const before = `{ "mcpServers": { "other": { "url": "https://example.com/mcp" } }, "theme": "dark" }`;
  writeFileSync(path, before, { mode: 0o640 });
  await good(client("add", "cursor"));
  await good(client("add", "cursor", "--server", "place"));
  const now = JSON.parse(readFileSync(path, "utf8"));
  assert.equal(now.theme, "dark");
  assert.deepEqual(now.mcpServers.other, { url: "https://example.com/mcp" });
  assert.deepEqual(Object.keys(now.mcpServers), ["other", "mcpbox", "mcpbox-place"]);
  assert.match(await good(client("add", "cursor")), /has it already/);
  assert.deepEqual(readdirSync(folder).sort(), ["mcp.json", "mcp.json.before-mcpbox"]);

  const other = await client("add", "cursor", "--name", "other");
  assert.equal(other.code, 1);
  assert.match(other.stderr, /another server called other.*--yes/);
  await good(client("add", "cursor", "--name", "other", "--yes"));
});

test("a file that is no JSON is left as it is, and the place of its fault is said", async () => {
  const path = join(home, ".lmstudio", "mcp.json");
  rmSync(join(home, ".lmstudio"), { recursive: true, force: true });
  mkdirSync(join(home, ".lmstudio"));
  const broken = `{\n  "mcpServers": {},\n}\n`;
  writeFileSync(path, broken);
  const ran = await client("add", "lmstudio", "--yes");
  assert.equal(ran.code, 1);
  assert.match(ran.stderr, /was not changed: its JSON is malformed at line 3, column \d+/);
  assert.equal(readFileSync(path, "utf8"), broken);
  assert.deepEqual(readdirSync(join(home, ".lmstudio")), ["mcp.json"]);

  writeFileSync(path, "{}");
  chownSync(path, 12345, 12345);
  chmodSync(path, 0o666);
  assert.match((await client("add", "lmstudio")).stderr, /belongs to another user/);
});

test("a client that is not known is told which are", async () => {
  const ran = await client("add", "emacs");
  assert.equal(ran.code, 2);
  assert.match(ran.stderr, /claude-code, claude-desktop, cursor, vscode/);
});

// The contract of tool code through MCP: each row of tests/contract/tools.txt in a real call child, and what the
// analysis tells the author and the reviewer.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, afterEach, before, test } from "node:test";

import { legacyClient, manage, refused, withClient } from "./harness/clients.ts";
import { Instance } from "./harness/instance.ts";
import { textOf } from "./harness/mcp.ts";
import { createServer, explainFailure } from "./harness/story.ts";

const TABLE = readFileSync(join(import.meta.dirname, "..", "contract", "tools.txt"), "utf8");
const ROWS = [...TABLE.matchAll(/^#### (\w+) (.*)\n((?:.*\n)*?)==([>!]) (.*)$/gm)];

const DOUBTFUL = `
import yaml
async def main(city: str, days: int = 1):
    url = f"https://api.example.com/{city}"
    \u0435val(secrets["WEATHER_KEY"])
    eval("1")
    return url
`;

let box: Instance;
let server: string;

before(async () => {
  box = await Instance.started();
  server = await createServer(box, "contract");
});
after(async () => {
  await box?.stop();
  box?.destroy();
});
afterEach(explainFailure(() => box));

test("every tool of the table gives what the table says", { timeout: 600_000 }, async () => {
  assert.ok(ROWS.length > 80, `${ROWS.length} rows`);
  await withClient(legacyClient(box.url), async (client) => {
    for (const [, name = "", args = "", code = "", kind, expected = ""] of ROWS) {
      const made = await manage(client, "create_tool", { server_id: server, name, python_code: code });
      const ran = await client.call("mcpbox_test_code", { tool_id: made.id, arguments: JSON.parse(args) });
      const text = textOf(ran);
      assert.equal(ran.isError === true, kind === "!", `${name}: ${text}`);
      if (kind === "!") {
        for (const part of JSON.parse(expected))
          assert.ok(text.includes(part), `${name}: ${part} in ${text}`);
        continue;
      }
      const { result } = JSON.parse(text);
      if (typeof result === "string") assert.equal(result, expected, name);
      else assert.deepEqual(result, JSON.parse(expected), name);
    }
  });
});

test("the author and the reviewer are told what the code uses and what to look at", async () => {
  await withClient(legacyClient(box.url), async (client) => {
    const checked = await manage(client, "validate_code", { code: DOUBTFUL });
    assert.equal(checked.valid, true);
    const found = checked.findings.map(({ rule, line }: { rule: string; line: number }) => `${rule} ${line}`);
    for (const one of ["dynamic-code 6", "look-alike-identifier 5", "module-not-approved 2"])
      assert.ok(found.includes(one), `${one} in ${found}`);
    assert.deepEqual(checked.secrets, [{ key: "WEATHER_KEY", line: 5 }]);
    assert.deepEqual(checked.hosts, [{ host: "api.example.com", line: 4 }]);
    assert.deepEqual(checked.modules, [{ name: "yaml", line: 2, status: "not_installed" }]);

    const saved = await manage(client, "create_tool", {
      server_id: server,
      name: "odd",
      python_code: DOUBTFUL,
    });
    assert.deepEqual(saved.findings, checked.findings);
    const shown = await box.ctl(["show", "contract__odd"]);
    assert.match(shown.stdout, /! high, line 6: `eval` runs code/);
    assert.match(
      shown.stdout,
      /Secrets {2}WEATHER_KEY \(line 5\)\n {2}Hosts {4}api\.example\.com \(line 4\)/,
    );
    const json = JSON.parse((await box.ctl(["show", "contract__odd", "--json"])).stdout);
    assert.deepEqual(json.analysis.findings, checked.findings);

    const changed = await manage(client, "update_tool", {
      tool_id: saved.id,
      python_code: "async def main():\n    return 1\n",
    });
    assert.deepEqual(changed.findings, []);
  });
});

test("what cannot be saved says why, and where", async () => {
  await withClient(legacyClient(box.url), async (client) => {
    const cases: [string, RegExp][] = [
      ["async def main(:\n", /Syntax error at line 1/],
      ["x = 1\n", /async main\(\)/],
      [`x = ${"(".repeat(300)}\nasync def main(): pass\n`, /too many nested parentheses|nested too deeply/],
      [`x = 1${"+1".repeat(40_000)}\nasync def main(): pass\n`, /nested too deeply/],
      [
        'INPUT_SCHEMA = {"type": "array"}\nasync def main(): pass\n',
        /INPUT_SCHEMA cannot be used.*"object"/s,
      ],
      [
        `${Array.from({ length: 65 }, (_, n) => `import m${n}`).join("\n")}\nasync def main(): pass\n`,
        /65 modules/,
      ],
    ];
    for (const [code, words] of cases) {
      assert.match(await refused(client, "mcpbox_validate_code", { code }), words);
      const name = "never";
      assert.match(
        await refused(client, "mcpbox_create_tool", { server_id: server, name, python_code: code }),
        words,
      );
    }
  });
});

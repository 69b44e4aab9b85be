// The official conformance suite against one server's endpoint, as it is: no proxy, no token, no option of ours.  Every
// server scenario of each revision, scored or not, with neither a FAILURE nor a WARNING.
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, test } from "node:test";

import { Instance } from "../system/harness/instance.ts";
import { run } from "../system/harness/run.ts";
import { explainFailure } from "../system/harness/story.ts";
import { publishFixtures } from "./fixtures.ts";

const SUITE = join(
  import.meta.dirname,
  "node_modules",
  "@modelcontextprotocol",
  "conformance",
  "dist",
  "index.js",
);
const LEFT_FOR_LATER = /^server-tasks-/; // the tasks extension

/** How each revision's scenarios are chosen, and how many of them there are: fewer means the suite did not run them. */
const REVISIONS: Record<string, { choice: string[]; scenarios: number }> = {
  "2025-06-18": { choice: ["--suite", "all", "--spec-version", "2025-06-18"], scenarios: 27 },
  "2025-11-25": { choice: ["--requirements", "2025-11-25"], scenarios: 33 },
  "2026-07-28": { choice: ["--requirements", "2026-07-28"], scenarios: 40 },
};

interface Check {
  id: string;
  status: string;
  description: string;
  errorMessage?: string;
}

/** Per scenario, from the checks that the suite wrote down. */
function resultsIn(folder: string): Map<string, Check[]> {
  const results = new Map<string, Check[]>();
  for (const name of readdirSync(folder)) {
    const scenario = name.replace(/-\d{4}-\d{2}-\d{2}T[\d-]+Z$/, "");
    if (LEFT_FOR_LATER.test(scenario)) continue;
    results.set(scenario, JSON.parse(readFileSync(join(folder, name, "checks.json"), "utf8")));
  }
  return results;
}

const bad = ({ status }: Check) => status === "FAILURE" || status === "WARNING";

/** What the suite says against us. */
function complaints(results: Map<string, Check[]>): string[] {
  return [...results].flatMap(([scenario, checks]) =>
    checks
      .filter(bad)
      .map(
        ({ id, status, description, errorMessage }) =>
          `${scenario}: ${status} ${id}: ${errorMessage ?? description}`,
      ),
  );
}

let box: Instance;

before(async () => {
  box = await Instance.started();
  await publishFixtures(box, "conformance");
});
after(async () => {
  await box?.stop();
  box?.destroy();
});
afterEach(explainFailure(() => box));

for (const [revision, { choice, scenarios }] of Object.entries(REVISIONS))
  test(`${revision}: no scenario fails, none warns`, { timeout: 300_000 }, async () => {
    const folder = mkdtempSync(join(tmpdir(), "conformance-"));
    try {
      const argv = [process.execPath, SUITE, "server", "--url", `${box.url}/servers/conformance`, ...choice];
      const ran = await run([...argv, "-o", folder], { seconds: 240 });
      const results = resultsIn(folder);
      const found = complaints(results);
      assert.deepEqual(found, [], `${ran.stdout.slice(-2000)}${ran.stderr.slice(-2000)}`);
      assert.equal(results.size, scenarios, [...results.keys()].join("\n"));
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

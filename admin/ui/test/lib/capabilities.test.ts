import { expect, it } from "vitest";

import type { Analysis } from "../../src/api/types.ts";
import { changesOf, marked, namesIn, sinceThen } from "../../src/lib/capabilities.ts";

const ANALYSIS: Analysis = {
  findings: [],
  secrets: [
    { key: "B", line: 3 },
    { key: "A", line: 1 },
    { key: "B", line: 9 },
  ],
  hosts: [{ host: "api.example", line: 2 }],
  modules: [{ name: "json", line: 1, status: "default" }],
  outputs: [{ kind: "image", line: 4 }],
};

it("takes each name once from what the analysis found", () => {
  expect(namesIn(ANALYSIS, "secret")).toEqual(["A", "B"]);
  expect((["host", "module", "output"] as const).map((use) => namesIn(ANALYSIS, use))).toEqual([
    ["api.example"],
    ["json"],
    ["image"],
  ]);
  expect(namesIn(null, "host")).toEqual([]);
});

it("marks what is new and adds what is gone; with nothing approved before, nothing is new", () => {
  expect(marked(["a", "b"], { added: ["a"], removed: ["c"] })).toEqual([
    { name: "a", change: "new" },
    { name: "b", change: "kept" },
    { name: "c", change: "gone" },
  ]);
  expect(marked(["a"], null)).toEqual([{ name: "a", change: "kept" }]);
});

it("keeps kinds of use apart: a secret named like a host is no host", () => {
  const changes = {
    added: [
      { use: "host" as const, name: "x" },
      { use: "secret" as const, name: "y" },
    ],
    removed: [{ use: "secret" as const, name: "x" }],
  };
  expect(changesOf("host", changes)).toEqual({ added: ["x"], removed: [] });
  expect(changesOf("secret", changes)).toEqual({ added: ["y"], removed: ["x"] });
  expect(changesOf("host", null)).toBe(null);
});

it("says what came and went since a review was asked for", () => {
  expect(sinceThen(["a", "b"], ["b", "c"])).toEqual({ added: ["c"], removed: ["a"] });
  expect(sinceThen(["a"], ["a"])).toEqual({ added: [], removed: [] });
});

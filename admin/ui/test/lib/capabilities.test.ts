import { expect, it } from "vitest";

import { capabilitiesOf, changesOf } from "../../src/lib/capabilities.ts";

it("takes each name once from what the analysis found", () => {
  const found = capabilitiesOf({
    findings: [],
    secrets: [
      { key: "B", line: 3 },
      { key: "A", line: 1 },
      { key: "B", line: 9 },
    ],
    hosts: [],
    modules: [{ name: "json", line: 1, status: "default" }],
  });
  expect(found).toEqual({ hosts: [], secrets: ["A", "B"], modules: ["json"] });
  expect(capabilitiesOf(null)).toEqual({ hosts: [], secrets: [], modules: [] });
});

it("tells what is new and what is gone; with nothing approved before, nothing is new", () => {
  expect(changesOf(["a", "b"], ["b", "c"])).toEqual([
    { name: "a", change: "new" },
    { name: "b", change: "kept" },
    { name: "c", change: "gone" },
  ]);
  expect(changesOf(["a"], null)).toEqual([{ name: "a", change: "kept" }]);
});

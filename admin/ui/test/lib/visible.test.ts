import { describe, expect, it } from "vitest";

import { suspicions, visible } from "../../src/lib/visible.ts";

describe("visible", () => {
  it("leaves ordinary text of any language as it is", () => {
    for (const text of ["plain", "tab\tand\nline", "Grüße, 東京, résumé, 🎉"])
      expect(visible(text)).toBe(text);
  });
  it("shows what hides", () => {
    expect(visible("a\u202eb")).toBe("a⟨U+202E⟩b");
    expect(visible("a\u200bb")).toBe("a⟨U+200B⟩b");
    expect(visible("\u001b[31m")).toBe("⟨U+001B⟩[31m");
    expect(visible("x\u{e0041}")).toBe("x⟨U+E0041⟩");
    expect(visible("\ud800")).toBe("⟨U+D800⟩");
  });
});

describe("suspicions", () => {
  it("names every place in order, hidden and look-alike", () => {
    expect(suspicions("рay\u200bpal").map((one) => [one.at, one.kind])).toEqual([
      [0, "look-alike"],
      [3, "hidden"],
    ]);
  });
  it("counts places in UTF-16 units, as the editor does", () => {
    expect(suspicions("🎉а")[0]?.at).toBe(2);
  });
  it("finds nothing in honest text", () => {
    expect(suspicions("def main(): return 'ok'")).toEqual([]);
  });
});

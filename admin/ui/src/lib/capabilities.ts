// What a tool's code names and what an approval lets it reach, with what is new against what was approved.
import type { Analysis, Changes, Use } from "../api/types.ts";

export type Marked = { name: string; change: "new" | "kept" | "gone" };

/** `now`, with what of it was added marked, and what is there no more at the end. */
export function marked(now: string[], changes: Changes<string> | null): Marked[] {
  const added = new Set(changes?.added);
  return [
    ...now.map((name): Marked => ({ name, change: added.has(name) ? "new" : "kept" })),
    ...(changes?.removed ?? []).map((name): Marked => ({ name, change: "gone" })),
  ];
}

const once = (all: string[]): string[] => [...new Set(all)].sort();

/** The names of one kind in the code. */
export function namesIn(analysis: Analysis | null, use: Use["use"]): string[] {
  switch (use) {
    case "host":
      return once(analysis?.hosts.map((one) => one.host) ?? []);
    case "secret":
      return once(analysis?.secrets.map((one) => one.key) ?? []);
    case "module":
      return once(analysis?.modules.map((one) => one.name) ?? []);
    case "output":
      return once(analysis?.outputs.map((one) => one.kind) ?? []);
  }
}

/** Changes of one kind only. */
export function changesOf(use: Use["use"], changes: Changes<Use> | null): Changes<string> | null {
  const namesOf = (all: Use[]) => all.filter((one) => one.use === use).map((one) => one.name);
  return changes && { added: namesOf(changes.added), removed: namesOf(changes.removed) };
}

/** What came since and what went, as a sentence has it; empty when nothing did. */
export function sinceThen(then: string[], now: string[]): Changes<string> {
  return {
    added: now.filter((line) => !then.includes(line)),
    removed: then.filter((line) => !now.includes(line)),
  };
}

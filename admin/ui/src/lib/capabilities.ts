// What a tool's code reaches for, as the analysis of its source names it.
import type { Analysis, Capabilities } from "../api/types.ts";

const names = (all: string[]): string[] => [...new Set(all)].sort();

export function capabilitiesOf(analysis: Analysis | null): Capabilities {
  return {
    hosts: names(analysis?.hosts.map((one) => one.host) ?? []),
    secrets: names(analysis?.secrets.map((one) => one.key) ?? []),
    modules: names(analysis?.modules.map((one) => one.name) ?? []),
  };
}

export type CapabilityChange = { name: string; change: "new" | "kept" | "gone" };

/** What is there now and what is there no more.  Without a `before` nothing is new: everything is. */
export function changesOf(now: string[], before: string[] | null): CapabilityChange[] {
  const old = new Set(before ?? now);
  const current = new Set(now);
  return [
    ...now.map((name): CapabilityChange => ({ name, change: old.has(name) ? "kept" : "new" })),
    ...[...old]
      .filter((name) => !current.has(name))
      .map((name): CapabilityChange => ({ name, change: "gone" })),
  ];
}

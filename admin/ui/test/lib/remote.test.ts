import { readFileSync } from "node:fs";

import { expect, it } from "vitest";

import type { SettingField } from "../../src/api/types.ts";
import { doorOf, ofRemote, whoMay } from "../../src/lib/remote.ts";

it("calls a door open only while its process serves", () => {
  expect(doorOf([{ role: "net-local", serving: true }])).toBe("none");
  expect(doorOf([{ role: "net-tunnel", serving: true }])).toBe("open");
  expect(doorOf([{ role: "net-tunnel", serving: false }])).toBe("down");
});

it("knows the tunnel's gateway and its settings by the names that they have", () => {
  const roles = readFileSync("../../privsep/protocol/roles.h", "utf8");
  expect(roles).toContain('"net-tunnel"');
  const settings = readFileSync("../../policy/settings.cc", "utf8");
  const field = (key: string) => ({ key }) as SettingField;
  const fields = ["remote_tool_editing", "anonymous_listing", "decide_from"].map(field);
  expect(ofRemote(fields).map(({ key }) => key)).toEqual(["remote_tool_editing", "anonymous_listing"]);
  for (const { key } of ofRemote(fields)) expect(settings).toContain(`"${key}"`);
});

it("says who may come, and that nobody may where nobody is named", () => {
  expect(whoMay({ policy: "emails", allowed: [] })).toBe("Nobody");
  expect(whoMay({ policy: "domain", allowed: [] })).toBe("Nobody");
  expect(whoMay({ policy: "emails", allowed: ["ada@example.org", "bob@example.org"] })).toBe(
    "ada@example.org, bob@example.org",
  );
  expect(whoMay({ policy: "domain", allowed: ["example.org"] })).toBe("Addresses at example.org");
  expect(whoMay({ policy: "everyone", allowed: [] })).toMatch(/^Everybody/);
});

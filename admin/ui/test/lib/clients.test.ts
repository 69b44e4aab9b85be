import { readFileSync } from "node:fs";

import { expect, it } from "vitest";

import { CLIENTS, mcpUrl, stepsInContainer, stepsOf } from "../../src/lib/clients.ts";

it("names exactly the clients that mcpboxctl knows", () => {
  const table = readFileSync("../ctl/clients.cc", "utf8").split("kKinds[] = {")[1]!.split("};")[0]!;
  const known = [...table.matchAll(/\{ "([^"]+)",\s+"([^"]+)",/g)].map(([, name, title]) => ({
    name,
    title,
  }));
  expect(known.length).toBeGreaterThan(0);
  expect(CLIENTS).toEqual(known);
});

it("says where MCP is spoken here, not where it usually is", () => {
  expect(mcpUrl(["[::1]:9000", "127.0.0.1:9000"])).toBe("http://127.0.0.1:9000/mcp");
  expect(mcpUrl(["[::1]:9000"])).toBe("http://[::1]:9000/mcp");
  expect(mcpUrl(undefined)).toBe("http://127.0.0.1:8000/mcp");
});

it("gives commands that mcpboxctl has", () => {
  const usage = readFileSync("../ctl/client.cc", "utf8");
  expect(usage).toContain("client add CLIENT");
  expect(usage).toMatch(/client token "?\s*"?create/);
  expect(stepsOf("cursor")[0]!.text).toBe("mcpboxctl client add cursor");
  expect(stepsInContainer("u")[0]!.text).toBe("sudo mcpboxctl client token create my-container");
});

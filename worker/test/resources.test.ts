import { expect, test } from "vitest";

import { resourceAt, resourceNamed } from "../src/resources.ts";

const HOME = "https://mcpbox-proxy.home.workers.dev";

test.each([
  ["/", "/", "/mcp"],
  ["/mcp", "/mcp", "/mcp"],
  ["/mcp/servers/a", "/mcp/servers/a", "/mcp/servers/a"],
  ["/mcp/servers/mcpboxes", "/mcp/servers/mcpboxes", "/mcp/servers/mcpboxes"],
  [`/mcp/servers/${"a".repeat(48)}`, `/mcp/servers/${"a".repeat(48)}`, `/mcp/servers/${"a".repeat(48)}`],
])("%s is a resource", (path, audience, asked) => {
  expect(resourceAt(HOME, path)).toEqual({ url: HOME + audience, path: asked });
  expect(resourceNamed(HOME, HOME + audience)).toEqual({ url: HOME + audience, path: asked });
});

test.each([
  "",
  "/mcp/",
  "//mcp",
  "/MCP",
  "/mcp/health",
  "/mcp/internal/notify-tools-changed",
  "/mcp/servers",
  "/mcp/servers/",
  "/mcp/servers/A",
  "/mcp/servers/a/",
  "/mcp/servers/a/b",
  "/mcp/servers/a__b",
  "/mcp/servers/a_",
  "/mcp/servers/_a",
  "/mcp/servers/1a",
  "/mcp/servers/a.b",
  "/mcp/servers/a%2e",
  "/mcp/servers/mcpbox",
  "/mcp/servers/mcpbox_x",
  `/mcp/servers/${"a".repeat(49)}`,
  "/mcp%2fservers",
  "/api/servers",
  "/mcp/../mcp",
  "/mcp/servers/a\n",
])("%j is none", (path) => {
  expect(resourceAt(HOME, path)).toBeUndefined();
  if (path !== "") expect(resourceNamed(HOME, HOME + path)).toBeUndefined();
});

test.each([
  "https://mcpbox-proxy.home.workers.dev.evil.example/mcp",
  "http://mcpbox-proxy.home.workers.dev/mcp",
  "/mcp",
  `${HOME}:443/mcp`,
  `${HOME}/mcp#x`,
  `${HOME}/mcp?x`,
])("%s names none of ours", (indicator) => expect(resourceNamed(HOME, indicator)).toBeUndefined());

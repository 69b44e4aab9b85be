import { expect, it } from "vitest";

import type { Grant, PendingTool } from "../../src/api/types.ts";
import { hostAndPort, isOutdated, nextAfter, queueOf, stateOf } from "../../src/lib/queue.ts";

const tool = (id: string, since: string): PendingTool => ({
  id,
  server_id: "s",
  server_name: "weather",
  name: id,
  published_name: `weather__${id}`,
  description: "",
  created_by: "unix:you",
  publish_notes: null,
  approval_status: "pending_review",
  approval_requested_at: since,
  current_version: 1,
  digest: "00",
});

it("puts who waited longest first", () => {
  const queue = queueOf([
    tool("b", "2026-01-03T00:00:00Z"),
    tool("c", "2026-01-01T00:00:00Z"),
    tool("a", "2026-01-03T00:00:00Z"),
  ]);
  expect(queue.map((one) => one.id)).toEqual(["c", "a", "b"]);
});

it("goes on to the next one, then to the one before, then to nothing", () => {
  const queue = queueOf([tool("a", "1"), tool("b", "2")]);
  expect(nextAfter(queue, "a")).toBe("b");
  expect(nextAfter(queue, "b")).toBe("a");
  expect(nextAfter(queue.slice(0, 1), "a")).toBe(null);
});

const host = (id: string, since: string, port: number | null): Grant => ({
  id,
  kind: "host",
  status: "pending",
  name: "api.example",
  server_id: "s",
  server_name: "weather",
  tool_id: null,
  tool_name: null,
  port,
  methods: [],
  path: null,
  private_too: false,
  may_be_private: false,
  installed: true,
  in_standard_library: false,
  justification: "",
  source: "llm",
  requested_by: "unix:you",
  created_at: since,
  reviewed_by: null,
  reviewed_at: null,
  rejection_reason: null,
  sequence: 7,
});

it("has hosts, modules and tools in one line", () => {
  const queue = queueOf([tool("a", "2026-01-02T00:00:00Z")], [host("h", "2026-01-01T00:00:00Z", 443)]);
  expect(queue.map((one) => [one.type, one.title])).toEqual([
    ["network", "api.example:443"],
    ["tool", "weather__a"],
  ]);
});

it("writes an address of IPv6 so that its port can be told apart", () => {
  expect(hostAndPort({ name: "2001:db8::1", port: 443 })).toBe("[2001:db8::1]:443");
  expect(hostAndPort({ name: "api.example", port: null })).toBe("api.example, any port");
});

it("tells what was shown from what it is now", () => {
  const [first] = queueOf([tool("a", "1")]);
  const [changed] = queueOf([{ ...tool("a", "1"), digest: "01" }]);
  const [request] = queueOf([], [host("h", "1", 443)]);
  if (!first || !changed || !request) throw new Error("each is in its queue");
  expect(isOutdated(first, undefined)).toBe(false);
  expect(isOutdated(first, { digest: "00" })).toBe(false);
  expect(isOutdated(changed, { digest: "00" })).toBe(true);
  expect(isOutdated(request, { sequence: 7 })).toBe(false);
  expect(isOutdated(request, { sequence: 6 })).toBe(true);
  expect(isOutdated(request, { digest: "00" })).toBe(true);
  expect(stateOf(first)).not.toBe(stateOf(changed));
});

import { expect, it } from "vitest";

import type { PendingTool } from "../../src/api/types.ts";
import { nextAfter, queueOf } from "../../src/lib/queue.ts";

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

import { expect, it } from "vitest";

import type { Activity } from "../../src/api/types.ts";
import { addEvent } from "../../src/hooks/use_live.ts";

const event = (sequence: number): Activity => ({
  sequence,
  at: "2026-01-01T00:00:00Z",
  kind: "decision",
  actor: "admin:a",
  action: "approve",
  call: null,
  number: 0,
  tool: null,
});

it("keeps the newest first, once each, and no more than it shows", () => {
  let all: Activity[] = [];
  for (const sequence of [3, 1, 2, 2, 3]) all = addEvent(all, event(sequence));
  expect(all.map((one) => one.sequence)).toEqual([3, 2, 1]);
  for (let sequence = 4; sequence < 400; sequence++) all = addEvent(all, event(sequence));
  expect(all.length).toBe(200);
  expect(all[0]?.sequence).toBe(399);
});

import { afterEach, beforeEach, expect, it, vi } from "vitest";

import { throttled } from "../../src/lib/throttle.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it("acts at once, and once more for all that came while it rested", () => {
  const act = vi.fn();
  const { call } = throttled(act, 1000);
  call();
  expect(act).toHaveBeenCalledTimes(1);
  for (let calls = 0; calls < 5; calls++) call();
  vi.advanceTimersByTime(999);
  expect(act).toHaveBeenCalledTimes(1);
  vi.advanceTimersByTime(1);
  expect(act).toHaveBeenCalledTimes(2);
  vi.advanceTimersByTime(5000);
  expect(act).toHaveBeenCalledTimes(2);
});

it("does nothing any more once it is cancelled", () => {
  const act = vi.fn();
  const { call, cancel } = throttled(act, 1000);
  call();
  call();
  cancel();
  vi.advanceTimersByTime(5000);
  expect(act).toHaveBeenCalledTimes(1);
});

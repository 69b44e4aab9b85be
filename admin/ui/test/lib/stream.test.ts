import { afterEach, beforeEach, expect, it, vi } from "vitest";

import type { Activity } from "../../src/api/types.ts";
import { watch } from "../../src/lib/stream.ts";

class FakeSource {
  static readonly OPEN = 1;
  static all: FakeSource[] = [];
  readyState = 0;
  onopen: () => void = () => undefined;
  listener: (message: { data: string }) => void = () => undefined;
  closed = false;
  constructor() {
    FakeSource.all.push(this);
  }
  addEventListener(_: string, listener: FakeSource["listener"]) {
    this.listener = listener;
  }
  close() {
    this.closed = true;
  }
  opens() {
    this.readyState = FakeSource.OPEN;
    this.onopen();
  }
}
const say = (sequence: number) =>
  FakeSource.all.at(-1)?.listener({ data: JSON.stringify({ sequence } as Activity) });
let hidden = false;

beforeEach(() => {
  FakeSource.all = [];
  hidden = false;
  vi.stubGlobal("EventSource", FakeSource);
  vi.spyOn(document, "hidden", "get").mockImplementation(() => hidden);
});
afterEach(() => void vi.unstubAllGlobals());

const watcher = () => ({ event: vi.fn(), live: vi.fn() });
const look = (is: boolean) => {
  hidden = !is;
  document.dispatchEvent(new Event("visibilitychange"));
};

it("is one stream for all who watch, and who comes later hears what was", () => {
  const [first, second] = [watcher(), watcher()];
  const stopFirst = watch(first);
  FakeSource.all[0]?.opens();
  say(1);
  const stopSecond = watch(second);
  say(2);
  expect(FakeSource.all.length).toBe(1);
  expect(first.event.mock.calls.map(([event]) => event.sequence)).toEqual([1, 2]);
  expect(second.event.mock.calls.map(([event]) => event.sequence)).toEqual([1, 2]);
  expect(second.live).toHaveBeenLastCalledWith(true);
  stopFirst();
  expect(FakeSource.all[0]?.closed).toBe(false);
  stopSecond();
  expect(FakeSource.all[0]?.closed).toBe(true);
});

it("gives its connection back while nobody looks, and forgets what somebody else saw", () => {
  const one = watcher();
  const stop = watch(one);
  say(1);
  look(false);
  expect(FakeSource.all[0]?.closed).toBe(true);
  expect(one.live).toHaveBeenLastCalledWith(false);
  look(true);
  expect(FakeSource.all.length).toBe(2);
  stop();
  const next = watcher();
  watch(next)();
  expect(next.event).not.toHaveBeenCalled();
});

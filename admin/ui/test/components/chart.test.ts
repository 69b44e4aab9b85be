import { expect, it } from "vitest";

import { niceTop } from "../../src/components/chart.tsx";

it("rounds the top of a chart up to a number that people read easily", () => {
  expect([0, 3, 5, 11, 49, 51, 1200].map(niceTop)).toEqual([4, 4, 5, 20, 50, 100, 2000]);
});

// One figure a line, as scripts/keep_figures.py keeps them: the median of the runs, and half the range between their
// quartiles.
function quartile(sorted: number[], part: number): number {
  const at = (sorted.length - 1) * part;
  const low = sorted[Math.floor(at)]!;
  return low + (sorted[Math.ceil(at)]! - low) * (at - Math.floor(at));
}

export function say(name: string, unit: string, values: number[]): void {
  const sorted = values.toSorted((a, b) => a - b);
  const spread = (quartile(sorted, 0.75) - quartile(sorted, 0.25)) / 2;
  console.log(JSON.stringify({ name, value: quartile(sorted, 0.5), unit, runs: sorted.length, spread }));
}

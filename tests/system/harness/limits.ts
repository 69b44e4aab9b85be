// The limits of policy/limits.h, read from that file: a test never repeats a number that may change there.
import { readFileSync } from "node:fs";

const source = readFileSync(new URL("../../../policy/limits.h", import.meta.url), "utf8");

function product(text: string, known: Map<string, number>): number {
  return text
    .split("*")
    .map((factor) => {
      const word = factor.trim().replaceAll("'", "").replace(/LL$/, "");
      const value = /^\d+$/.test(word) ? Number(word) : known.get(word);
      if (value === undefined) throw new Error(`limits.h: cannot read ${JSON.stringify(text)}`);
      return value;
    })
    .reduce((a, b) => a * b, 1);
}

const values = new Map<string, number>();
for (const [, name, text] of source.matchAll(/constexpr [\w:]+ (k\w+) = ([^;]+);/g)) {
  const terms = text!.split("+").map((term) => product(term, values));
  values.set(
    name!,
    terms.reduce((a, b) => a + b, 0),
  );
}

/** limit("kBodyBytes") is 1048576. */
export function limit(name: string): number {
  const value = values.get(name);
  if (value === undefined) throw new Error(`limits.h has no ${name}`);
  return value;
}

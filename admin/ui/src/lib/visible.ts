// What hides in text, made visible: the same rule as on the terminal (privsep/base/visible.h).  Controls, escapes,
// bidirectional and zero-width characters become ⟨U+XXXX⟩; letters of other scripts that look like Latin ones are
// pointed out but left as they are.

const HIDDEN =
  // controls but tab and newline; soft hyphen; Arabic letter mark; zero width and bidirectional; tags; variation selectors
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202f\u205f-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\u{e0000}-\u{e0fff}]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/gu;

// Cyrillic and Greek letters that are drawn like Latin ones.
const LOOKALIKE: Record<string, string> = {
  а: "a",
  е: "e",
  о: "o",
  р: "p",
  с: "c",
  у: "y",
  х: "x",
  і: "i",
  ј: "j",
  ѕ: "s",
  һ: "h",
  ԁ: "d",
  ԛ: "q",
  ԝ: "w",
  ɡ: "g",
  А: "A",
  В: "B",
  Е: "E",
  К: "K",
  М: "M",
  Н: "H",
  О: "O",
  Р: "P",
  С: "C",
  Т: "T",
  Х: "X",
  Ѕ: "S",
  І: "I",
  Ј: "J",
  ο: "o",
  ν: "v",
  α: "a",
  ι: "i",
  κ: "k",
  ρ: "p",
  τ: "t",
  υ: "u",
  Α: "A",
  Β: "B",
  Ε: "E",
  Ζ: "Z",
  Η: "H",
  Ι: "I",
  Κ: "K",
  Μ: "M",
  Ν: "N",
  Ο: "O",
  Ρ: "P",
  Τ: "T",
  Υ: "Y",
  Χ: "X",
};

export const codePoint = (character: string): string =>
  `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`;

export function visible(text: string): string {
  return text.replace(HIDDEN, (one) => `⟨${codePoint(one)}⟩`);
}

export type Suspicion = {
  at: number;
  length: number;
  character: string;
  kind: "hidden" | "look-alike";
  says: string;
};

/** Every character that hides or pretends, by its place in the text. */
export function suspicions(text: string): Suspicion[] {
  const found: Suspicion[] = [];
  for (const match of text.matchAll(HIDDEN))
    found.push({
      at: match.index,
      length: match[0].length,
      character: match[0],
      kind: "hidden",
      says: `${codePoint(match[0])} cannot be seen`,
    });
  let at = 0;
  for (const character of text) {
    const like = LOOKALIKE[character];
    if (like !== undefined)
      found.push({
        at,
        length: character.length,
        character,
        kind: "look-alike",
        says: `${codePoint(character)} looks like ${like}`,
      });
    at += character.length;
  }
  return found.sort((a, b) => a.at - b.at);
}

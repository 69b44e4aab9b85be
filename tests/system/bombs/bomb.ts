// What a bomb is: code that no tool should have, and how a call with it must end: a kind, as its log entry names it, and
// words from which the author can tell what to change.

/**
 * Runs what it is given, with the real import: the check of imports is a courtesy, and nothing here relies on it.
 * What it runs may set `answer`, or define an `async def main()` of its own.
 */
export const RUN = `
import asyncio

load = asyncio.events.sys.modules["builtins"].__import__

async def main(code: str, mark: str = ""):
    names = {"load": load, "asyncio": asyncio, "answer": None}
    exec(code, names)
    return await names["main"]() if "main" in names else names["answer"]
`;

export type End = "ok" | "tool_error" | "timed_out" | "out_of_memory" | "crashed";

export interface Bomb {
  name: string;
  code: string;
  end: End;
  words: RegExp; // of the error, or of the text of a result
  endless: boolean; // it would go on for ever: give it the shortest time limit
}

/** The Python lines without what they are indented by here. */
function dedented(code: string): string {
  const lines = code.replace(/^\n/, "").trimEnd().split("\n");
  const indents = lines.filter((line) => line.trim() !== "").map((line) => /^ */.exec(line)![0].length);
  const margin = Math.min(...indents);
  return lines.map((line) => line.slice(margin)).join("\n");
}

function bomb(name: string, end: End, words: RegExp, code: string, endless = false): Bomb {
  return { name, code: dedented(code), end, words, endless };
}

export const fine = (name: string, words: RegExp, code: string) => bomb(name, "ok", words, code);
export const error = (name: string, words: RegExp, code: string) => bomb(name, "tool_error", words, code);
export const crash = (name: string, words: RegExp, code: string) => bomb(name, "crashed", words, code);

const TOO_LARGE = /MemoryError: the tool needs more than the 256 MB of memory/;
export const memory = (name: string, code: string) => bomb(name, "out_of_memory", TOO_LARGE, code);

const TOO_LONG = /did not finish within its \d+ ms|timed out after \d+ second|used up its CPU time/;
export const endless = (name: string, code: string) => bomb(name, "timed_out", TOO_LONG, code, true);

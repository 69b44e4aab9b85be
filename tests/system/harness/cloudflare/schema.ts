// What a request or an answer has wrong by the vendor's own types.  schema.json is made from them
// (tests/cloudflare/generate.ts) and is never edited.
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { Ajv, type ValidateFunction } from "ajv";

interface Document {
  definitions: Record<string, unknown>;
}

const published = JSON.parse(readFileSync(join(import.meta.dirname, "schema.json"), "utf8")) as Document;

/** The same types, but with fields that the vendor has not published: its answers have them, and clients must bear it. */
function open(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(open);
  if (typeof node !== "object" || node === null) return node;
  const entries = Object.entries(node).filter(
    ([key, value]) => !(key === "additionalProperties" && value === false),
  );
  return Object.fromEntries(entries.map(([key, value]) => [key, open(value)]));
}

const strict = new Ajv({ allErrors: true, strict: false });
strict.addSchema(published, "types");
const lenient = new Ajv({ allErrors: true, strict: false });
lenient.addSchema(open(published) as Document, "types");

function faults(ajv: Ajv, name: string, value: unknown): string[] {
  if (!(name in published.definitions)) throw new Error(`no type of the vendor's is called ${name}`);
  const check = ajv.getSchema(`types#/definitions/${name}`) as ValidateFunction;
  if (check(value)) return [];
  // A union tells one fault for each of its members: the first few say enough.
  return (check.errors ?? []).slice(0, 5).map(({ instancePath, message, params }) => {
    const field = (params as { additionalProperty?: string }).additionalProperty;
    return `${name}${instancePath}: ${message}${field === undefined ? "" : ` (${field})`}`;
  });
}

export const faultsOfBody = (name: string, value: unknown): string[] => faults(strict, name, value);
export const faultsOfResult = (name: string, value: unknown): string[] => faults(lenient, name, value);

// The audit chain as `mcpboxctl audit export` writes it, record by record; docs/audit-format.md has the layout.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import type { Instance } from "./instance.ts";

export interface Recorded {
  sequence: number;
  kind: number; // 1: the intent of a call
  subject: string; // hex, as are call and digest
  call: string;
  digest: string;
  actor: string;
  action: string;
  payload: string;
  bytes: Buffer; // the payload, where it is no text
}

export interface Exported {
  file: string;
  bytes: Buffer;
  records: Recorded[];
}

let exports = 0;

function recorded(item: Buffer): Recorded {
  const hex = (from: number, bytes: number) => item.subarray(from, from + bytes).toString("hex");
  let at = 137;
  const next = () => {
    const size = item.readUInt32LE(at);
    at += 4 + size;
    return item.subarray(at - size, at);
  };
  const [actor, action, payload] = [next(), next(), next()];
  return {
    sequence: Number(item.readBigUInt64LE(47)),
    kind: item.readUInt16LE(63),
    subject: hex(73, 16),
    call: hex(89, 16),
    digest: hex(105, 32),
    actor: actor.toString(),
    action: action.toString(),
    payload: payload.toString(),
    bytes: payload,
  };
}

/** The whole chain, in its order, and the file that `mcpbox-audit-verify` reads. */
export async function exported(box: Instance): Promise<Exported> {
  const file = join(box.folder, `chain.${++exports}`);
  const ran = await box.ctl(["audit", "export", file]);
  assert.equal(ran.code, 0, ran.stderr);
  const bytes = readFileSync(file);
  const records: Recorded[] = [];
  for (let at = 16; at < bytes.length;) {
    const size = bytes.readUInt32LE(at + 1);
    if (bytes[at] === "R".charCodeAt(0)) records.push(recorded(bytes.subarray(at + 5, at + 5 + size)));
    at += 5 + size;
  }
  return { file, bytes, records };
}

export async function chain(box: Instance): Promise<Recorded[]> {
  return (await exported(box)).records;
}

// What must be true of the audit chain of an instance, and what can be said about calls from it.
import assert from "node:assert/strict";
import { join } from "node:path";

import type { Recorded } from "./chain.ts";
import type { Instance } from "./instance.ts";
import { run } from "./run.ts";

export const INTENT = 1;
export const OUTCOME = 2;

export async function verifyExport(box: Instance, file: string, ...more: string[]) {
  const key = (await box.ctlJson("audit", "head")).public_key as string;
  return run([join(box.bin, "mcpbox-audit-verify"), file, key, ...more]);
}

/** mcpboxctl finds the chain whole; what it says. */
export async function verifyLive(box: Instance): Promise<string> {
  const ran = await box.ctl(["audit", "verify"]);
  assert.equal(ran.code, 0, `${ran.stdout}${ran.stderr}`);
  assert.match(ran.stdout, /whole, and signed/);
  return ran.stdout;
}

/** Every intent behind `earlier` records has an outcome, or is recorded as unknown; there are as many of each. */
export function accountOf(records: Recorded[], earlier: number) {
  const fresh = records.slice(earlier);
  const calls = (kind: number) =>
    new Set(fresh.filter((one) => one.kind === kind && one.action === "call").map(({ call }) => call));
  const intents = calls(INTENT);
  const outcomes = calls(OUTCOME);
  const unknown = new Set(fresh.filter(({ action }) => action === "call_unknown").map(({ call }) => call));
  for (const call of intents)
    assert.ok(outcomes.has(call) !== unknown.has(call), `call ${call} has an outcome, or is unknown`);
  for (const call of [...outcomes, ...unknown]) assert.ok(intents.has(call), `call ${call} has its intent`);
  return { intents, outcomes, unknown };
}

/** The id by which the chain knows the call that this reply is of. */
export function callOf(result: unknown): string {
  const id = (result as { _meta?: Record<string, string> })._meta?.["mcpbox/callId"];
  assert.match(id ?? "", /^[0-9a-f-]{36}$/);
  return id!.replaceAll("-", "");
}

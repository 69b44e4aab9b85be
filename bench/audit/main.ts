// make bench ONLY=audit: calls per second of an instance as it is, divided by those of one whose monitor records no
// call, 16 callers each, in turns of two seconds, so that whatever else the machine does meets both.
import { copyFileSync } from "node:fs";
import { join } from "node:path";

import { bytesOf } from "../../tests/system/harness/http.ts";
import { Instance } from "../../tests/system/harness/instance.ts";
import { publish } from "../../tests/system/harness/story.ts";
import { modern } from "../../tests/system/harness/wire.ts";
import { say } from "../mcp/figures.ts";
import { load } from "../mcp/load.ts";

const ROUNDS = Number(process.env["ROUNDS"] ?? 9);
const SECONDS = 2;
const CALLERS = 16;
const CODE = "async def main(text: str) -> str:\n    return text\n";

async function instance(monitor: string): Promise<{ box: Instance; call: Buffer }> {
  const box = await Instance.create();
  if (monitor !== "mcpbox-monitor") copyFileSync(join(box.bin, monitor), join(box.bin, "mcpbox-monitor"));
  await box.start();
  const tool = await publish(box, "bench", "echo", CODE);
  const call = modern("tools/call", { name: tool.name, arguments: { text: "x" } });
  return { box, call: bytesOf(box.port, call) };
}

const durable = await instance("mcpbox-monitor");
const off = await instance("mcpbox-unaudited-monitor");
const ratios: number[] = [];
const speeds: number[] = [];
for (let round = -1; round < ROUNDS; round++) {
  const on = await load(durable.box.port, durable.call, SECONDS, () => [], CALLERS);
  const without = await load(off.box.port, off.call, SECONDS, () => [], CALLERS);
  if (round < 0) continue; // both have compiled and cached what they will
  ratios.push(on.perSecond / without.perSecond);
  speeds.push(on.perSecond);
}
say("durable_over_off", "times", ratios);
say("durable_per_second", "1/s", speeds);
for (const { box } of [durable, off]) {
  await box.stop();
  box.destroy();
}
process.exit(0);

// make bench ONLY=mcp: requests per CPU-second of an instance (all its processes, the database's too) divided by
// those of the official SDK's server, in turns of a second, so that whatever else the machine does meets both.
import { spawn } from "node:child_process";
import { join } from "node:path";

import { Instance } from "../../tests/system/harness/instance.ts";
import { bytesOf } from "../../tests/system/harness/http.ts";
import { publish, publishAnother } from "../../tests/system/harness/story.ts";
import { modern } from "../../tests/system/harness/wire.ts";
import { say } from "./figures.ts";
import { load } from "./load.ts";

const ROUNDS = Number(process.env["ROUNDS"] ?? 9);
const SECONDS = 1.5; // of each side in a round: the kernel counts CPU in hundredths of a second
const MOST_A_MINUTE = 10_000; // the setting's most
const CLIENTS = 96; // nearly as many as there may be
const CODE =
  'async def main(city: str, days: int = 1) -> dict:\n    """Tells the weather."""\n    return {}\n';

interface Part {
  name: string;
  ours: Parameters<typeof modern>;
  theirs: Parameters<typeof modern>;
}

const PARTS: Part[] = [
  { name: "tools_list", ours: ["tools/list"], theirs: ["tools/list"] },
  { name: "discover", ours: ["server/discover"], theirs: ["server/discover"] },
  {
    name: "manage_read",
    ours: ["tools/call", { name: "mcpbox_list_servers", arguments: {} }],
    theirs: ["tools/call", { name: "list_servers", arguments: {} }],
  },
];

/** One that shows as many tools as we do. */
async function sdkServer(tools: number): Promise<{ port: number; pid: number }> {
  const child = spawn(process.execPath, [join(import.meta.dirname, "sdk_server.ts"), String(tools)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  process.on("exit", () => child.kill("SIGKILL"));
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  child.stdout.once("data", (bytes: Buffer) => resolve(Number(bytes.toString())));
  child.once("exit", () => reject(new Error("the SDK's server ended")));
  return { port: await promise, pid: child.pid! };
}

/** No caller may send as many requests as a measurement does: each connection is another client's. */
async function clients(box: Instance): Promise<() => string> {
  await box.ctlJson("settings", "set", "mcp_rate_limit_rpm", String(MOST_A_MINUTE));
  const tokens: string[] = [];
  while (tokens.length < CLIENTS)
    tokens.push((await box.ctlJson("client", "token", "create", `c${tokens.length}`)).token);
  let at = 0;
  return () => tokens[at++ % CLIENTS]!;
}

async function compare(
  part: Part,
  box: Instance,
  client: () => string,
  sdk: { port: number; pid: number },
): Promise<void> {
  const [method, params] = part.ours;
  const ours = () => bytesOf(box.port, modern(method, params, { Authorization: `Bearer ${client()}` }));
  const theirs = bytesOf(sdk.port, modern(...part.theirs));
  const ourPids = () => box.family().map(({ pid }) => pid);
  const ratios: number[] = [];
  const speeds: number[] = [];
  const theirSpeeds: number[] = [];
  const costs: number[] = [];
  for (let round = -1; round < ROUNDS; round++) {
    const we = await load(box.port, ours, SECONDS, ourPids);
    const they = await load(sdk.port, theirs, SECONDS, () => [sdk.pid]);
    if (round < 0) continue; // both have compiled and cached what they will
    ratios.push(we.perCpuSecond / they.perCpuSecond);
    speeds.push(we.perSecond);
    theirSpeeds.push(they.perSecond);
    costs.push(1e6 / we.perCpuSecond);
  }
  say(`${part.name}_per_cpu_vs_sdk`, "times", ratios);
  say(`${part.name}_per_second`, "1/s", speeds);
  say(`${part.name}_sdk_per_second`, "1/s", theirSpeeds);
  say(`${part.name}_cpu_us`, "us", costs);
}

const box = await Instance.started();
const first = await publish(box, "weather", "report", CODE);
for (const name of ["forecast", "history"]) await publishAnother(box, first, name, CODE);
const client = await clients(box);
const sdk = await sdkServer((await box.mcp.toolNames()).length);
for (const part of PARTS) await compare(part, box, client, sdk);
await box.stop();
box.destroy();
process.exit(0);

// The profiles in apparmor/ against what the programs really do: a short story under strace, from the first start to
// the stop, and then tests/apparmor/compare.py, which knows AppArmor's rules.  It needs no kernel with AppArmor.
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { after, afterEach, before, test } from "node:test";

import { AdminApi } from "./harness/admin_api.ts";
import { Instance } from "./harness/instance.ts";
import { type Ran, run, type RunOptions } from "./harness/run.ts";
import { digestOf, EIGHT_DIGITS, explainFailure, createServer, createTool } from "./harness/story.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const UI = join(ROOT, "admin", "ui", "dist");
const FAULTS_FOUND = 7; // this machine's, which are no matter here
const ALICE = { username: "alice", password: "correct horse battery" };
// What AppArmor decides about.  The filter in the kernel lets all else run at full speed.
const CALLS = [
  [
    "openat",
    "execve",
    "execveat",
    "mmap",
    "unlink",
    "unlinkat",
    "rename",
    "mkdir",
    "rmdir",
    "chmod",
    "fchmodat",
    "chdir",
  ],
  [
    "socket",
    "bind",
    "connect",
    "accept4",
    "flock",
    "clone",
    "clone3",
    "fork",
    "vfork",
    "mount",
    "umount2",
    "pivot_root",
  ],
  ["setresuid", "setresgid", "setgroups", "prctl", "kill", "pidfd_send_signal"],
].flat();

let box: Instance;
let traces: string;

const strace = (file: string) => {
  const how = ["--seccomp-bpf", "-f", "-q", "-y", "-s", "300"];
  return ["/usr/bin/strace", ...how, "-e", `trace=${CALLS.join(",")}`, "-o", join(traces, file)];
};

let programs = 0;
async function traced(program: string, args: string[], options?: RunOptions, also = 0): Promise<Ran> {
  const ran = await run([...strace(`${program}.${++programs}`), join(box.bin, program), ...args], options);
  assert.ok(ran.code === 0 || ran.code === also, `${program} ${args.join(" ")}: ${ran.stdout}${ran.stderr}`);
  return ran;
}
const ctl = (args: string[], options?: RunOptions, also?: number) =>
  traced("mcpboxctl", ["--socket", join(box.state, "control.sock"), ...args], options, also);

before(async () => {
  box = await Instance.create();
  traces = join(box.folder, "traces");
  mkdirSync(traces);
  box.under = strace("mcpbox-launcher");
  await box.start();
});
after(() => box?.destroy());
afterEach(explainFailure(() => box));

test("an instance lives a short life under strace", async () => {
  const api = await AdminApi.at(box.adminPort);
  const { code } = JSON.parse((await ctl(["setup-code", "--json"])).stdout);
  const made = await api.raw("POST", "/api/auth/setup", {}, { code, ...ALICE, token: true });
  assert.equal(made.status, 201, JSON.stringify(made.body));
  assert.equal((await api.raw("POST", "/api/auth/login", {}, ALICE)).status, 200);

  const server = { id: await createServer(box, "weather"), name: "weather" };
  const tool = await createTool(
    box,
    server,
    "report",
    "async def main(city: str) -> str:\n    return city\n",
  );
  await box.mcp.manage("request_publish", { tool_id: tool.id });
  const digest = await digestOf(box, tool.name);
  await ctl(["approve", tool.name], { terminal: [{ when: EIGHT_DIGITS, type: digest.slice(0, 8) }] });
  await box.mcp.manage("start_server", { server_id: server.id });
  await box.mcp.call(tool.name, { city: "Bern" });

  await ctl(["status"]);
  await ctl(["doctor"], {}, FAULTS_FOUND);
  const key = JSON.parse((await ctl(["audit", "head", "--json"])).stdout).public_key;
  const file = join(box.folder, "chain");
  await ctl(["audit", "export", file]);
  await traced("mcpbox-audit-verify", [file, key]);
  await box.stop();
});

test("every access is allowed by a rule, and every rule is used or excused", async () => {
  const compare = join(ROOT, "tests", "apparmor", "compare.py");
  const ran = await run(["/usr/bin/python3", "-B", compare, ROOT, traces, box.bin, box.state, UI]);
  assert.equal(ran.code, 0, `${ran.stdout}${ran.stderr}`);
});

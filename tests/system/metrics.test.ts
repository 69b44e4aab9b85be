// /metrics of the admin process: who gets it, what promtool thinks of it, and that a Prometheus which scrapes it has
// data for every panel of the dashboard.
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { join, resolve } from "node:path";
import { after, afterEach, before, test } from "node:test";

import { freePort, Instance } from "./harness/instance.ts";
import { run } from "./harness/run.ts";
import { explainFailure, publish, publishAnother, type Tool } from "./harness/story.ts";
import { sleep, until } from "./harness/wait.ts";

const DASHBOARD = resolve(import.meta.dirname, "../../docs/grafana-dashboard.json");
const PROMETHEUS = "/usr/bin/prometheus"; // Debian's package prometheus
const SECONDS = 60;
const CODE = "async def main(text: str):\n    if text == 'fail': raise ValueError(text)\n    return text\n";

// A system call that no call may make: the jail kills it.
const FORBIDDEN = "import asyncio\n\ndef main():\n    asyncio.events.os.sync()\n";

let box: Instance;
let tool: Tool;
let server: ChildProcess | undefined;

interface Reply {
  status: number;
  type: string;
  body: string;
}

function metrics(headers: Record<string, string> = {}): Promise<Reply> {
  const { promise, resolve: got, reject } = Promise.withResolvers<Reply>();
  const options = { host: "127.0.0.1", port: box.adminPort, path: "/metrics", agent: false, headers };
  const asked = request(options, (reply) => {
    let body = "";
    reply.setEncoding("utf8").on("data", (part) => (body += part));
    reply.on("end", () =>
      got({ status: reply.statusCode!, type: reply.headers["content-type"] ?? "", body }),
    );
  });
  asked.on("error", reject).end();
  return promise;
}

before(async () => {
  box = await Instance.started();
  tool = await publish(box, "measured", "echo", CODE);
});
after(async () => {
  server?.kill("SIGKILL");
  await box?.stop();
  box?.destroy();
});
afterEach(explainFailure(() => box));

/** What some numbers count: a refused call, one that breaks its jail, and a child that ends. */
async function everythingHappens(): Promise<void> {
  assert.equal((await box.ctl(["freeze"])).code, 0);
  await box.mcp.refusal(tool.name, { text: "frozen" });
  assert.equal((await box.ctl(["thaw"])).code, 0);
  const bad = await publishAnother(box, tool, "forbidden", FORBIDDEN);
  await box.mcp.refusal(bad.name);
  process.kill(box.one("egress").pid, "SIGKILL");
  for (const name of ["calls_refused_total", "jail_violations_total", "child_endings_total"])
    await until(`mcpbox_${name}`, SECONDS, async () => (await metrics()).body.includes(`\nmcpbox_${name}`));
}

test("a scraper on this machine gets the numbers, and what comes through a proxy does not", async () => {
  await box.mcp.call(tool.name, { text: "one" });
  const direct = await metrics();
  assert.equal(direct.status, 200);
  assert.match(direct.type, /^text\/plain; version=0\.0\.4/);
  assert.match(direct.body, /^mcpbox_calls_total\{end="ok"\} [1-9]/m);
  assert.ok(!direct.body.includes("measured"), "no name of a server or tool");
  for (const header of ["X-Forwarded-For", "Forwarded", "Via", "X-Real-IP"])
    assert.equal((await metrics({ [header]: "192.0.2.1" })).status, 401, header);
  assert.equal((await metrics({ Host: "box.example" })).status, 421);
  assert.equal(
    (await metrics({ Authorization: `Bearer ${"ab".repeat(32)}` })).status,
    401,
    "no such session",
  );
  const { code } = await box.ctlJson("setup-code");
  const made = await fetch(`${box.adminUrl}/api/auth/setup`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ code, username: "alice", password: "correct horse battery", token: true }),
  });
  const token = ((await made.json()) as { access_token: string }).access_token;
  const through = { "X-Forwarded-For": "192.0.2.1", Authorization: `Bearer ${token}` };
  assert.equal((await metrics(through)).status, 200);
  assert.equal((await box.ctl(["metrics"])).stdout.split("\n")[0], direct.body.split("\n")[0]);
});

test("promtool accepts them", async (context) => {
  if (!existsSync("/usr/bin/promtool")) return context.skip("promtool is not installed (Debian: prometheus)");
  const checked = await run(["promtool", "check", "metrics"], { input: (await metrics()).body });
  assert.equal(checked.code, 0, checked.stdout + checked.stderr);
});

test("a Prometheus that scrapes them has data for every panel of the dashboard", async (context) => {
  if (!existsSync(PROMETHEUS)) return context.skip("prometheus is not installed");
  const port = await freePort();
  const config = join(box.folder, "prometheus.yml");
  writeFileSync(
    config,
    `scrape_configs:
  - job_name: mcpbox
    scrape_interval: 1s
    static_configs: [{targets: ["127.0.0.1:${box.adminPort}"]}]
`,
  );
  const words = [
    `--config.file=${config}`,
    `--storage.tsdb.path=${join(box.folder, "tsdb")}`,
    `--web.listen-address=127.0.0.1:${port}`,
    "--log.level=error",
  ];
  server = spawn(PROMETHEUS, words, { stdio: ["ignore", "inherit", "inherit"] });
  const query = async (text: string): Promise<unknown[]> => {
    const url = `http://127.0.0.1:${port}/api/v1/query?query=${encodeURIComponent(text)}`;
    const reply = await fetch(url).catch(() => undefined);
    const ready = reply !== undefined && reply.status !== 503; // it listens before it answers
    const answer =
      ready && ((await reply.json()) as { status: string; error?: string; data: { result: unknown[] } });
    if (!answer) return [];
    assert.equal(answer.status, "success", `${text}: ${answer.error}`);
    return answer.data.result;
  };
  await until("the first scrape", SECONDS, async () => (await query('up{job="mcpbox"} == 1')).length > 0);
  await everythingHappens();
  for (let i = 0; i < 3; i++) {
    await box.mcp.call(tool.name, { text: "more" });
    await box.mcp.attempt(tool.name, { text: "fail" });
    await sleep(1500);
  }
  const { panels } = JSON.parse(readFileSync(DASHBOARD, "utf8")) as {
    panels: { title: string; targets?: { expr: string }[] }[];
  };
  const names = new Set([...(await metrics()).body.matchAll(/^# TYPE (\w+)/gm)].map((found) => found[1]!));
  let asked = 0;
  for (const { title, targets } of panels)
    for (const { expr } of targets ?? []) {
      for (const [name] of expr.matchAll(/\bmcpbox_\w+/g))
        assert.ok(names.has(name.replace(/_(bucket|sum|count)$/, "")), `${title}: ${name} is served`);
      const text = expr.replaceAll("$__rate_interval", "1m");
      await until(`data for "${title}": ${text}`, SECONDS, async () => (await query(text)).length > 0);
      asked++;
    }
  assert.ok(asked > 20, `${asked} expressions`);
});

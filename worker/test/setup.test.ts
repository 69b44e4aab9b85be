// A Worker that is not set up, not connected, or asked too often.
import { afterEach, expect, test } from "vitest";

import { signedIn } from "./support/client.ts";
import { SERVICE_TOKEN, Stack, type Options } from "./support/stack.ts";

let stack: Stack | undefined;

async function started(options: Options): Promise<Stack> {
  stack = await Stack.start(options);
  return stack;
}
afterEach(async () => {
  await stack?.stop();
  stack = undefined;
});

test.each(["ASSERTION_KEY", "MCPBOX_SERVICE_TOKEN", "INSTALLATION_ID"])(
  "without %s it says so, and does nothing",
  async (name) => {
    const worker = await started({ bindings: { [name]: undefined } });
    for (const path of ["/mcp", "/token", "/register"]) {
      const answer = await worker.fetch(path, { method: "POST", body: "{}" });
      const text = await answer.text();
      expect([answer.status, text.includes(name)]).toEqual([503, true]);
      expect(text).not.toContain(SERVICE_TOKEN);
    }
    expect(worker.gateway.seen).toEqual([]);
  },
);

test("before the last step of the wizard clients are told where to sign in, and nobody can yet", async () => {
  const worker = await started({ bindings: { ACCESS_CLIENT_SECRET: undefined } });
  expect((await worker.fetch("/mcp", { method: "POST", body: "{}" })).status).toBe(401);
  const page = await worker.fetch("/authorize?response_type=code");
  expect([page.status, (await page.text()).includes("ACCESS_CLIENT_SECRET")]).toEqual([503, true]);
});

test("a home that does not answer is a bad gateway, without saying where it is", async () => {
  const worker = await started({ gateway: "none" });
  const refused = await signedIn(worker).then(
    () => "connected",
    (error: Error) => error.message,
  );
  expect(refused).toContain("MCPbox at home does not answer");
  expect(refused).not.toMatch(/127\.0\.0\.1|8002/);
});

// The counters begin anew with each minute of the clock: what was counted across such a border is counted again.
async function withinOneMinute(count: () => Promise<void>): Promise<void> {
  const minute = () => Math.floor(Date.now() / 60_000);
  for (;;) {
    const begun = minute();
    try {
      return await count();
    } catch (error) {
      if (minute() === begun) throw error;
      await stack?.stop();
    }
  }
}

test("attempts are counted by address, requests by person", () =>
  withinOneMinute(async () => {
    const worker = await started({ limits: { LIMIT_REGISTER: 3, LIMIT_SIGN_IN: 8, LIMIT_MCP: 4 } });
    const register = () => worker.fetch("/register", { method: "POST", body: "{}" });
    const ada = await signedIn(worker); // one registration, four steps of a sign-in, two requests
    const statuses = [await register(), await register(), await register()].map((answer) => answer.status);
    expect(statuses).toEqual([400, 400, 429]);
    const ask = () =>
      worker.fetch("/mcp", { method: "DELETE", headers: { authorization: `Bearer ${ada.token}` } });
    const asked = [];
    for (let i = 0; i < 5; i++) asked.push(await ask());
    const last = asked.at(-1)!;
    expect([last.status, last.headers.get("retry-after")]).toEqual([429, "60"]);
    const token = () =>
      worker.fetch("/token", { method: "POST", body: new URLSearchParams({ grant_type: "x" }) });
    const tried = [];
    for (let i = 0; i < 6; i++) tried.push((await token()).status);
    expect(tried.at(-1)).toBe(429);
  }));

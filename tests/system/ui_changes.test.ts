// What an admin changes in the web UI, in a real browser against the real daemons: going back, taking back, renaming,
// deleting; and a review whose subject changes meanwhile.
import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";

import type { Browser, Page } from "playwright-core";

import { explainPage, newPage, open, openBrowser } from "./harness/browser.ts";
import { Instance } from "./harness/instance.ts";
import { createServer, createTool, explainFailure, publish, type Tool } from "./harness/story.ts";
import { until } from "./harness/wait.ts";

const HELLO = "async def main() -> str:\n    return 'hello'\n";
const ECHO = "async def main(city: str) -> str:\n    return city\n";

let box: Instance;
let browser: Browser;
let page: Page;
let forecast: Tool;

before(async () => {
  box = await Instance.started();
  await until("the admin process to answer", 120, async () =>
    fetch(at("/api/health")).then(
      (answer) => answer.ok,
      () => false,
    ),
  );
  forecast = await publish(box, "weather", "forecast", ECHO);
  browser = await openBrowser();
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const { code } = await box.ctlJson("setup-code");
  const data = { code, username: "alice", password: "correct horse battery" };
  assert.equal((await context.request.post(at("/api/auth/setup"), { data })).status(), 201);
  ({ page } = await newPage(context));
});
after(async () => {
  await browser?.close();
  await box?.stop();
  box?.destroy();
});
afterEach(explainFailure(() => box));
afterEach(explainPage(() => page));

const at = (path: string) => box.adminUrl + path;

const statusOf = async (tool: Tool): Promise<string> =>
  (await box.mcp.manage("get_tool_status", { tool_id: tool.id })).approval_status;

const becomes = (tool: Tool, status: string) =>
  until(`${tool.name} to be ${status}`, 60, async () => (await statusOf(tool)) === status);

test("what changes on the page of a reviewer stays as it was shown, and is not approved", async () => {
  const moving = await createTool(box, { id: forecast.server, name: "weather" }, "moving", HELLO);
  await box.mcp.manage("request_publish", { tool_id: moving.id });
  await open(page, at(`/approvals#${moving.id}`));
  await page.getByRole("heading", { name: "Code", exact: true }).waitFor();
  await box.mcp.manage("update_tool", { tool_id: moving.id, python_code: HELLO.replace("hello", "bye") });
  await page.getByText("It has changed since it was shown here").waitFor();
  assert.ok(await page.getByRole("button", { name: "Approve", exact: false }).first().isDisabled());
  await page.keyboard.press("a");
  assert.equal(await statusOf(moving), "pending_review");
  await page.keyboard.press("n");
  await page.getByText("It has changed since it was shown here").waitFor({ state: "detached" });
  await page.keyboard.press("a");
  await becomes(moving, "approved");
});

test("a tool goes back to what was approved, and the approval is taken back by its name", async () => {
  await box.mcp.manage("update_tool", {
    tool_id: forecast.id,
    python_code: ECHO.replace("city\n", "'no'\n"),
  });
  assert.equal(await statusOf(forecast), "pending_review");
  await open(page, at(`/tools/${forecast.id}#versions`));
  const was = page.locator("li", { hasText: "Version 1" });
  await was.getByRole("button", { name: "Compare" }).click();
  await page.getByRole("heading", { name: /Version 1 against version/ }).waitFor();
  await was.getByRole("button", { name: "Roll back" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("This version is approved").waitFor();
  await dialog.getByRole("button", { name: "Roll back" }).click();
  await becomes(forecast, "approved");
  assert.match(JSON.stringify(await box.mcp.call(forecast.name, { city: "Ulm" })), /Ulm/);
  await page.locator(".page-head").getByRole("button", { name: "Revoke" }).click();
  const revoke = dialog.getByRole("button", { name: "Revoke" });
  assert.ok(await revoke.isDisabled());
  await page.getByLabel("Type forecast to confirm").fill("forecast");
  await revoke.click();
  await page.locator(".page-head").getByText("Approved").waitFor({ state: "detached" });
  assert.notEqual(await statusOf(forecast), "approved");
});

test("a server is renamed; what is deleted for good is named first", async () => {
  const doomed = await createServer(box, "doomed", "To be deleted");
  await open(page, at(`/servers/${doomed}#settings`));
  await page.getByLabel("Name", { exact: true }).fill("renamed");
  await page.getByLabel("Time limit in seconds").fill("5");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("heading", { name: "renamed" }).waitFor();
  const { default_timeout_ms } = await box.mcp.manage("get_server", { server_id: doomed });
  assert.equal(default_timeout_ms, 5000);
  await page.getByRole("button", { name: "Delete this server" }).click();
  const button = page.getByRole("dialog").getByRole("button", { name: "Delete for good" });
  await page.getByLabel("Type renamed to confirm").fill("doomed");
  assert.ok(await button.isDisabled());
  await page.getByLabel("Type renamed to confirm").fill("renamed");
  await button.click();
  await page.getByRole("heading", { name: "Servers" }).waitFor();
  await page.getByRole("link", { name: "renamed" }).waitFor({ state: "detached" });
});

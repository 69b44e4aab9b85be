// What an admin changes in the web UI, in a real browser against the real daemons: going back, taking back, renaming,
// deleting; and a review whose subject changes meanwhile.
import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";

import { open } from "./harness/browser.ts";
import { createServer, createTool, draftRunOf, publish, publishAnother, type Tool } from "./harness/story.ts";
import { explainUi, Ui } from "./harness/ui.ts";

const HELLO = "async def main() -> str:\n    return 'hello'\n";
const ECHO = "async def main(city: str) -> str:\n    return city\n";

let ui: Ui;
let box: Ui["box"];
let page: Ui["page"];
let forecast: Tool;

before(async () => {
  ui = await Ui.signedIn();
  ({ box, page } = ui);
  forecast = await publish(box, "weather", "forecast", ECHO);
});
after(() => ui?.stop());
afterEach(explainUi(() => ui));

const at = (path: string) => ui.at(path);
const becomes = (tool: Tool, status: string) => ui.becomes(tool, status);
const statusOf = (tool: Tool) => ui.statusOf(tool);

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

/** What an admin lets the server of the tools here reach, from another tab of the same browser. */
async function allow(host: string): Promise<void> {
  const status = await page.evaluate(
    async ([path, wanted]) => {
      const headers = { "Content-Type": "application/json" };
      return (
        await fetch(path!, { method: "POST", headers, body: JSON.stringify({ host: wanted, port: 443 }) })
      ).status;
    },
    [`/api/servers/${forecast.server}/allowed-hosts`, host],
  );
  assert.equal(status, 201);
}

test("a reviewer sees what it may reach and what its code names, against the last approval", async () => {
  const sky = await publishAnother(box, forecast, "sky", ECHO);
  const code = `${ECHO}\nasync def look():\n    return await http.get("https://sky.example/")\n`;
  await open(page, at("/approvals"));
  await allow("sky.example");
  await box.mcp.manage("update_tool", { tool_id: sky.id, python_code: code });
  await box.mcp.manage("test_code", { tool_id: sky.id, arguments: { city: "Ulm" } });
  await draftRunOf(box, sky.name);
  await open(page, at(`/approvals#${sky.id}`));
  await page.getByText(/The last one of exactly this: ok after/).waitFor();
  const section = page.locator("section", { hasText: "What it may reach, against the last approval" });
  await section.getByText("+ host sky.example:443").waitFor();
  await section.getByText("+ sky.example", { exact: true }).waitFor();

  // What it may reach is bound too, though its digest stays the same.
  await allow("later.example");
  await page.keyboard.press("a");
  await page
    .getByRole("status")
    .getByText(/weather__sky:/)
    .waitFor();
  assert.equal(await statusOf(sky), "pending_review");
  await section.getByText("+ host later.example:443").waitFor();
  await page.keyboard.press("a");
  await becomes(sky, "approved");
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
  await page.locator(".page-head").getByText("Approved", { exact: true }).waitFor({ state: "detached" });
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

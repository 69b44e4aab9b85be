// The pictures of README.md: real pages of a real instance that has something to show.  `make pictures` runs it.
import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";

import { newPage, open, settled } from "./harness/browser.ts";
import { createServer, createTool, publish, publishAnother } from "./harness/story.ts";
import { Ui } from "./harness/ui.ts";

const FOLDER = resolve(import.meta.dirname, "../../docs/images");
const DESK = { width: 1280, height: 800 };
const PHONE = { width: 390, height: 780 };

const FORECAST = `import datetime

async def main(city: str, days: int = 3) -> list[str]:
    """What the coming days bring."""
    today = datetime.date.today()
    return [f"{today + datetime.timedelta(days=n)}: sun over {city}" for n in range(days)]
`;
const NAP = `import asyncio

async def main(seconds: float = 0.2) -> str:
    await asyncio.sleep(seconds)
    return "rested"
`;
const LAMP = `async def main(room: str, on: bool) -> str:
    """Switches a lamp of the house."""
    headers = {"Authorization": f"Bearer {secrets['HOUSE_TOKEN']}"}
    answer = await http.post(f"http://hub.lan:8123/lights/{room}", json={"on": on}, headers=headers)
    return "it shines" if on and answer.is_success else "it is dark"
`;
const BRIGHTER = LAMP.replace("room: str, on: bool", "room: str, on: bool, percent: int = 100").replace(
  'json={"on": on}',
  'json={"on": on, "brightness": percent}',
);

const ui = await Ui.signedIn();
try {
  mkdirSync(FOLDER, { recursive: true });
  const { box } = ui;
  const forecast = await publish(box, "weather", "forecast", FORECAST, { description: "The days to come" });
  const nap = await publishAnother(box, forecast, "nap", NAP, { description: "Waits a moment" });
  const house = { id: await createServer(box, "house", "Lamps and blinds"), name: "house" };
  const lamp = await createTool(box, house, "lamp", LAMP, { description: "Switches a lamp" });
  await box.mcp.manage("request_publish", { tool_id: lamp.id, notes: "Tried with the kitchen." });
  await box.ctl(["approve", lamp.name, "--digest", (await box.ctlJson("show", lamp.name)).digest]);
  await box.mcp.manage("update_tool", { tool_id: lamp.id, python_code: BRIGHTER });
  await box.mcp.manage("request_network_access", {
    tool_id: lamp.id,
    host: "hub.lan",
    port: 8123,
    justification: "The house's hub",
  });
  for (let i = 0; i < 40; i++) {
    await box.mcp.attempt(forecast.name, { city: ["Bern", "Oslo", "Lima"][i % 3], days: i % 8 });
    if (i % 4 === 0) await box.mcp.attempt(nap.name, { seconds: i / 100 });
  }
  await box.mcp.attempt(forecast.name, { city: 7 });

  const pages = [
    { name: "dashboard", path: "/", viewport: DESK, colorScheme: "light" },
    { name: "approval", path: "/approvals", viewport: DESK, colorScheme: "light" },
    { name: "approval-phone", path: "/approvals", viewport: PHONE, colorScheme: "dark" },
  ] as const;
  for (const { name, path, ...look } of pages) {
    const context = await ui.browser.newContext(look);
    await ui.signIn(context);
    const { page } = await newPage(context);
    await open(page, ui.at(path));
    if (path === "/approvals")
      await page
        .getByRole("button", { name: /house__lamp/ })
        .first()
        .click();
    await settled(page);
    await page.waitForTimeout(500); // charts and code are drawn after their data
    await page.screenshot({ path: join(FOLDER, `${name}.png`) });
    await context.close();
  }
} finally {
  await ui.stop();
}

// The web UI in a real browser against the real daemons: from the setup code to a decision, each page at each width, and
// a review with the keyboard alone.
import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, test } from "node:test";

import type { BrowserContext } from "playwright-core";

import { firstPaint, type Look, lookAt, LOOKS, newPage, open } from "./harness/browser.ts";
import { createServer, logsOf, type Tool } from "./harness/story.ts";
import { ALICE, explainUi, Ui } from "./harness/ui.ts";

let ui: Ui;
let page: Ui["page"];
let complaints: string[];
let forecast: Tool;
let server: string;

before(async () => {
  ui = await Ui.started();
  ({ page, complaints } = ui);
});
after(() => ui?.stop());
afterEach(explainUi(() => ui));

const at = (path: string) => ui.at(path);
const asksFor = (name: string, code: string, notes: string) => ui.asksFor(server, name, code, notes);

// A session may ask 100 times a minute, and nobody clicks this fast: each test has one of its own.
let isSetUp = false;
beforeEach(() => (isSetUp ? ui.signIn() : undefined));

const HELLO = "async def main() -> str:\n    return 'hello'\n";

// axe is script from outside, which the policy of the pages would stop; that policy's own check is `complaints`.
const visit = ({ width, theme }: Look): Promise<BrowserContext> =>
  ui.browser.newContext({ viewport: { width, height: 900 }, colorScheme: theme, bypassCSP: true });

test("the page of the first run is still, within its width and usable by everybody", async () => {
  for (const look of LOOKS) {
    const looking = await visit(look);
    const visitor = await newPage(looking);
    await open(visitor.page, at("/"));
    assert.deepEqual(await lookAt(visitor.page, "/setup", look), []);
    await looking.close();
  }
});

test("whoever has the setup code becomes the first admin; whoever has not, does not", async () => {
  await open(page, at("/"));
  const { code } = await ui.box.ctlJson("setup-code");
  await page.getByLabel("Setup code").fill("AAAA-AAAA");
  await page.getByLabel("Your name here").fill(ALICE.username);
  await page.getByLabel("Password", { exact: true }).fill(ALICE.password);
  await page.getByLabel("The same password again").fill(ALICE.password);
  await page.getByRole("button", { name: "Set up MCPbox" }).click();
  await page.getByRole("alert").waitFor();
  complaints.length = 0; // the browser notes the refusal in its console, as it does every refusal
  await page.getByLabel("Setup code").fill(code);
  await page.getByRole("button", { name: "Set up MCPbox" }).click();
  await page.getByRole("heading", { name: "How careful should MCPbox be?" }).waitFor();
  await page.getByRole("radio", { name: /Strict/ }).check();
  await page.getByRole("button", { name: "Continue" }).click();
  await page.getByRole("heading", { name: "Connect a client, make a tool" }).waitFor();
  await page.getByRole("button", { name: "To the dashboard" }).click();
  await page.getByText("Nothing here yet").waitFor();
});

test("a wrong password is told apart from nothing, and the right one lets in", async () => {
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByLabel("Name").fill(ALICE.username);
  await page.getByLabel("Password").fill("not the password");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("alert").waitFor();
  assert.match(await page.getByRole("alert").innerText(), /wrong/);
  await page.waitForTimeout(1500); // a wrong password costs its account a second
  await page.getByLabel("Password").fill(ALICE.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("heading", { name: "Dashboard" }).waitFor();
  complaints.length = 0; // the refusals again
  isSetUp = true;
});

/** Presses keys one after the other, and says how many there were. */
async function press(...keys: string[]): Promise<number> {
  for (const key of keys) await page.keyboard.press(key);
  return keys.length;
}
const MOST_KEYS = 3;

test("what a model asks for appears by itself, and is approved with at most three keys", async () => {
  server = await createServer(ui.box, "weather", "Forecasts");
  await open(page, at("/approvals"));
  await page.getByText("Nothing waits for you").waitFor();
  forecast = await asksFor(
    "forecast",
    "async def main(city: str) -> str:\n    return city\n",
    "Tried with Bonn.",
  );
  await page.getByRole("button", { name: /weather__forecast/ }).waitFor(); // nobody asks for it
  await page.getByText("Nobody has checked it").waitFor();
  await page.getByRole("heading", { name: "Code", exact: true }).waitFor();
  assert.ok((await press("a")) <= MOST_KEYS);
  await ui.becomes(forecast, "approved");
  await page.getByText("Nothing waits for you").waitFor();
});

test("a server is started, its tool is called, and the call's story is told", async () => {
  await open(page, at("/servers"));
  await page.getByRole("button", { name: "Start" }).click();
  await page.getByText("Running").waitFor();
  const result = await ui.box.mcp.call(forecast.name, { city: "Bonn" });
  assert.match(JSON.stringify(result), /Bonn/);
  await logsOf(ui.box, forecast, (logs) => logs.length === 1);
  await open(page, at("/executions"));
  await page.getByText("weather__forecast").waitFor();
  await page.locator("tbody a").first().click();
  await page.getByRole("heading", { name: "In the audit chain" }).waitFor();
  assert.match(await page.locator("main").innerText(), /Bonn/);
});

test("a changed tool is shown against what was approved, and hidden characters are seen", async () => {
  await ui.box.mcp.manage("update_tool", {
    tool_id: forecast.id,
    python_code: "async def main(city: str) -> str:\n    # \u202e hidden\n    return city + json.dumps(1)\n",
  });
  await open(page, at("/approvals"));
  await page.getByText(/Changed since version 1/).waitFor();
  await page.getByRole("heading", { name: "What changed" }).waitFor();
  const shown = await page
    .locator(".code")
    .last()
    .evaluate(async (host) => {
      for (let tries = 0; tries < 200 && !host.shadowRoot?.querySelector(".cm-hidden-character"); tries++)
        await new Promise((go) => setTimeout(go, 25));
      return host.shadowRoot?.textContent ?? "";
    });
  assert.match(shown, /⟨U\+202E⟩/);
});

test("a rejection needs a reason, which its author reads", async () => {
  await page.keyboard.press("r");
  const reject = page.getByRole("dialog").getByRole("button", { name: "Reject" });
  assert.ok(await reject.isDisabled());
  await page.getByLabel(/^Reason/).fill("Take out the hidden character.");
  await reject.click();
  await ui.becomes(forecast, "rejected");
  const { rejection_reason } = await ui.box.mcp.manage("get_tool_status", { tool_id: forecast.id });
  assert.match(rejection_reason, /hidden character/);
});

test("what changes while it is read is not approved", async () => {
  const racing = await asksFor("racing", "async def main() -> str:\n    return 'one'\n", "");
  await open(page, at(`/approvals#${racing.id}`));
  await page.getByRole("heading", { name: "Code", exact: true }).waitFor();
  const decision = "**/api/approvals/tools/*/action";
  await page.route(decision, async (route) => {
    await ui.box.mcp.manage("update_tool", {
      tool_id: racing.id,
      python_code: "async def main() -> str:\n    return 'two'\n",
    });
    await route.continue();
  });
  await page.keyboard.press("a");
  await page
    .getByText(/has changed|changed since/)
    .first()
    .waitFor();
  await page.unroute(decision);
  assert.equal(await ui.statusOf(racing), "pending_review");
  complaints.length = 0;
});

test("a review needs no mouse: from the dashboard with the keyboard alone", async () => {
  await open(page, at("/"));
  for (let presses = 0; presses < 20; presses++) {
    await page.keyboard.press("Tab");
    if ((await page.evaluate(() => document.activeElement?.textContent ?? "")).startsWith("Approvals")) break;
  }
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Approvals" }).waitFor();
  await page.getByRole("heading", { name: "Code", exact: true }).waitFor();
  await page.keyboard.press("a");
  await page.getByText("Nothing waits for you").waitFor();

  const [first, second] = [await asksFor("first", HELLO, ""), await asksFor("second", HELLO, "")];
  await page.getByRole("button", { name: /weather__second/ }).waitFor();
  await press("j");
  await page.locator(".queue h2", { hasText: "weather__second" }).waitFor();
  await page.getByRole("heading", { name: "Code", exact: true }).waitFor();
  assert.ok(1 + (await press("a")) <= MOST_KEYS, "from the list to the decision");
  await ui.becomes(second, "approved");
  await page.locator(".queue h2", { hasText: "weather__first" }).waitFor();
  await press("r");
  await page.keyboard.type("Another one does this.");
  await press("Tab", "Enter");
  await ui.becomes(first, "rejected");
});

test("a draft is written, tried, and asked for, all here", async () => {
  await open(page, at(`/servers/${server}/new`));
  await page.getByLabel("Name").fill("greeting");
  await page.getByLabel("Description").fill("Says hello");
  await page.getByRole("button", { name: "Create the draft" }).click();
  await page.getByRole("tab", { name: "Draft run" }).click();
  await page.getByLabel("name").fill("Oslo");
  await page.getByRole("button", { name: "Run the draft" }).click();
  await page.getByText("Hello, Oslo!").waitFor();
  await page.getByRole("button", { name: "Ask for review" }).click();
  await page.getByLabel("Notes for the reviewer").fill("Tried once.");
  await page.getByRole("button", { name: "Ask", exact: true }).click();
  await page.getByText("Waits for review").waitFor();
});

test("a host that a model asks for is approved beside tools, and revoked on its server's page", async () => {
  await ui.box.mcp.manage("request_network_access", {
    tool_id: forecast.id,
    host: "api.weather.example",
    port: 443,
    justification: "The forecasts come from there.",
  });
  await open(page, at("/approvals"));
  const search = page.getByLabel("Search what waits");
  await search.fill("nothing like it");
  await page.getByText("Nothing that waits matches").waitFor();
  await search.fill("API.weather");
  await page.getByText("1 match", { exact: true }).waitFor();
  await page.getByRole("button", { name: /api\.weather\.example:443/ }).waitFor();
  await search.fill("");
  await page.getByRole("button", { name: /api\.weather\.example:443/ }).click(); // a draft waits for longer
  await page.getByText("The forecasts come from there.").waitFor();
  await page.keyboard.press("a");
  await page.getByText("Approved api.weather.example:443.").waitFor();
  await open(page, at(`/servers/${server}#hosts`));
  await page.getByText("api.weather.example:443").waitFor();
  await page.getByRole("button", { name: "Revoke" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Revoke" }).click();
  await page.getByText("No host is approved").waitFor();
});

test("a secret is named, gets its value, and is never shown", async () => {
  await open(page, at(`/servers/${server}#secrets`));
  await page.getByRole("button", { name: "New secret" }).click();
  await page.getByLabel("Key").fill("WEATHER_KEY");
  await page.getByLabel("Host that gets it").fill("api.weather.example");
  await page.getByRole("button", { name: "Create" }).click();
  await page.getByText("Needs a value").waitFor();
  await page.getByRole("button", { name: "Set", exact: true }).click();
  await page.getByLabel("Value", { exact: true }).fill("s3cret-of-the-weather");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("button", { name: "Replace" }).waitFor();
  const { items } = (await (await ui.context.request.get(at(`/api/servers/${server}/secrets`))).json()) as {
    items: { key_name: string; has_value: boolean }[];
  };
  assert.deepEqual([items[0]!.key_name, items[0]!.has_value], ["WEATHER_KEY", true]);
  assert.ok(!JSON.stringify(items).includes("s3cret"));
});

test("a setting that is weaker asks first, and a stricter one is undone with one click", async () => {
  await open(page, at("/settings"));
  const modules = page.getByLabel("Module approval mode");
  await modules.selectOption("auto_approve");
  await page
    .getByRole("dialog")
    .getByText(/What you give up/)
    .waitFor();
  await page.getByRole("dialog").getByRole("button", { name: "Change it" }).click();
  await page.getByText("Weaker than the default").waitFor();
  await modules.selectOption("require_approval");
  await page.getByText("Weaker than the default").waitFor({ state: "detached" });
});

test("activity appears while it is watched, without asking again", async () => {
  await open(page, at("/activity"));
  await page.getByText("Live", { exact: true }).waitFor();
  const asked: string[] = [];
  page.on("request", (request) => asked.push(request.url()));
  await ui.box.mcp.manage("create_server", { name: "appearing", description: "" });
  await page
    .getByText(/create server/)
    .first()
    .waitFor();
  assert.deepEqual(
    asked.filter((url) => url.includes("/api/activity")),
    [],
  );
});

test("the audit chain is checked on demand", async () => {
  await open(page, at("/audit"));
  await page.getByRole("button", { name: "Check the chain" }).click();
  await page.getByText("The chain is whole.").waitFor();
});

const SIGNED_IN_AT_ONCE = 6; // pages

const MOST_PAINT_MS = 1000;

/** Of three visits: what is measured is the page, not what else the machine does. */
async function bestPaint(visitor: Ui["page"]): Promise<number> {
  const times: number[] = [];
  for (let visits = 0; visits < 3; visits++) {
    await open(visitor, at("/"));
    times.push((await firstPaint(visitor)) ?? Infinity);
  }
  return Math.round(Math.min(...times));
}

async function everyPlace(): Promise<string[]> {
  const { items } = (await (await ui.context.request.get(at("/api/execution-logs"))).json()) as {
    items: { id: string }[];
  };
  const tabs = (path: string, names: string) => names.split(" ").map((name) => `${path}#${name}`);
  return [
    "/",
    "/approvals",
    "/servers",
    `/servers/${server}`,
    ...tabs(`/servers/${server}`, "tools secrets hosts logs settings"),
    `/servers/${server}/new`,
    `/tools/${forecast.id}`,
    ...tabs(`/tools/${forecast.id}`, "run versions settings"),
    "/executions",
    `/executions/${items[0]!.id}`,
    "/activity",
    "/audit",
    "/connect",
    "/remote",
    "/settings",
    ...tabs("/settings", "modules admins sessions about"),
    "/nowhere",
  ];
}

test("the console has nothing to say about all of the above", () => assert.deepEqual(complaints, []));

test("every page is quiet, still, within its width and usable by everybody", async (t) => {
  const places = await everyPlace();
  for (const look of LOOKS)
    await t.test(`${look.width} px, ${look.theme}`, async (part) => {
      const looking = await visit(look);
      const visitor = await newPage(looking);
      await open(visitor.page, at("/"));
      const wrong = await lookAt(visitor.page, "/sign-in", look);
      await ui.signIn(looking);
      await visitor.page.evaluate(() => localStorage.setItem("mcpbox-welcome", "1"));
      await open(visitor.page, at("/"));
      wrong.push(...(await lookAt(visitor.page, "/onboarding", look)));
      await visitor.page.evaluate(() => localStorage.clear());
      const paint = await bestPaint(visitor.page);
      part.diagnostic(`first paint after ${paint} ms`);
      if (paint >= MOST_PAINT_MS) wrong.push(`the first paint took ${paint} ms`);
      for (const [index, place] of places.entries()) {
        if (index % SIGNED_IN_AT_ONCE === 0) await ui.signIn(looking);
        await open(visitor.page, at(place));
        wrong.push(...(await lookAt(visitor.page, place.replaceAll(/[0-9a-f-]{36}/g, "id"), look)));
      }
      assert.deepEqual([...wrong, ...visitor.complaints], []);
      await looking.close();
    });
});

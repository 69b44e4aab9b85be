// An instance with its web page in a browser, for the tests of the web UI.
import assert from "node:assert/strict";

import type { Browser, BrowserContext, Page } from "playwright-core";

import { explainPage, newPage, openBrowser } from "./browser.ts";
import { Instance } from "./instance.ts";
import { createTool, explainFailure, type Tool } from "./story.ts";
import { until } from "./wait.ts";

export const ALICE = { username: "alice", password: "correct horse battery" };
const VIEWPORT = { width: 1440, height: 900 };

export class Ui {
  readonly box: Instance;
  readonly browser: Browser;
  readonly context: BrowserContext;
  readonly page: Page;
  readonly complaints: string[]; // what the console said
  readonly url: string; // of the page, without a slash at its end

  private constructor(box: Instance, browser: Browser, url: string, context: BrowserContext, made: Made) {
    this.box = box;
    this.browser = browser;
    this.url = url;
    this.context = context;
    ({ page: this.page, complaints: this.complaints } = made);
  }

  /** A page of a running instance that nobody has set up yet.  url: where the page is, if not at the instance itself. */
  static async started(box?: Instance, url?: string): Promise<Ui> {
    const running = box ?? (await Instance.started());
    await until("the admin process to answer", 120, async () =>
      fetch(`${running.adminUrl}/api/health`).then(
        (answer) => answer.ok,
        () => false,
      ),
    );
    const browser = await openBrowser();
    const context = await browser.newContext({ viewport: VIEWPORT, colorScheme: "light" });
    return new Ui(running, browser, url ?? running.adminUrl, context, await newPage(context));
  }

  /** The same, with its first admin signed in. */
  static async signedIn(box?: Instance, url?: string): Promise<Ui> {
    const ui = await Ui.started(box, url);
    const { code } = await ui.box.ctlJson("setup-code");
    const answer = await ui.context.request.post(ui.at("/api/auth/setup"), { data: { code, ...ALICE } });
    assert.equal(answer.status(), 201);
    return ui;
  }

  async stop(): Promise<void> {
    await this.browser.close();
    await this.box.stop();
    this.box.destroy();
  }

  at(path: string): string {
    return this.url + path;
  }

  /** Gives `into` another session; at no moment has it none, which an open page would notice. */
  async signIn(into: BrowserContext = this.context): Promise<void> {
    const elsewhere = await this.browser.newContext(); // with a cookie, only a page of this origin may sign in
    const answer = await elsewhere.request.post(this.at("/api/auth/login"), { data: ALICE });
    assert.equal(answer.status(), 200);
    await into.addCookies(await elsewhere.cookies());
    await elsewhere.close();
  }

  async statusOf(tool: Tool): Promise<string> {
    return (await this.box.mcp.manage("get_tool_status", { tool_id: tool.id })).approval_status;
  }

  becomes(tool: Tool, status: string): Promise<unknown> {
    return until(`${tool.name} to be ${status}`, 60, async () => (await this.statusOf(tool)) === status);
  }

  /** A tool of the server called `weather` that waits for its review. */
  async asksFor(server: string, name: string, code: string, notes = ""): Promise<Tool> {
    const tool = await createTool(this.box, { id: server, name: "weather" }, name, code, {
      description: `The ${name} of a city`,
    });
    await this.box.mcp.manage("request_publish", { tool_id: tool.id, notes });
    return tool;
  }
}

type Made = Awaited<ReturnType<typeof newPage>>;

/** Prints what instance and page have to say when the test that just ran failed.  For afterEach(). */
export const explainUi = (ui: () => Ui | undefined) => async (context: unknown) => {
  explainFailure(() => ui()?.box)(context);
  await explainPage(() => ui()?.page)(context);
};

// Debian's Chromium on the web UI, with what every page must be: quiet, still, within its width, and usable by everybody.
import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";

const FLAGS =
  "--no-sandbox --disable-gpu --disable-dev-shm-usage --disable-quic --no-first-run --disable-sync " +
  "--disable-background-networking --disable-component-update";
const SHOTS = process.env["MCPBOX_SCREENSHOTS"]; // a folder, for whoever wants to look
type Shift = PerformanceEntry & { value: number; sources: { node: Node | null }[] };
const AXE = readFileSync(join(import.meta.dirname, "../node_modules/axe-core/axe.min.js"), "utf8");

export interface Look {
  width: number;
  theme: "light" | "dark";
}

export function openBrowser(): Promise<Browser> {
  if (SHOTS) mkdirSync(SHOTS, { recursive: true });
  return chromium.launch({ executablePath: "/usr/bin/chromium", args: FLAGS.split(" ") });
}

/** A page whose complaints are collected: whatever the console says at the level of a warning, and every exception. */
export async function newPage(context: BrowserContext): Promise<{ page: Page; complaints: string[] }> {
  const page = await context.newPage();
  page.setDefaultTimeout(60_000); // for a machine with other things to do; no test waits that long to pass
  const complaints: string[] = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(`${page.url()}: ${message.text()}`);
  });
  page.on("pageerror", (error) => complaints.push(`${page.url()}: ${String(error)}`));
  // What moves without anybody having touched the page (Cumulative Layout Shift, as browsers count it).
  await page.addInitScript(() => {
    const counted = window as unknown as { shifted: number; movers: string[] };
    counted.shifted = 0;
    counted.movers = [];
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries() as Shift[]) {
        counted.shifted += entry.value;
        for (const { node } of entry.sources)
          counted.movers.push(`${node?.nodeName ?? ""}.${(node as Element | null)?.className ?? ""}`);
      }
    }).observe({ type: "layout-shift", buffered: true });
  });
  return { page, complaints };
}

/** Prints what the page says when the test that just ran failed.  For afterEach(). */
export function explainPage(page: () => Page | undefined) {
  return async (context: unknown) => {
    if ((context as { passed?: boolean }).passed !== false) return;
    const words = await page()?.innerText("body", { timeout: 5_000 });
    console.error(`--- ${page()?.url() ?? "no page"} ---\n${words ?? ""}`);
  };
}

/** Opens a page and waits until it shows what it has. */
export async function open(page: Page, url: string): Promise<void> {
  await page.goto("about:blank"); // a new # alone would not load anything
  await page.goto(url, { waitUntil: "load" });
  await settled(page);
}

export async function settled(page: Page): Promise<void> {
  await page.waitForFunction(
    () => document.querySelector("h1") !== null && document.querySelector(".skeleton") === null,
  );
}

/** Milliseconds from the request to the first thing that is seen; undefined where nothing ever was. */
export async function firstPaint(page: Page): Promise<number | undefined> {
  // The page may be all there before the browser has told of the frame that showed it.
  const told = () => performance.getEntriesByName("first-contentful-paint")[0]?.startTime;
  await page.waitForFunction(told, undefined, { timeout: 10_000 }).catch(() => undefined);
  return page.evaluate(told);
}

const MOST_SHIFT = 0.1; // what the field calls good

export async function checkLayout(page: Page, name: string): Promise<void> {
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  assert.ok(wide <= 0, `${name} is ${wide} px wider than the window`);
  const overlapping = await page.evaluate(() => {
    const shown = [...document.querySelectorAll("button, a, input, select, textarea")].filter((one) => {
      const { width, height } = one.getBoundingClientRect();
      return width > 0 && height > 0 && !one.closest(".decide, .skip, .sr-only, .toasts");
    });
    const boxes = shown.map((one) => ({ one, box: one.getBoundingClientRect() }));
    return boxes.flatMap(({ one, box }, index) =>
      boxes
        .slice(index + 1)
        .filter(
          ({ one: other, box: b }) =>
            !one.contains(other) &&
            !other.contains(one) &&
            Math.min(box.right, b.right) - Math.max(box.left, b.left) > 2 &&
            Math.min(box.bottom, b.bottom) - Math.max(box.top, b.top) > 2,
        )
        .map(({ one: other }) => `${one.textContent ?? ""} / ${other.textContent ?? ""}`),
    );
  });
  assert.deepEqual(overlapping, [], `${name}: these lie over each other`);
  const { shifted, movers } = await page.evaluate(() => {
    const counted = window as unknown as { shifted: number; movers: string[] };
    return { shifted: counted.shifted, movers: counted.movers };
  });
  assert.ok(shifted < MOST_SHIFT, `${name} moved by ${shifted} after it was shown: ${movers.join(", ")}`);
}

export async function checkAccess(page: Page, name: string): Promise<void> {
  await page.evaluate(AXE);
  const found = await page.evaluate(async () => {
    const axe = (window as unknown as { axe: { run(root: Document, options: object): Promise<any> } }).axe;
    const { violations } = await axe.run(document, { resultTypes: ["violations"] });
    return violations.map(
      (one: any) => `${one.id}: ${one.nodes.map((node: any) => node.target.join(" ")).join(", ")}`,
    );
  });
  assert.deepEqual(found, [], `${name}: what axe finds`);
}

// Each page in each width, the theme changing with it; each theme in each width only where there is time for it.
export const LOOKS: Look[] = process.env["MCPBOX_EVERY_LOOK"]
  ? [360, 768, 1440].flatMap((width) => [
      { width, theme: "light" },
      { width, theme: "dark" },
    ])
  : [
      { width: 360, theme: "dark" },
      { width: 768, theme: "light" },
      { width: 1440, theme: "dark" },
    ];

/** What is wrong with a page in one look; and a picture of it, for whoever wants to look. */
export async function lookAt(visitor: Page, name: string, { width, theme }: Look): Promise<string[]> {
  const wrong: string[] = [];
  for (const check of [checkLayout, checkAccess])
    await check(visitor, name).catch((problem: unknown) => wrong.push(`${name}: ${String(problem)}`));
  const look = `${width}-${theme}`;
  for (const one of wrong) console.error(`${look}: ${one}`); // at once: a sweep takes minutes
  const file = `${look}${name.replaceAll(/[^a-z]+/g, "_")}.png`;
  if (SHOTS) await visitor.screenshot({ path: join(SHOTS, file), fullPage: true });
  return wrong;
}

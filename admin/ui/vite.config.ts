// Builds to static files that the admin process serves.  Relative addresses, so that the page works under a sub-path:
// the server writes <base href> into index.html.  Nothing is inlined: the content security policy allows no inline code.
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";

import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

const WORTH_BYTES = 1024;
const ENTRY_MOST_BYTES = 150_000;

/** NAME.br and NAME.gz beside every NAME that gains by it: the server compresses nothing itself. */
function compressed(folder: string): void {
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (!entry.isFile() || !/\.(js|css|svg)$/.test(entry.name)) continue;
    const body = readFileSync(path);
    if (body.length < WORTH_BYTES) continue;
    writeFileSync(`${path}.br`, brotliCompressSync(body));
    writeFileSync(`${path}.gz`, gzipSync(body, { level: 9 }));
  }
}

/** What a browser loads before it shows anything is small enough, or there is no build. */
function withinBudget(folder: string): void {
  const page = readFileSync(join(folder, "index.html"), "utf8");
  const needed = [...page.matchAll(/(?:src|href)="\.\/(assets\/[^"]+\.(?:js|css))"/g)].map(
    ([, name]) => name!,
  );
  const sizeOf = (name: string) =>
    (statSync(join(folder, `${name}.gz`), { throwIfNoEntry: false }) ?? statSync(join(folder, name))).size;
  const bytes = needed.reduce((sum, name) => sum + sizeOf(name), 0);
  console.log(
    `entry of the web UI: ${bytes} bytes compressed in ${needed.length} files, of ${ENTRY_MOST_BYTES}`,
  );
  if (needed.length === 0 || bytes > ENTRY_MOST_BYTES)
    throw new Error("the entry of the web UI is over its budget: load what is not needed at once later");
}

function finish(): void {
  compressed("dist");
  withinBudget("dist");
}

export default defineConfig({
  base: "./",
  plugins: [react(), { name: "compressed", apply: "build", closeBundle: finish }],
  build: {
    target: "es2023",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 700,
  },
  server: { proxy: { "/api": "http://127.0.0.1:3000" } },
  test: { environment: "happy-dom", include: ["test/**/*.test.{ts,tsx}"] },
});

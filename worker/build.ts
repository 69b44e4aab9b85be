// Bundles the Worker into dist/worker.mjs: one file, which is all that Cloudflare gets.  No eval, no source map, and
// the same bytes for the same sources, so that what runs there can be compared with what was built here.
import { build } from "esbuild";

await build({
  entryPoints: ["src/index.ts"],
  outfile: "dist/worker.mjs",
  bundle: true,
  format: "esm",
  platform: "browser",
  conditions: ["workerd", "worker", "browser"],
  target: "es2024",
  external: ["cloudflare:workers"],
  legalComments: "inline",
  logLevel: "warning",
});

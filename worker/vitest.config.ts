import { defineConfig } from "vitest/config";

export default defineConfig({
  // Each file with a Worker starts a workerd of its own; a machine that is busy must not decide a test.
  test: {
    include: ["test/**/*.test.ts"],
    testTimeout: 300_000,
    hookTimeout: 300_000,
    maxWorkers: 2,
    silent: "passed-only",
  },
});

import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: ["test/support/global-setup.ts"],
    // Nets, not expectations: wide enough for a machine that does several things at once.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    expect: { poll: { timeout: 120_000 } },
    // The long files wait more than they compute: two at a time, also where there are only two cores.
    maxWorkers: Math.max(2, availableParallelism() - 1),
  },
});

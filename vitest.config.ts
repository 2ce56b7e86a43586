import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { configDefaults, defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";
import { FAST, LAB, OLDEST, ON_OLDEST } from "./test/support/kinds.ts";

// Hundreds of processes load the same sources. They inherit this: types are stripped once.
process.env["NODE_COMPILE_CACHE"] ??= fileURLToPath(new URL(".cache/compiled", import.meta.url));

// Temporal's servers live for seconds here: memory is cheaper than looking for what they need no longer.
process.env["GOGC"] ??= "400";

/** The longest first: for a file of minutes that begins last, idle cores would wait. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return ["lab", "parts", ON_OLDEST, "fast"].flatMap((kind) => sorted.filter(({ project }) => project.name === kind));
  }
}

const shared = {
  // Nets, not expectations: wide enough for a machine that does several things at once.
  testTimeout: 900_000,
  hookTimeout: 900_000,
  expect: { poll: { timeout: 300_000 } },
  // Many wait about as long as they compute: more at a time than there are cores.
  maxWorkers: availableParallelism() + 2,
};
const withServers = { ...shared, globalSetup: ["test/support/global-setup.ts"] };
const otherThan = (files: readonly string[]) => [...configDefaults.exclude, ...files];

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    projects: [
      { test: { ...shared, name: "fast", include: [...FAST], isolate: false } },
      {
        test: {
          ...withServers,
          name: "parts",
          include: ["test/**/*.test.ts"],
          exclude: otherThan([...FAST, ...LAB]),
        },
      },
      { test: { ...withServers, name: ON_OLDEST, include: [...OLDEST] } },
      { test: { ...withServers, name: "lab", include: [...LAB] } },
    ],
  },
});

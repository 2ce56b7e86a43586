/**
 * Runs every test. A file that failed runs once more, alone, at the end, because a machine may be busy for a minute. A
 * file that passes then is named as flaky, and the run is green. An error that no test caught fails the run at once.
 * `run-tests.ts [ROOT]`: the folder of the vitest configuration, by default the current folder.
 */
import { relative } from "node:path";
import { startVitest, type Reporter, type TestCase, type TestModule } from "vitest/node";

/** More failed files than this cannot come from one slow minute. */
const MOST_FLAKY = 8;

interface Outcome {
  readonly passed: number;
  readonly failed: number;
  readonly failedFiles: readonly string[];
  readonly uncaught: number;
}

class Counting implements Reporter {
  outcome: Outcome = { passed: 0, failed: 0, failedFiles: [], uncaught: 0 };

  /** Says at once why a test failed: the summary may come half an hour later, or never. */
  onTestCaseResult(test: TestCase): void {
    const { state, errors = [] } = test.result();
    if (state !== "failed") return;
    console.log(`FAILED ${test.module.relativeModuleId} > ${test.fullName}`);
    for (const { message, stack } of errors)
      console.log(`  ${(stack ?? message).split("\n").slice(0, 12).join("\n  ")}`);
  }

  onTestRunEnd(modules: readonly TestModule[], uncaught: readonly unknown[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const count = (state: string) => tests.filter((test) => test.result().state === state).length;
    const failedFiles = modules.filter((module) => !module.ok()).map(({ moduleId }) => moduleId);
    this.outcome = { passed: count("passed"), failed: count("failed"), failedFiles, uncaught: uncaught.length };
  }
}

const root = process.argv[2] ?? process.cwd();

async function run(files: readonly string[], alone: boolean): Promise<Outcome> {
  const counting = new Counting();
  const options = {
    root,
    watch: false,
    reporters: ["default", counting],
    ...(alone ? { fileParallelism: false } : {}),
  };
  const vitest = await startVitest([...files], options);
  await vitest.close();
  return counting.outcome;
}

const first = await run([], false);
const again = first.failedFiles.length > 0 && first.failedFiles.length <= MOST_FLAKY && first.uncaught === 0;
if (again) console.log(`Failed files run once more, alone: ${first.failedFiles.length}`);
const second = again ? await run(first.failedFiles, true) : first;

const flaky = first.failedFiles.filter((file) => !second.failedFiles.includes(file));
for (const file of flaky) console.log(`flaky: ${relative(root, file)}`);
if (first.uncaught > 0) console.log(`Errors that no test caught: ${first.uncaught}`);
const nothingRan = first.passed === 0;
const green = second.failedFiles.length === 0 && first.uncaught === 0 && second.uncaught === 0 && !nothingRan;
const passed = again ? first.passed + Math.max(0, first.failed - second.failed) : first.passed;
console.log(`${passed} passed, ${green ? 0 : Math.max(1, second.failed)} failed`);
process.exitCode = green ? 0 : 1;

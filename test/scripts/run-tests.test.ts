import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { expect, onTestFinished, test } from "vitest";
import { ROOT } from "../../src/root.ts";

const FINE = `test("fine", () => {});`;
/** A test that fails in its first process and passes in the second. */
const ONCE = `test("once", () => { const seen = existsSync("MARK"); writeFileSync("MARK", ""); expect(seen).toBe(true); });`;
const ALWAYS = `test("always", () => expect(1).toBe(2));`;
const TIMER = `test("late", async () => { setTimeout(() => { throw new Error("late"); }, 1); await new Promise((end) => setTimeout(end, 50)); });`;

/** Runs the given test files as `make test` does, in a folder of their own. */
async function runTests(files: Readonly<Record<string, string>>) {
  await mkdir(join(ROOT, ".cache"), { recursive: true });
  const folder = await mkdtemp(join(ROOT, ".cache", "run-tests-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const head = `import { existsSync, writeFileSync } from "node:fs"; import { expect, test } from "vitest";`;
  for (const [name, text] of Object.entries(files)) {
    await writeFile(join(folder, `${name}.test.ts`), `${head}\n${text.replaceAll("MARK", join(folder, "mark"))}\n`);
  }
  await writeFile(join(folder, "vitest.config.ts"), "export default {};\n");
  const run = await execa(process.execPath, ["scripts/run-tests.ts", folder], { cwd: ROOT, reject: false });
  return { code: run.exitCode, lines: run.stdout.split("\n").slice(-4), text: run.stdout };
}

test("a file that failed runs once more: when it passes there, the run is green and says so", async () => {
  const { code, lines } = await runTests({ fine: FINE, once: ONCE });
  expect(lines).toEqual(expect.arrayContaining(["flaky: once.test.ts", "2 passed, 0 failed"]));
  expect(code).toBe(0);
});

test("a file that fails again fails the run, and is not called flaky", async () => {
  const { code, lines, text } = await runTests({ fine: FINE, once: ONCE, always: ALWAYS });
  expect(lines).toContain("flaky: once.test.ts");
  expect(text).not.toContain("flaky: always.test.ts");
  expect(lines.at(-1)).toBe("2 passed, 1 failed");
  expect(code).toBe(1);
});

test("an error that no test caught fails the run, whatever the tests say", async () => {
  const { code, lines } = await runTests({ fine: FINE, timer: TIMER });
  expect(lines).toContain("Errors that no test caught: 1");
  expect(code).toBe(1);
});

test("a file that cannot be loaded, and no test at all, are failures", async () => {
  expect((await runTests({ fine: FINE, broken: "throw new Error('broken');" })).code).toBe(1);
  expect((await runTests({})).code).toBe(1);
});

import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import pg from "pg";
import { expect, onTestFinished, test, vi } from "vitest";
import { until } from "../../lab/until.ts";
import { ROOT } from "../../src/root.ts";

const FINE = `test("fine", () => {});`;
/** A test that fails in its first process and passes in the second. */
const ONCE = `test("once", () => { const seen = existsSync("MARK"); writeFileSync("MARK", ""); expect(seen).toBe(true); });`;
const ALWAYS = `test("always", () => expect(1).toBe(2));`;
const TIMER = `test("late", async () => { setTimeout(() => { throw new Error("late"); }, 1); await new Promise((end) => setTimeout(end, 50)); });`;

/** A folder with the given test files. */
async function folderOf(files: Readonly<Record<string, string>>): Promise<string> {
  await mkdir(join(ROOT, ".cache"), { recursive: true });
  const folder = await mkdtemp(join(ROOT, ".cache", "run-tests-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const head = `import { existsSync, writeFileSync } from "node:fs"; import { expect, inject, test } from "vitest";`;
  for (const [name, text] of Object.entries(files)) {
    await writeFile(join(folder, `${name}.test.ts`), `${head}\n${text.replaceAll("MARK", join(folder, "mark"))}\n`);
  }
  await writeFile(join(folder, "vitest.config.ts"), "export default {};\n");
  return folder;
}

/** Runs the given test files as `make test` does. */
async function runTests(files: Readonly<Record<string, string>>) {
  const folder = await folderOf(files);
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

const ENDLESS = `test("endless", async () => { writeFileSync("MARK", inject("postgresUrl")); await new Promise(() => setInterval(() => {}, 1000)); });`;

test.each(["SIGINT", "SIGTERM"] as const)(
  "a run that only its main process was told to end by %s leaves no server",
  async (signal) => {
    const folder = await folderOf({ endless: ENDLESS });
    const globalSetup = join(ROOT, "test/support/global-setup.ts");
    await writeFile(join(folder, "vitest.config.ts"), `export default ${JSON.stringify({ test: { globalSetup } })};\n`);
    const run = execa(process.execPath, ["scripts/run-tests.ts", folder], { cwd: ROOT, reject: false });
    const server = async () => await readFile(join(folder, "mark"), "utf8").catch(() => "");
    await until(async () => (await server()) !== "", { what: "the endless test", timeoutMs: 120_000 });
    const connectionString = await server();
    await connect(connectionString);
    run.kill(signal);
    await run;
    await vi.waitFor(() => expect(connect(connectionString)).rejects.toThrow("ECONNREFUSED"), { timeout: 60_000 });
  },
);

async function connect(connectionString: string): Promise<void> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  await client.end();
}

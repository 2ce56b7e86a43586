/** `ktrdr-mcp holdout`, as the operator types it. */
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { execa } from "execa";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { ROOT } from "../../src/root.ts";
import { createHoldoutStore } from "../../src/store/holdouts.ts";
import { createJobWriter } from "../../src/store/job-writer.ts";
import { createLedger } from "../../src/store/ledger.ts";
import { createPool, type Pool } from "../../src/store/pool.ts";
import { jobInput, engine, outcome } from "../store/samples.ts";
import { recordBacktest } from "../support/job-records.ts";
import { LOOK, summaryOf } from "../support/looks.ts";
import { createTestDatabase, type TestDatabase } from "../support/postgres.ts";
import { CALENDARS, rowsAt, textOf } from "../support/price-file.ts";

const ROWS = rowsAt(CALENDARS["stock 1d"]("2015-01-05", "2019-12-31"));
const at = ROWS.findIndex((row) => row >= "2019-01-01");

let database: TestDatabase;
let pool: Pool;
let dir: string;
beforeAll(async () => {
  database = await createTestDatabase();
  pool = createPool(database.url);
  dir = await mkdtemp(path.join(tmpdir(), "ktrdr-mcp-holdout-"));
});
afterAll(async () => {
  await pool.end();
  await database.drop();
  await rm(dir, { recursive: true, force: true });
});
beforeEach(async () => {
  for (const name of await readdir(dir)) await rm(path.join(dir, name), { recursive: true });
  await writeFile(path.join(dir, "SPX_1d.csv"), textOf(ROWS));
  await pool.query("delete from holdouts");
});

const start = (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  execa(path.join(ROOT, "bin/ktrdr-mcp"), ["holdout", ...args], {
    env: { DATABASE_URL: database.url, KTRDR_DATA_DIR: dir, LAB_DIR: path.join(dir, "none"), ...env },
    reject: false,
  });
const holdout = async (...args: string[]) => {
  const { exitCode, stdout, stderr } = await start(args);
  return { exitCode, stdout, stderr };
};
const files = async () =>
  Object.fromEntries(
    await Promise.all((await readdir(dir)).map(async (name) => [name, await readFile(path.join(dir, name), "utf8")])),
  ) as Record<string, string>;
const DIVIDED = { "SPX_1d.csv": textOf(ROWS.slice(0, at)), "SPX.HOLDOUT_1d.csv": textOf(ROWS.slice(at - 50)) };

test("set divides the file, writes it down, and says what such a holdout can show", async () => {
  const { exitCode, stdout } = await holdout("set", "SPX", "1d", "2019-01-01");
  expect(stdout).toMatch(/SPX_1d\.csv ends before 2019-01-01\. SPX\.HOLDOUT_1d\.csv keeps the rest/);
  expect(stdout).toMatch(/Sharpe ratio of 1 passes a look over these 1\.0 years in 26 %.*WARNING: below 5 years/s);
  expect(exitCode).toBe(0);
  expect(await files()).toEqual(DIVIDED);
  expect(await createHoldoutStore(pool).all()).toMatchObject([{ symbol: "SPX", startDate: "2019-01-01", alpha: 0.05 }]);
  expect((await holdout("status")).stdout).toMatch(
    /^SPX 1d: 2019-01-01 to 2019-12-31 is kept back, 1\.0 years \(short\).*Nobody has looked\.$/s,
  );
});

test("what was seen before, and other files with these days, are told", async () => {
  await recordBacktest(createJobWriter(pool), "backtest-seen", null, {
    startDate: "2018-01-02",
    endDate: "2019-12-31",
  });
  await writeFile(path.join(dir, "SPX_1h.csv"), textOf(rowsAt(CALENDARS["stock 1h"]("2018-12-01", "2019-02-01"))));
  const { stdout } = await holdout("set", "SPX", "1d", "2019-01-01");
  expect(stdout).toMatch(/WARNING: one backtest has shown figures of these days already/);
  expect(stdout).toContain("WARNING: SPX_1h.csv still holds bars of these days.");
});

describe("is refused, and changes nothing", () => {
  test.each<[string, string[], RegExp]>([
    ["no day", ["SPX", "1d", "2019-02-30"], /"2019-02-30" is no day/],
    ["a day in words", ["SPX", "1d", "yesterday"], /is no day/],
    ["a day before the file", ["SPX", "1d", "1999-01-01"], /does not divide.*a day from/s],
    ["a day after the file", ["SPX", "1d", "2030-01-01"], /does not divide/],
    ["no timeframe", ["SPX", "day", "2019-01-01"], /"day" is no timeframe/],
    ["a symbol without a file", ["NOPE", "1d", "2019-01-01"], /no price file NOPE_1d\.csv.*SPX_1d\.csv/s],
    ["a symbol in lower case", ["spx", "1d", "2019-01-01"], /"spx" is no symbol of a price file.*SPX/s],
    ["a way out of the folder", ["../SPX", "1d", "2019-01-01"], /is no symbol of a price file/],
    ["a holdout", ["SPX.HOLDOUT", "1d", "2019-01-01"], /SPX\.HOLDOUT is itself a holdout/],
    ["another way to name one", ["spx.holdout", "1d", "2019-01-01"], /is itself a holdout/],
    ["a symbol that is too long", ["ABCDEFGHIJKLMN", "1d", "2019-01-01"], /too long/],
  ])("%s", async (_what, args, words) => {
    const { exitCode, stderr } = await holdout("set", ...args);
    expect(stderr).toMatch(words);
    expect(exitCode).toBe(1);
    expect(await files()).toEqual({ "SPX_1d.csv": textOf(ROWS) });
    expect(await createHoldoutStore(pool).all()).toEqual([]);
  });

  test.each([
    ["twice", "2019-01-01", /is set from 2019-01-01 on already/],
    ["to an earlier day", "2018-01-01", /cannot be moved to 2018-01-01.*were open.*kept back by themselves/s],
    ["to a later day", "2019-06-01", /cannot be moved to 2019-06-01.*would be given away/s],
  ])("setting it %s", async (_what, day, words) => {
    await holdout("set", "SPX", "1d", "2019-01-01");
    const { exitCode, stderr } = await holdout("set", "SPX", "1d", day);
    expect(stderr).toMatch(words);
    expect(exitCode).toBe(1);
    expect(await files()).toEqual(DIVIDED);
  });

  test("where the data folder is not mounted, or is none", async () => {
    const unset = await start(["set", "SPX", "1d", "2019-01-01"], { KTRDR_DATA_DIR: "" });
    expect(unset.stderr).toMatch(/cannot be divided here.*KTRDR_DATA_DIR is not set/s);
    const file = path.join(dir, "SPX_1d.csv");
    const none = await start(["set", "SPX", "1d", "2019-01-01"], { KTRDR_DATA_DIR: file });
    expect(none.stderr).toMatch(/cannot be divided here/);
  });

  test.each([
    [[]],
    [["set", "SPX", "1d"]],
    [["void"]],
    [["status", "all"]],
    [["set", "A", "1d", "2019-01-01", "--reason", "x"]],
  ])("what is typed wrongly: %j", async (args) =>
    expect(await holdout(...args)).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("holdout void LOOK") }),
  );
});

test("killed at each of its steps, it ends right when it is repeated", async () => {
  for (let dieAt = 1; ; dieAt += 1) {
    await writeFile(path.join(dir, "SPX_1d.csv"), textOf(ROWS));
    await rm(path.join(dir, "SPX.HOLDOUT_1d.csv"), { force: true });
    await pool.query("delete from holdouts");
    const dying = start(["set", "SPX", "1d", "2019-01-01"]);
    let steps = 0;
    for await (const _line of createInterface({ input: dying.stderr })) {
      steps += 1;
      if (steps === dieAt) dying.kill("SIGKILL");
    }
    await dying;
    await holdout("set", "SPX", "1d", "2019-01-01");
    expect(await files(), `killed at step ${dieAt}`).toEqual(DIVIDED);
    expect(await createHoldoutStore(pool).all()).toHaveLength(1);
    if (steps < dieAt) break;
  }
  expect(await createLedger(pool).check([])).toMatchObject({ wrong: [] });
});

describe("a look", () => {
  let jobId: string;
  beforeEach(async () => {
    await holdout("set", "SPX", "1d", "2019-01-01");
    const input = jobInput({ ...LOOK, candidate: `c${Math.random()}` });
    jobId = input.jobId;
    const writer = createJobWriter(pool);
    await writer.admit(input, null);
    await writer.beginComputation(jobId, 1, []);
    await writer.attachOperation(jobId, 1, { operationId: `op-${jobId}` });
    await createHoldoutStore(pool).seal(jobId, { summary: summaryOf(LOOK, 1.87) });
    const { look } = await createHoldoutStore(pool).standing(jobId);
    const { strategy, symbol, timeframe, candidateJobId } = LOOK;
    const market = { strategy, symbol, timeframe, candidateJobId };
    const result = { kind: "holdout", ...market, look, passed: true, level: 0.0304, caveats: [], engine } as const;
    await writer.finish(jobId, outcome(jobId), result, engine);
  });

  test("is told with its figures: the operator is human", async () => {
    const { stdout } = await holdout("status");
    expect(stdout).toMatch(/Look \d+ at SPX 1d: PASSED at the level 0\.0304; \S+, candidate backtest-probe/);
    expect(stdout).toMatch(/luck 0\.\d\d %, Sharpe 1\.87, return 0\.93 %, drawdown 6\.1 %, 42 trades/);
  });

  test("is voided for a reason, once, and stays counted", async () => {
    expect(await holdout("void", jobId)).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining("for a reason only"),
    });
    expect(await holdout("void", jobId, "--reason", "  ")).toMatchObject({ exitCode: 1 });
    expect(await holdout("void", "holdout-nope", "--reason", "bad bars")).toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching(/There is no look holdout-nope\..*holdout status/s),
    });
    const { exitCode, stdout } = await holdout("void", jobId, "--reason", "the bars of May were wrong");
    expect(stdout).toMatch(/is void\. It stays counted/);
    expect(exitCode).toBe(0);
    expect((await holdout("status")).stdout).toContain("VOID, still counted: the bars of May were wrong");
    expect((await holdout("void", jobId, "--reason", "again")).stderr).toMatch(/is void already.*the bars of May/s);
  });
});

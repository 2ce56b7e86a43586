/** `ktrdr-mcp ledger verify`, with heads that a backup and a strategy's version kept. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, expect, test } from "vitest";
import { backup } from "../../src/backup/backup.ts";
import { createLogger } from "../../src/logger.ts";
import { ROOT } from "../../src/root.ts";
import { createJobWriter } from "../../src/store/job-writer.ts";
import { createLedger } from "../../src/store/ledger.ts";
import { createPool, type Pool } from "../../src/store/pool.ts";
import { createStrategyFolder } from "../../src/strategies/strategy-folder.ts";
import { createStrategyLibrary } from "../../src/strategies/strategy-library.ts";
import { backtestRequest, backtestResult, engine, jobInput, outcome } from "../store/samples.ts";
import { createTestDatabase, type TestDatabase } from "../support/postgres.ts";

let database: TestDatabase;
let pool: Pool;
let dir: string;

beforeAll(async () => {
  database = await createTestDatabase();
  pool = createPool(database.url);
  dir = await mkdtemp(path.join(tmpdir(), "ktrdr-mcp-ledger-"));
});

afterAll(async () => {
  await pool.end();
  await database.drop();
  await rm(dir, { recursive: true, force: true });
});

const verify = async (...args: readonly string[]) => {
  const env = { DATABASE_URL: database.url, KTRDR_STRATEGIES_DIR: dir, LAB_DIR: path.join(dir, "none") };
  const { exitCode, stdout, stderr } = await execa(path.join(ROOT, "bin/ktrdr-mcp"), ["ledger", ...args], {
    env,
    reject: false,
  });
  return { exitCode, stdout, stderr };
};

async function backtest(modelPath: string) {
  const writer = createJobWriter(pool);
  const input = jobInput({ ...backtestRequest, modelPath });
  await writer.admit(input, null);
  await writer.finish(input.jobId, outcome(input.jobId), backtestResult, engine);
}

test("says how it is typed", async () => {
  expect(await verify()).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining("ledger verify [--backup FOLDER]"),
  });
});

test("an empty ledger is no error, and nothing vouches for it", async () => {
  const { exitCode, stdout } = await verify("verify");
  expect(exitCode).toBe(0);
  expect(stdout).toContain("The ledger is empty.");
  expect(stdout).toContain("No head of it was kept elsewhere");
});

test("a strategy's version and a backup keep the head, so that a ledger written anew is found", async () => {
  await backtest("models/one/1d_v1");
  const log = createLogger("test", "silent");
  const library = createStrategyLibrary(dir, createStrategyFolder(dir), log, { ledger: createLedger(pool).head });
  const by = { author: "tester", reason: "Why.\n\nIn two paragraphs.", experimentId: null };
  await library.save([{ name: "dips", text: "name: dips\n", replaces: null }], by);
  expect(await library.versions("dips")).toMatchObject([{ reason: by.reason, experimentId: null }]);
  await backtest("models/one/1d_v2");
  const folder = path.join(dir, "kept");
  await backup({ folder, databaseUrl: database.url, strategiesDir: dir, version: "1.0.0" });

  const sound = await verify("verify", "--backup", folder);
  expect(sound.stdout).toMatch(
    /The ledger has 4 lines; .*Compared with 2 heads .* up to line 4\..*every backtest has its line/s,
  );
  expect(sound.exitCode).toBe(0);

  // The owner of the database leaves out the first backtest and writes a sound chain without it.
  await pool.query(`grant update, delete on trial_events to current_user;
    alter table trial_events disable trigger all;
    create table kept as select * from trial_events order by seq;
    delete from trial_events;
    delete from results where job_id = (select job_id from kept where seq = 1);
    delete from jobs where job_id = (select job_id from kept where seq = 1);
    select append_trial_event(event) from kept where seq > 2 order by seq`);
  const forged = await verify("verify", "--backup", folder);
  expect(forged.exitCode).toBe(1);
  expect(forged.stdout).toMatch(/WRONG: Line 2 is not the one that the strategies' version [0-9a-f]{12} names\./);
  expect(forged.stdout).toMatch(/WRONG: Line 4 is missing: the backup .*kept has its hash\. The end was cut off\./);
});

test("a limit that could hold nothing back, or is not understood, is no limit", async () => {
  const reason = ["--reason", "enough"];
  for (const wrong of [
    ["spx", "4", ...reason],
    ["BAD_NAME", "4", ...reason],
    ["NEW", "-1", ...reason],
    ["NEW", "1e9", ...reason],
    ["NEW", ...reason],
  ]) {
    expect(await verify("limit", ...wrong)).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining("ledger limit"),
    });
  }
  expect(await verify("limit", "NEW", "4")).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining("for a reason"),
  });
  expect((await verify("limit")).stdout).toBe("No limit is set.");
  expect((await verify("limit", "NEW", "4", ...reason)).stdout).toMatch(
    /^NEW: 4 backtests .* 4 of them are left\. Set .*: enough$/,
  );
  expect((await verify("limit", "NEW", "off", ...reason)).stdout).toBe("No limit is set for NEW.");
});

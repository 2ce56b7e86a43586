import path from "node:path";
import { execa } from "execa";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { ROOT } from "../../src/root.ts";
import { findOld, KINDS, removeOld } from "../../src/store/clean-up.ts";
import { createPool } from "../../src/store/pool.ts";
import { callOf, contentOf, fillDatabase, logCalls, Places, query } from "../backup/support.ts";

const places = new Places();
let url: string;
let open: string;
afterAll(() => places.remove());

/** Everything in the database is old, except what is written at the end. */
beforeEach(async () => {
  url = await places.database();
  ({ open } = await fillDatabase(url, 2_500));
  // The ended trainings have a resumed computation, and one whose start saw another operation.
  await query(
    url,
    `insert into computations (job_id, n, known_operations, operation_id, started_at, ended_at, fate, resumed_from)
     select job_id, n, case n when 1 then '{op_x}'::text[] else '{}' end, 'op_' || job_id, now(), now(), 'died',
       case n when 2 then '{"epoch": 7, "curve": {"trainLoss": [0.1], "valLoss": [0.2], "trainAccuracy": [], "valAccuracy": []}}'::jsonb end
     from jobs, generate_series(1, 2) n where status in ('failed', 'completed') and kind = 'training';
     update tool_executions set at = now() - interval '100 days';
     update jobs set admitted_at = now() - interval '100 days', finished_at = finished_at - interval '100 days'`,
  );
  await logCalls(url, [callOf(1), callOf(2)]);
});

const cleanUp = (...args: string[]) =>
  execa(path.join(ROOT, "bin/ktrdr-mcp"), ["clean-up", ...args], {
    env: { ...process.env, DATABASE_URL: url, LAB_DIR: "/nonexistent" },
    all: true,
    reject: false,
  });

describe("clean-up", () => {
  it("says what would go, and changes nothing by itself", async () => {
    const before = await contentOf(url);
    const { all, exitCode } = await cleanUp("--only", KINDS.join(","));
    expect(exitCode).toBe(0);
    expect(all).toMatch(/^Older than 90 days:\n {2}calls: 2500 rows, \d+\.\d [kM]B: /);
    expect(all).toMatch(/start_evidence: 2 rows, \d+ bytes/);
    expect(all).toMatch(/checkpoint_curves: 1 rows/);
    expect(all).toMatch(/failed_strategy_texts: 1 rows/);
    expect(all).toContain("Nothing was changed.");
    expect(await contentOf(url)).toEqual(before);
  });

  it("leaves every job, result and model, everything of open jobs, and whatever is younger", async () => {
    const before = await contentOf(url);
    await cleanUp("--apply");
    expect((await contentOf(url))["jobs"]).toEqual(before["jobs"]); // texts go only when they are named
    const { all } = await cleanUp("--only", KINDS.join(","), "--apply");
    expect(all).toContain("failed_strategy_texts: 1 rows");
    const after = await contentOf(url);
    expect(after["results"]).toEqual(before["results"]);
    expect(after["models"]).toEqual(before["models"]);
    expect(after["jobs"]).toHaveLength(before["jobs"]!.length);
    expect(after["computations"]).toHaveLength(before["computations"]!.length);
    expect(after["tool_executions"]).toHaveLength(2);
    const lost = before["jobs"]!.filter((row) => !after["jobs"]!.includes(row));
    expect(lost).toHaveLength(1); // the failed job lost its text
    const texts = await query<{ status: string; has: boolean }>(
      url,
      "select status, strategy_text is not null as has from jobs where kind = 'training' order by status",
    );
    expect(texts).toEqual([
      { status: "completed", has: true },
      { status: "failed", has: false },
      { status: "open", has: true },
      { status: "open", has: true },
    ]);
    const ofOpen = (rows: string[]) => rows.filter((row) => row.includes(open));
    expect(ofOpen(after["computations"]!)).toEqual(ofOpen(before["computations"]!));
    const curves = await query(
      url,
      `select status, resumed_from ->> 'epoch' as epoch, jsonb_array_length(resumed_from #> '{curve,trainLoss}') as points
       from computations join jobs using (job_id) where resumed_from is not null and status <> 'open' order by 1`,
    );
    expect(curves).toEqual([
      { status: "completed", epoch: "7", points: 1 },
      { status: "failed", epoch: "7", points: 0 },
    ]);
    expect((await cleanUp()).all).toMatch(/calls: 0 rows, 0 bytes/);
  });

  it("leaves everything of a job that an insight was drawn from", async () => {
    await query(
      url,
      `insert into insights (insight_id, category, body, tags, importance, client) values ('insight-1', 'failure', 'why', '[]', 5, 'c');
       insert into insight_jobs select 'insight-1', job_id from jobs where status = 'failed'`,
    );
    const before = await contentOf(url);
    const { all } = await cleanUp("--only", KINDS.join(","), "--apply");
    expect(all).toMatch(/failed_strategy_texts: 0 rows/);
    expect(all).toMatch(/checkpoint_curves: 0 rows/);
    const after = await contentOf(url);
    expect(after["jobs"]).toEqual(before["jobs"]);
    expect(after["insights"]).toEqual(before["insights"]);
  });

  it("leaves everything of a job that belongs to an experiment", async () => {
    await query(url, "delete from insight_jobs");
    await query(
      url,
      `insert into experiments (experiment_id, hypothesis, metric, direction, threshold, runs, symbol, timeframe, start_date, end_date, client)
       values ('experiment-1', 'h', 'sharpe', 'at_least', 1, 1, 'SPX', '1d', '2015-01-01', '2016-01-01', 'c');
       insert into experiment_jobs (experiment_id, job_id) select 'experiment-1', job_id from jobs where status = 'failed'`,
    );
    await query(
      url,
      "update tool_executions set task_id = (select job_id from experiment_jobs limit 1) where id = (select id from tool_executions order by at limit 1)",
    );
    const before = await contentOf(url);
    const { all } = await cleanUp("--only", KINDS.join(","), "--apply");
    expect(all).toMatch(/failed_strategy_texts: 0 rows/);
    const after = await contentOf(url);
    expect(after["jobs"]).toEqual(before["jobs"]);
    expect(after["experiment_jobs"]).toEqual(before["experiment_jobs"]);
    const calls = await query(
      url,
      "select 1 from tool_executions where task_id in (select job_id from experiment_jobs)",
    );
    expect(calls).toHaveLength(1);
    await query(url, "delete from experiment_jobs");
  });

  it("does only what it is told, and from the age it is told", async () => {
    expect((await cleanUp("--older-than", "101d", "--apply")).all).toMatch(/calls: 0 rows/);
    await cleanUp("--only", "start_evidence", "--apply");
    const after = await contentOf(url);
    expect(after["tool_executions"]).toHaveLength(2_502);
    const evidence = await query(
      url,
      "select status from computations join jobs using (job_id) where known_operations <> '{}'",
    );
    expect(evidence).toEqual([{ status: "open" }]);
  });

  it.each([
    [["--older-than", "0d"], "at least 1"],
    [["--older-than", "3 weeks"], "takes a number of days"],
    [["--only", "results"], 'no kind "results"'],
    [["--force"], "Unknown option"],
    [["everything"], "everything"],
  ])("refuses %j", async (args, why) => {
    const { exitCode, all } = await cleanUp(...args);
    expect(exitCode).toBe(2);
    expect(all).toContain(why);
    expect(all).toContain("Usage: ktrdr-mcp clean-up");
    expect((await contentOf(url))["tool_executions"]).toHaveLength(2_502);
  });

  it("is safe while calls are logged, and twice at once", async () => {
    const pool = createPool(url);
    const logging = Promise.all(Array.from({ length: 20 }, (_, n) => logCalls(url, [callOf(n)])));
    const gone = await Promise.all([removeOld(pool, "calls", 90), removeOld(pool, "calls", 90)]);
    await logging;
    expect(gone.reduce((sum, rows) => sum + rows, 0)).toBe(2_500);
    expect(await findOld(pool, KINDS, 90)).toContainEqual(expect.objectContaining({ kind: "calls", rows: 0 }));
    await pool.end();
    expect((await contentOf(url))["tool_executions"]).toHaveLength(22);
  });
});

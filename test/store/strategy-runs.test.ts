import { afterAll, beforeAll, expect, it } from "vitest";
import { createJobWriter, type JobWriter } from "../../src/store/job-writer.ts";
import { createPool, type Pool } from "../../src/store/pool.ts";
import { createStrategyRuns, type StrategyRuns } from "../../src/store/strategy-runs.ts";
import { BACKTEST, inputOf, outcomeOf, TRAINING } from "../support/job-inputs.ts";
import { backtestResult, trainingResult } from "../support/job-records.ts";
import { createTestDatabase, type TestDatabase } from "../support/postgres.ts";

let database: TestDatabase;
let pool: Pool;
let writer: JobWriter;
let runs: StrategyRuns;

beforeAll(async () => {
  database = await createTestDatabase();
  pool = createPool(database.url);
  writer = createJobWriter(pool);
  runs = createStrategyRuns(pool, async (_, read) => await read());
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});

const TEXT = "1".repeat(64);

async function trains(strategy: string, jobId: string, more: Partial<typeof TRAINING> = {}) {
  await writer.admit(inputOf(jobId, { ...TRAINING, strategy, strategySha256: TEXT, ...more }), null);
  const result = trainingResult({ strategy, modelPath: `models/${jobId}` });
  await writer.finish(jobId, outcomeOf(jobId, "completed"), result, result.engine);
}

async function tries(
  strategy: string,
  jobId: string,
  trainingJobId: string | null,
  sharpe: number | null,
  more: Partial<typeof BACKTEST> = {},
  result: Partial<ReturnType<typeof backtestResult>> = {},
) {
  const modelPath = trainingJobId === null ? "models/elsewhere" : `models/${trainingJobId}`;
  await writer.admit(inputOf(jobId, { ...BACKTEST, strategy, trainingJobId, modelPath, ...more }), null);
  const raw = { sharpe_ratio: sharpe ?? 0 };
  const found = backtestResult({ strategy, modelPath, ...result, sharpe, raw });
  await writer.finish(jobId, outcomeOf(jobId, "completed"), found, found.engine);
}

async function draws(strategy: string, sharpes: readonly (number | null)[]) {
  for (const [at, sharpe] of sharpes.entries()) {
    await trains(strategy, `train-${strategy}-${at}`);
    await tries(strategy, `backtest-${strategy}-${at}`, `train-${strategy}-${at}`, sharpe);
  }
}

it("takes the same backtest of all draws of one training together; the middle is the lower of two", async () => {
  await draws("even", [0.4, 0.1, 0.3, 0.2]);
  expect(await runs.draws("even")).toMatchObject([
    {
      text: TEXT,
      symbol: "SPX",
      draws: 4,
      middle: "backtest-even-3",
      sharpe: 0.2,
      least: 0.1,
      most: 0.4,
      inSample: false,
      trainedFrom: "2000-01-03",
      trainedTo: "2014-12-31",
      jobIds: ["backtest-even-1", "backtest-even-3", "backtest-even-2", "backtest-even-0"],
      sharpes: [0.1, 0.2, 0.3, 0.4],
    },
  ]);
});

it("counts a draw that has no Sharpe ratio as the lowest", async () => {
  await draws("still", [null, 2, null]);
  expect(await runs.draws("still")).toMatchObject([
    { draws: 3, sharpe: null, least: 2, most: 2, sharpes: [null, null, 2] },
  ]);
  expect(await runs.standings(["still"])).toEqual([
    { strategy: "still", trainings: 3, backtests: 3, middle: null, draws: null },
  ]);
});

it("counts a model once, however often its backtest was repeated", async () => {
  await draws("again", [0.5]);
  await tries("again", "backtest-again-twice", "train-again-0", 0.5);
  expect(await runs.draws("again")).toMatchObject([{ draws: 1, jobIds: ["backtest-again-0"] }]);
  expect(await runs.standings(["again"])).toMatchObject([{ backtests: 2, middle: "backtest-again-0", draws: 1 }]);
});

it("keeps other days, costs and training days apart", async () => {
  await draws("apart", [0.1]);
  await tries("apart", "backtest-apart-days", "train-apart-0", 0.2, { endDate: "2018-12-31" });
  await tries("apart", "backtest-apart-free", "train-apart-0", 0.3, { commission: 0, slippage: 0 });
  await writer.admit(inputOf("train-apart-early", { ...TRAINING, strategy: "apart", strategySha256: TEXT }), null);
  const early = trainingResult({ strategy: "apart", modelPath: "models/train-apart-early", endDate: "2009-12-31" });
  await writer.finish("train-apart-early", outcomeOf("train-apart-early", "completed"), early, early.engine);
  await tries("apart", "backtest-apart-early", "train-apart-early", 0.4);
  const found = await runs.draws("apart");
  expect(found.map(({ sharpe, draws: number }) => [sharpe, number])).toEqual([
    [0.4, 1],
    [0.3, 1],
    [0.2, 1],
    [0.1, 1],
  ]);
  expect(found[1]).toMatchObject({ commission: 0, slippage: 0 });
});

it("leaves the parts of measurements out", async () => {
  await draws("measured", [0.1]);
  await tries("measured", "backtest-part", "train-measured-0", 9, {
    measures: "backtest-measured-0",
    endDate: "2016-12-31",
  });
  expect(await runs.draws("measured")).toHaveLength(1);
  expect(await runs.standings(["measured"])).toMatchObject([{ backtests: 1, middle: "backtest-measured-0" }]);
  expect((await runs.jobs("measured")).map(({ kind, jobs }) => [kind, jobs])).toEqual([
    ["backtest", 1],
    ["training", 1],
  ]);
});

it("has no best of days that are not known to be new, of few trades, of a look ahead, or of bad bars", async () => {
  await trains("worthless", "train-worthless");
  const asked = (n: number) => ({ endDate: `2019-12-${n}` });
  await tries("worthless", "backtest-known", "train-worthless", 5, { startDate: "2014-01-02" });
  await tries("worthless", "backtest-elsewhere", null, 5);
  await tries("worthless", "backtest-few", "train-worthless", 5, asked(10), { trades: 29 });
  const branded = [{ code: "looks_ahead", text: "It saw the future." }];
  await tries("worthless", "backtest-ahead", "train-worthless", 5, asked(11), { caveats: branded });
  await tries("worthless", "backtest-bad", "train-worthless", 5, asked(12), {
    caveats: [{ code: "bad_bars", text: "Bad." }],
  });
  expect(await runs.standings(["worthless"])).toMatchObject([{ backtests: 5, middle: null }]);
  const inSample = Object.fromEntries((await runs.draws("worthless")).map((one) => [one.middle, one.inSample]));
  expect(inSample).toMatchObject({ "backtest-known": true, "backtest-elsewhere": null, "backtest-few": false });
});

it("knows the text of a backtest by its training, and jobs without a text", async () => {
  await draws("texts", [0.1]);
  await tries("texts", "backtest-texts-elsewhere", null, 0.2);
  await writer.admit(
    inputOf("train-texts-open", { ...TRAINING, strategy: "texts", strategySha256: "2".repeat(64) }),
    null,
  );
  const jobs = await runs.jobs("texts");
  expect(jobs.map(({ text, kind, status, jobs: number, newest }) => [text?.[0], kind, status, number, newest])).toEqual(
    [
      ["2", "training", "open", 1, ["train-texts-open"]],
      [undefined, "backtest", "completed", 1, ["backtest-texts-elsewhere"]],
      ["1", "backtest", "completed", 1, ["backtest-texts-0"]],
      ["1", "training", "completed", 1, ["train-texts-0"]],
    ],
  );
});

it("lists every strategy on record once, with its newest job", async () => {
  const found = await runs.onRecord();
  const names = found.map(({ strategy }) => strategy);
  expect(names.toSorted()).toEqual(["again", "apart", "even", "measured", "still", "texts", "worthless"]);
  const row = await pool.query("select max(admitted_at) as at from jobs where strategy = 'texts'");
  const { at } = row.rows[0] as { at: Date };
  expect(found.find(({ strategy }) => strategy === "texts")?.newestJobAt).toBe(at.toISOString());
});

it("answers for names that are none, in whatever characters", async () => {
  expect(await runs.draws("\u0000'; drop table jobs")).toEqual([]);
  expect(await runs.jobs("\u0000")).toEqual([]);
  expect(await runs.standings(["\u0000nobody"])).toMatchObject([{ trainings: 0, backtests: 0, middle: null }]);
});

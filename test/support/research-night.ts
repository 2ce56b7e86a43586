/** A whole night of research, as a human would find it in the morning: 41 trainings, 62 backtests on three markets, and the rest. */
import { EXAMPLE_NAME, EXAMPLE_STRATEGY } from "../../src/domain/strategy/guide-example.ts";
import { headline } from "../../src/domain/kinds/index.ts";
import type { BacktestResult } from "../../src/domain/kinds/backtest.ts";
import type { TrainingRequest, TrainingResult } from "../../src/domain/kinds/training.ts";
import { createPool, run } from "../../src/store/pool.ts";
import { batchRequest, recordBatch } from "./batches.ts";
import { begun, ran } from "./experiments.ts";
import { BACKTEST, inputOf, outcomeOf, TRAINING } from "./job-inputs.ts";
import { backtestResult, recordEnd, trainingResult } from "./job-records.ts";
import { measure, requestOf, wave, type Known } from "./measured.ts";
import type { Stack } from "./mcp-stack.ts";
import { recordFailure } from "./night.ts";

const HELD = {
  SPX: { totalReturn: 0.57, annualReturn: 0.098, sharpe: 0.76, maxDrawdown: 0.1978, bars: 1_208 },
  NDX: { totalReturn: 1.06, annualReturn: 0.156, sharpe: 0.94, maxDrawdown: 0.2304, bars: 1_208 },
  GOLD: { totalReturn: 0.27, annualReturn: 0.049, sharpe: 0.41, maxDrawdown: 0.1852, bars: 1_208 },
} as const;

const IDEAS = [
  { strategy: "rsi_reversion_slow", symbol: "SPX", middle: 0.62 },
  { strategy: "macd_adx_trend", symbol: "NDX", middle: 0.88 },
  { strategy: "gold_squeeze", symbol: "GOLD", middle: -0.21 },
  { strategy: "stochastic_dips", symbol: "SPX", middle: 0.31 },
  { strategy: "ema_cross_gated", symbol: "NDX", middle: 0.47 },
  { strategy: "cci_turns", symbol: "GOLD", middle: 0.12 },
  { strategy: "obv_breakout", symbol: "SPX", middle: -0.44 },
  { strategy: "atr_channel", symbol: "NDX", middle: 0.05 },
  { strategy: "momentum_12_1", symbol: "GOLD", middle: 0.55 },
  { strategy: "adaptive_consensus_of_slow_oscillators_with_a_volatility_gate_v12", symbol: "SPX", middle: 0.74 },
] as const;

const DRAWS = 4;
const YEARS_BEFORE = { startDate: "2015-01-02", endDate: "2019-12-31" };
const YEARS_AFTER = { startDate: "2020-01-02", endDate: "2023-12-29" };

interface Night {
  /** Sharpe ratio of a strategy that survives; none does unless it is given. */
  readonly survivor?: number;
}

export async function recordNight(stack: Stack, { survivor }: Night = {}): Promise<void> {
  for (const [at, idea] of IDEAS.entries()) await recordIdea(stack, at, idea);
  if (survivor !== undefined) await recordIdea(stack, 20, { strategy: "calm_dips", symbol: "SPX", middle: survivor });
  await recordOdd(stack);
  await recordBatch(stack, "batch-night-1", batchRequest(3), [
    { training: "train-rsi_reversion_slow-0" },
    { training: "train-stochastic_dips-1" },
  ]);
  await recordMeasurement(stack, "backtest-macd_adx_trend-2");
  for (const [at, strategy] of ["keltner_fade", "vix_regime", "keltner_fade_wide"].entries())
    await stack.writer.admit(inputOf(`train-open-${at + 1}`, { ...TRAINING, strategy }), EXAMPLE_STRATEGY);
  await recordMemory(stack);
  await spreadOverNight(stack);
}

/** The draws of one strategy; of the first five also their backtests on later years. */
async function recordIdea(
  stack: Stack,
  at: number,
  {
    strategy,
    symbol,
    middle,
  }: { readonly strategy: string; readonly symbol: keyof typeof HELD; readonly middle: number },
): Promise<void> {
  for (let draw = 0; draw < DRAWS; draw += 1) {
    const training = `train-${strategy}-${draw}`;
    await recordModel(stack, training, { strategy, symbol, modelPath: `models/${strategy}/1d_v${draw}` });
    const sharpe = middle + 0.35 * Math.sin(1 + at * 5 + draw * 2);
    await recordRun(stack, `backtest-${strategy}-${draw}`, training, {
      strategy,
      symbol,
      sharpe,
      trades: 44 + at * 9 + draw,
      ...YEARS_BEFORE,
    });
    if (at >= 5) continue;
    const later = { strategy, symbol, sharpe: sharpe / 3 - 0.1, trades: 38 + at * 7 + draw, ...YEARS_AFTER };
    await recordRun(stack, `backtest-${strategy}-after-${draw}`, training, later);
  }
}

async function recordModel(
  { writer }: Stack,
  jobId: string,
  more: Partial<TrainingResult> & Pick<TrainingRequest, "strategy" | "symbol">,
): Promise<void> {
  const { strategy, symbol, endDate = TRAINING.endDate } = more;
  await writer.admit(inputOf(jobId, { ...TRAINING, strategy, symbol, endDate }), EXAMPLE_STRATEGY);
  const result = trainingResult(more);
  await writer.finish(jobId, { ...outcomeOf(jobId, "completed"), headline: headline(result) }, result, result.engine);
}

async function recordRun(
  { writer }: Stack,
  jobId: string,
  trainingJobId: string,
  more: Partial<BacktestResult> & { readonly sharpe: number; readonly symbol: keyof typeof HELD },
): Promise<void> {
  const { strategy = "", symbol, sharpe } = more;
  const modelPath = `models/${strategy}/1d_v${trainingJobId.at(-1)}`;
  const figures = {
    volatility: 0.11,
    annualReturn: sharpe * 0.11,
    totalReturn: (1 + sharpe * 0.11) ** 5 - 1,
    maxDrawdown: 0.21 - sharpe / 20,
  };
  const result = backtestResult({ buyAndHold: HELD[symbol], modelPath, ...figures, ...more });
  const { startDate, endDate } = result;
  await writer.admit(
    inputOf(jobId, { ...BACKTEST, strategy, symbol, trainingJobId, modelPath, startDate, endDate }),
    EXAMPLE_STRATEGY,
  );
  await writer.finish(jobId, { ...outcomeOf(jobId, "completed"), headline: headline(result) }, result, result.engine);
}

/** A splendid figure in-sample, one of seven trades, what failed, and what was stopped. */
async function recordOdd(stack: Stack): Promise<void> {
  const fit = { strategy: "perfect_fit", symbol: "SPX" } as const;
  await recordModel(stack, "train-perfect_fit-0", {
    ...fit,
    modelPath: "models/perfect_fit/1d_v0",
    endDate: "2019-12-31",
  });
  await recordRun(stack, "backtest-perfect_fit-0", "train-perfect_fit-0", {
    ...fit,
    sharpe: 4.21,
    trades: 212,
    ...YEARS_BEFORE,
  });
  await recordRun(stack, "backtest-rare_bird-0", "train-rsi_reversion_slow-0", {
    strategy: "rare_bird",
    symbol: "NDX",
    sharpe: 2.48,
    trades: 7,
    ...YEARS_BEFORE,
  });
  const lost =
    "KTRDR reports the training as failed: the worker training-worker-2 died at epoch 37 of 100, and no checkpoint was left.";
  await recordFailure(stack.writer, "train-wide_net-1", lost);
  await recordFailure(stack.writer, "train-wide_net-2", lost);
  const missing = {
    code: "data_not_found" as const,
    what: "There are no bars of GOLD 1h before 2019-03-04.",
    why: null,
    next: null,
  };
  await recordEnd(stack.writer, "train-gold_hourly-1", { status: "failed", failure: missing, headline: missing.what });
  await recordEnd(stack.writer, "train-slow_burn-1", {
    status: "cancelled",
    headline: "Stopped at 41 %: nothing was learnt after epoch 20.",
    partial: { percent: 41, step: "epoch 41 of 100", epochsSeen: 41, bestValLoss: 1.02, bestValAccuracy: 0.48 },
  });
}

async function recordMeasurement({ writer }: Stack, measures: string): Promise<void> {
  const counts = Array.from({ length: 16 }, (_, at) => (at + 1) * 72);
  const known: Known = { returns: wave(1_152, 1, 0.0004), market: wave(1_152, 3, 0.0003), counts, measures };
  const result = measure(known);
  const jobId = "measure-night-1";
  await writer.admit(
    {
      ...inputOf(jobId, TRAINING),
      request: { ...requestOf(known), strategy: "macd_adx_trend", symbol: "NDX" },
    } as never,
    null,
  );
  await writer.finish(
    jobId,
    { ...outcomeOf(jobId, "completed"), headline: headline(result) },
    { ...result, strategy: "macd_adx_trend", symbol: "NDX" },
    result.engine,
  );
}

/** Strategies, experiments and insights, through the tools that Claude has. */
async function recordMemory(stack: Stack): Promise<void> {
  for (const name of ["rsi_reversion_slow", "macd_adx_trend"]) {
    const yaml = EXAMPLE_STRATEGY.replace(`name: ${EXAMPLE_NAME}`, `name: ${name}`);
    const first = await stack.ask("create_strategy", { yaml });
    const second = { yaml: yaml.replace(/epochs: \d+/, "epochs: 77"), overwrite: true };
    await stack.ask("create_strategy", { ...second, replaces_sha256: first["sha256"] });
  }
  const concluded = await begun(stack, {
    hypothesis: "Buying dips of the RSI(14) on SPX pays after costs, because sellers overreact.",
    runs: 2,
  });
  await ran(stack, concluded, "backtest-dips-1", 0.31);
  await ran(stack, concluded, "backtest-dips-2", 0.22);
  await stack.ask("conclude_experiment", {
    experiment_id: concluded,
    conclusion: "Entries come too late; the filter costs more than it saves.",
  });
  await begun(stack, {
    hypothesis: "A volatility gate halves the drawdown of macd_adx_trend.",
    metric: "max_drawdown",
    direction: "at_most",
    threshold: 0.1,
  });
  const save = async (insight: string, more: Record<string, unknown>) =>
    String((await stack.ask("save_insight", { insight, ...more }))["insight_id"]);
  const early = await save("RSI dips on SPX 1d seem to pay: one draw reached a Sharpe of 0.97.", {
    category: "hypothesis",
    tags: ["rsi", "spx"],
    task_ids: ["backtest-rsi_reversion_slow-0"],
  });
  await save(
    "RSI(14) dips on SPX 1d 2015-2019: four draws, median Sharpe 0.6 against 0.76 of holding. What looked like an edge in one draw is the spread of the draws. Do not try other periods of the RSI; try another exit.",
    { category: "failure", tags: ["rsi", "spx"], importance: 8, supersedes: [early] },
  );
  await save("Training on NDX before 2005 needs the split-adjusted bars; the raw ones make every label a loss.", {
    category: "technique",
    tags: ["ndx"],
  });
}

/** Gives each job its minutes between nine hours ago and a moment ago, in the order in which they were recorded. */
async function spreadOverNight({ databaseUrl }: Stack): Promise<void> {
  const pool = createPool(databaseUrl, { max: 1 });
  await run(
    pool,
    `with placed as (select job_id, row_number() over (order by admitted_at, job_id) as n, count(*) over () as jobs from jobs)
     update jobs j set admitted_at = now() - interval '9 hours' * (1 - n::float8 / jobs) - interval '8 minutes',
       finished_at = case when status <> 'open' then now() - interval '9 hours' * (1 - n::float8 / jobs) end
     from placed p where p.job_id = j.job_id`,
  );
  await run(
    pool,
    `insert into computations (job_id, n, posting_at, known_operations, operation_id, worker_id, started_at, ended_at, fate)
     select job_id, 1, admitted_at, '{}', 'op_' || job_id, 'worker-1', admitted_at + interval '30 seconds', finished_at, status
     from jobs where finished_at is not null and kind in ('training', 'backtest') on conflict do nothing`,
  );
  await run(pool, "update research_control set paused_at = now() - interval '40 minutes', pause_reason = $1", [
    "The disk of the training host is being replaced; back at nine.",
  ]);
  await pool.end();
}

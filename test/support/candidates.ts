/** A record that makes a strategy worth proposing: its trainings, backtests and walk-forward, as workers would have left them. */
import { hash } from "node:crypto";
import type { BacktestRequest, BacktestResult } from "../../src/domain/kinds/backtest.ts";
import type { JobRequest, JobResult } from "../../src/domain/kinds/index.ts";
import type { WalkForwardRequest, WalkForwardResult } from "../../src/domain/kinds/walk-forward.ts";
import type { JobWriter } from "../../src/store/job-writer.ts";
import { BACKTEST, inputOf, outcomeOf, TRAINING } from "./job-inputs.ts";
import { backtestResult, trainingResult } from "./job-records.ts";

interface Wanted {
  /** What is left out. */
  readonly without?: readonly ("walk" | "costs" | "draws")[];
  /** Of the backtest that may be proposed. */
  readonly result?: Partial<BacktestResult>;
  readonly symbol?: string;
  /** In place of the text of its name. */
  readonly text?: string;
}

const WINDOW = { startDate: "2015-01-02", endDate: "2019-12-31" };
const TRAIN = { startDate: "2000-01-03", endDate: "2014-12-31" };
/** Annual, of the five draws. */
const SHARPES = [2.4, 2.2, 2.1, 0.8, -0.1];

/** @returns the backtest that may be proposed: the first of five draws */
export async function recordCandidate(writer: JobWriter, name: string, wanted: Wanted = {}): Promise<string> {
  const { without = [], symbol = "SPX", text = textOf(name) } = wanted;
  const draws = without.includes("draws") ? SHARPES.slice(0, 1) : SHARPES;
  for (const [n, sharpe] of draws.entries()) {
    await recordDraw(writer, name, { n, symbol, text });
    const id = n === 0 ? `backtest-${name}` : `backtest-${name}-draw-${n}`;
    await recordTraded(writer, id, requestOf(name, { n, symbol }), { sharpe, ...(n === 0 ? wanted.result : {}) });
  }
  if (!without.includes("costs")) await recordCostly(writer, name, { symbol });
  if (!without.includes("walk")) await recordWalk(writer, `walk-${name}`, name, { symbol });
  return `backtest-${name}`;
}

const textOf = (name: string): string => `name: ${name}`;
const shaOf = (name: string): string => hash("sha256", textOf(name));
const modelOf = (name: string, n: number): string => `models/${name}/1d_v${n + 1}`;

export const requestOf = (name: string, { n = 0, symbol = "SPX" }): BacktestRequest => ({
  ...BACKTEST,
  ...WINDOW,
  strategy: name,
  strategySha256: shaOf(name),
  symbol,
  modelPath: modelOf(name, n),
  trainingJobId: `train-${name}-${n}`,
});

async function recordDraw(
  writer: JobWriter,
  name: string,
  { n, symbol, text }: { readonly n: number; readonly symbol: string; readonly text: string },
): Promise<void> {
  const jobId = `train-${name}-${n}`;
  const request = { ...TRAINING, ...TRAIN, strategy: name, strategySha256: shaOf(name), symbol, draw: n + 1 };
  const result = trainingResult({ ...TRAIN, strategy: name, symbol, modelPath: modelOf(name, n) });
  await recordJob(writer, jobId, request, result, text);
}

async function recordTraded(
  writer: JobWriter,
  jobId: string,
  request: BacktestRequest,
  more: Partial<BacktestResult>,
): Promise<void> {
  const { strategy, symbol, modelPath, commission, slippage } = request;
  const result = backtestResult({ ...WINDOW, strategy, symbol, modelPath, commission, slippage, ...more });
  await recordJob(writer, jobId, request, result);
}

interface Costly {
  readonly symbol?: string;
  /** The draw whose model it trades; the first one has 0. */
  readonly n?: number;
  readonly commission?: number;
  readonly slippage?: number;
  readonly totalReturn?: number;
}

/** The backtest of a draw at twice its costs. */
export async function recordCostly(writer: JobWriter, name: string, wanted: Costly = {}): Promise<string> {
  const { symbol = "SPX", n = 0, commission = 0.002, slippage = 0.001, totalReturn = 0.1 } = wanted;
  const request = { ...requestOf(name, { n, symbol }), commission, slippage };
  const jobId = `backtest-${name}-costly-${n}-${commission}-${slippage}`;
  await recordTraded(writer, jobId, request, { totalReturn, sharpe: 0.7 });
  return jobId;
}

/** A walk-forward of one strategy, with so many standard errors above 0. */
export async function recordWalk(
  writer: JobWriter,
  jobId: string,
  name: string,
  { t = 2.66, symbol = "SPX" } = {},
): Promise<void> {
  const { kind: _kind, draw: _draw, ...training } = TRAINING;
  const costs = { initialCapital: 100_000, commission: 0.001, slippage: 0.0005 };
  const windows = [{ train: TRAIN, test: WINDOW, readFrom: "2014-10-20" }];
  const request: WalkForwardRequest = {
    ...training,
    ...WINDOW,
    ...costs,
    kind: "walk_forward",
    strategy: name,
    strategySha256: shaOf(name),
    symbol,
    anchored: true,
    gap: 0,
    windows,
    draws: 1,
  };
  const { engine, timeframe } = backtestResult();
  const figures = { sharpe: 0.9, ktrdrSharpe: 0.9, totalReturn: 0.3, trades: 40 };
  const window = { train: TRAIN, test: WINDOW, sharpes: [0.9], jobId: `${jobId}-window`, maxDrawdown: 0.1 };
  const result: WalkForwardResult = {
    kind: "walk_forward",
    strategy: name,
    symbol,
    timeframe,
    ...WINDOW,
    ...figures,
    anchored: true,
    gap: 0,
    draws: 1,
    windows: [{ ...window, ...figures, returns: 1_207, ktrdrVolatility: 0.1, holdSharpe: null }],
    equityPoints: 1_208,
    t,
    positive: 1,
    efficiency: null,
    caveats: [],
    engine,
  };
  await recordJob(writer, jobId, request, result);
}

export async function recordJob(
  writer: JobWriter,
  jobId: string,
  request: JobRequest,
  result: JobResult,
  text: string | null = null,
): Promise<void> {
  await writer.admit({ ...inputOf(jobId, TRAINING), request }, text);
  await writer.finish(jobId, outcomeOf(jobId, "completed"), result, result.engine);
}

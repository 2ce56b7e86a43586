import { z } from "zod";
import { MARKET, ORIGIN, WINDOW } from "../result.ts";
import type { Stored } from "../stored.ts";
import type { BacktestRequest } from "./backtest.ts";
import { Costs } from "./backtest.ts";
import { defineKind } from "./define-kind.ts";

/** One look at a holdout: the backtest of a candidate's model on the bars that are kept back. */
export const HoldoutRequest = z.strictObject({
  kind: z.literal("holdout"),
  strategy: z.string(),
  strategySha256: z.string().optional(),
  /** The open symbol; its holdout is computed on. */
  ...MARKET,
  /** The days of the holdout, those before it that KTRDR warms up on included. */
  ...WINDOW,
  modelPath: z.string(),
  trainingJobId: z.string(),
  ...Costs.shape,
  /** The backtest that is examined. */
  candidateJobId: z.string(),
  /** What makes two candidates the same: SHA-256 of model, market and costs. */
  candidate: z.string(),
});
export type HoldoutRequest = Stored<typeof HoldoutRequest>;

/** The answer, without any figure of the holdout: those are in the operator's part of the record. */
export const HoldoutResult = z.strictObject({
  kind: z.literal("holdout"),
  strategy: z.string(),
  ...MARKET,
  candidateJobId: z.string(),
  /** From 1; looks are counted for each symbol. */
  look: z.number(),
  passed: z.boolean(),
  /** The probability that luck was allowed. */
  level: z.number(),
  ...ORIGIN,
});
export type HoldoutResult = Stored<typeof HoldoutResult>;

/** What KTRDR is asked to compute, on another symbol than the request names. */
export const backtestOf = (
  { strategy, strategySha256, timeframe, startDate, endDate, modelPath, trainingJobId, ...rest }: HoldoutRequest,
  symbol: string,
): BacktestRequest => {
  const { initialCapital, commission, slippage } = rest;
  const text = strategySha256 === undefined ? {} : { strategySha256 };
  const model = { strategy, ...text, modelPath, trainingJobId };
  return { kind: "backtest", ...model, symbol, timeframe, startDate, endDate, initialCapital, commission, slippage };
};

/** The rule of a look, in words. */
export const ruleText = ({ look, level, symbol }: Pick<HoldoutResult, "look" | "level" | "symbol">): string =>
  `Look ${look} at the holdout of ${symbol} passes when luck explains at most ${(level * 100).toPrecision(3)} %. Each further look is stricter.`;

export const holdout = defineKind({
  name: "holdout",
  prefix: "holdout",
  workflow: "lookAtHoldout",
  computing: {
    operationType: "backtesting",
    workerTypes: ["backtesting"],
    holdsResult: ({ metrics }) => typeof metrics === "object" && metrics !== null,
    slotsOf: "backtest",
    sealed: true,
  },
  request: HoldoutRequest,
  result: HoldoutResult,
  subject: ({ strategy, symbol, timeframe }) => ({ strategy, symbol, timeframe }),
  summary: ({ strategy, symbol, timeframe, candidateJobId }) =>
    `look at the holdout of ${symbol} ${timeframe}: ${strategy}, candidate ${candidateJobId}`,
  computations: () => 1,
  insisted: () => [],
  headline: ({ look, symbol, passed }) => `look ${look} at the holdout of ${symbol}: ${passed ? "passed" : "failed"}`,
  told: ({ passed, look }) => ({ figures: { passed, look } }),
  origin: (_result, { candidateJobId }) => ({ candidate: candidateJobId }),
  startedBy: ["evaluate_on_holdout"],
  again: "A look is taken once: evaluate_on_holdout with the same task_id gives its answer.",
  mend: "The operator reads why with `ktrdr-mcp holdout status`.",
  next: "Only pass or fail is told. Tell the user; figures are for the operator.",
});

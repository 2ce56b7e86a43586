import { z } from "zod";
import { boundsOf, sizeOf } from "../batch.ts";
import { MARKET, ORIGIN, WINDOW } from "../result.ts";
import type { Stored } from "../stored.ts";
import { measuredFacts } from "../measured/facts.ts";
import { measuredHeadline } from "../measured/headline.ts";
import { BacktestRequest } from "./backtest.ts";
import { defineKind } from "./define-kind.ts";
import { datesText } from "./words.ts";

/** A finished backtest, and its prefixes: backtests of the same model from the same day to earlier ones. */
export const MeasurementRequest = z.strictObject({
  ...BacktestRequest.shape,
  kind: z.literal("measurement"),
  /** The job that is measured. */
  measures: z.string(),
  /** Last days of the prefixes (YYYY-MM-DD), ascending. The last one is the backtest's own. */
  ends: z.array(z.string()),
});
export type MeasurementRequest = Stored<typeof MeasurementRequest>;

/** Returns of bars that follow each other: how many, their sum and the sum of their squares. Of holding: the same bars. */
export const MeasuredBlock = z.strictObject({
  /** Last day, YYYY-MM-DD. */
  end: z.string(),
  count: z.number(),
  sum: z.number(),
  squares: z.number(),
  /** At its end, as a multiple of the capital. */
  equity: z.number(),
  holding: z
    .strictObject({
      sum: z.number(),
      squares: z.number(),
      /** What 1 became at its end, fully invested. */
      level: z.number(),
      /** The same at the run's volatility; null when the run or the price does not vary. */
      scaled: z.number().nullable(),
    })
    .nullable(),
});
export type MeasuredBlock = Stored<typeof MeasuredBlock>;

export const MeasurementResult = z.strictObject({
  kind: z.literal("measurement"),
  measures: z.string(),
  strategy: z.string(),
  ...MARKET,
  ...WINDOW,
  /** Raw figures of the whole backtest, computed again, that are not those on record. Empty: model and record agree. */
  differs: z.array(z.strictObject({ figure: z.string(), recorded: z.number(), measured: z.number() })),
  /** What explains that they differ; null when they agree. */
  because: z.string().nullable(),
  /** Day of the first point of the equity curve; the first day of the window when the bars could not be had. */
  begins: z.string(),
  /** Bars that a year has. */
  perYear: z.number(),
  /** The recorded figures of the backtest, bar by bar: annual, and a positive ratio. */
  sharpe: z.number().nullable(),
  maxDrawdown: z.number(),
  /** Volatility of the run over that of holding; null without bars, or when one does not vary. */
  exposure: z.number().nullable(),
  /** Empty when model and record do not agree. */
  blocks: z.array(MeasuredBlock),
  ...ORIGIN,
});
export type MeasurementResult = Stored<typeof MeasurementResult>;

export const measurement = defineKind({
  name: "measurement",
  prefix: "measure",
  workflow: "measureEquity",
  computing: null,
  request: MeasurementRequest,
  result: MeasurementResult,
  subject: ({ strategy, symbol, timeframe }) => ({ strategy, symbol, timeframe }),
  summary: ({ measures, ends }) => `measure ${measures} by ${ends.length} prefixes`,
  computations: (request) => Math.min(boundsOf(request).atOnce, sizeOf(request)),
  insisted: ({ insisted = [] }) => insisted,
  headline: measuredHeadline,
  told: (result, detail) => ({ figures: measuredFacts(result, detail) }),
  origin: (result) => ({ dates: datesText(result), measures: result.measures }),
  startedBy: ["measure_equity"],
  again: "To measure it again, repeat measure_equity with force_new_reason: prefixes that were computed stay.",
  mend: "Mend what the reason names, then repeat measure_equity with force_new_reason: prefixes that were computed stay.",
  next: "compare_results with two or more measurements of the same market and dates tells how likely their best is overfitted.",
});

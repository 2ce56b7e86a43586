import { z } from "zod";
import { boundsOf, sizeOf } from "../batch.ts";
import { MARKET, ORIGIN, WINDOW } from "../result.ts";
import type { Stored } from "../stored.ts";
import { walkFacts } from "../walk-forward/facts.ts";
import { walkHeadline } from "../walk-forward/headline.ts";
import { Costs } from "./backtest.ts";
import { defineKind } from "./define-kind.ts";
import { TrainingRequest } from "./training.ts";
import { datesText } from "./words.ts";

const Window = z.strictObject(WINDOW);
const figure = z.number().nullable();

/** One strategy, trained again and again, and traded on the days after each training. */
export const WalkForwardRequest = z.strictObject({
  ...TrainingRequest.omit({ draw: true, resumeFrom: true }).shape,
  kind: z.literal("walk_forward"),
  /** `startDate` and `endDate` are those of all test windows together. */
  ...WINDOW,
  /** Whether every training begins on the same day; else they are of one length. */
  anchored: z.boolean(),
  /** Bars left out between a training and its test. */
  gap: z.number(),
  /**
   * In their order. `test` begins with the day of the first traded bar; its backtest begins with `readFrom`, so that
   * KTRDR's warm-up ends when the window begins.
   */
  windows: z.array(z.strictObject({ train: Window, test: Window, readFrom: z.string() })),
  /** Trainings of each window. */
  draws: z.number(),
  ...Costs.shape,
});
export type WalkForwardRequest = Stored<typeof WalkForwardRequest>;

/** Sharpe ratios are annual, by the timeframe's own bars; other figures as of a backtest. */
export const WalkedWindow = z.strictObject({
  train: Window,
  test: Window,
  /** Of the draws that finished, ascending; null of one that never traded. */
  sharpes: z.array(figure),
  /** The backtest of the draw in the middle, of two the worse one. The figures below are its own. */
  jobId: z.string(),
  sharpe: figure,
  totalReturn: z.number(),
  maxDrawdown: z.number(),
  trades: z.number(),
  /** Returns of its equity curve. */
  returns: z.number(),
  /** As KTRDR gave them, annualised with 252. */
  ktrdrSharpe: z.number(),
  ktrdrVolatility: z.number(),
  /** Of holding over the same bars; null when it is not known. */
  holdSharpe: figure,
});
export type WalkedWindow = Stored<typeof WalkedWindow>;

export const WalkForwardResult = z.strictObject({
  kind: z.literal("walk_forward"),
  strategy: z.string(),
  ...MARKET,
  ...WINDOW,
  anchored: z.boolean(),
  gap: z.number(),
  /** Trainings of each window that were asked for. */
  draws: z.number(),
  windows: z.array(WalkedWindow),
  /** The windows as one run, by exact sums. `equityPoints` is one more than its returns, as of a backtest. */
  equityPoints: z.number(),
  sharpe: figure,
  ktrdrSharpe: figure,
  /** Standard errors that the mean return lies above 0. */
  t: figure,
  /** Compounded over the windows, a ratio. */
  totalReturn: z.number(),
  trades: z.number(),
  /** Windows whose Sharpe ratio is above 0. */
  positive: z.number(),
  /** Sharpe ratio of all test windows over that of all trainings, of the first draws; null unless the latter is above 0. */
  efficiency: figure,
  ...ORIGIN,
});
export type WalkForwardResult = Stored<typeof WalkForwardResult>;

export const walkForward = defineKind({
  name: "walk_forward",
  prefix: "walk",
  workflow: "walkForward",
  computing: null,
  request: WalkForwardRequest,
  result: WalkForwardResult,
  subject: ({ strategy, symbol, timeframe }) => ({ strategy, symbol, timeframe }),
  summary: ({ strategy, symbol, timeframe, windows, draws }) =>
    `walk forward ${strategy} on ${symbol} ${timeframe}, ${windows.length} windows, ${draws} draws`,
  computations: (request) => Math.min(boundsOf(request).atOnce, sizeOf(request)),
  insisted: ({ insisted = [] }) => insisted,
  headline: walkHeadline,
  told: (result, detail) => ({ figures: walkFacts(result, detail) }),
  origin: ({ anchored, gap, ...result }, { initialCapital, commission, slippage }) => ({
    dates: datesText(result),
    anchored,
    gap_bars: gap,
    initial_capital: initialCapital,
    commission,
    slippage,
  }),
  startedBy: ["start_walk_forward"],
  again: "To go on with it, repeat start_walk_forward with force_new_reason: what was computed is not computed again.",
  mend: "Mend what the reason names; then repeat start_walk_forward with force_new_reason: what was computed is not computed again.",
  next: "save_insight with what it taught. It is one trial: its luck counts everything that was tried on the symbol.",
});

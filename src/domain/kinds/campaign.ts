import { z } from "zod";
import { Dimension, Point } from "../campaign/dimension.ts";
import { campaignFacts } from "../campaign/facts.ts";
import { campaignHeadline } from "../campaign/headline.ts";
import { MARKET, ORIGIN, WINDOW } from "../result.ts";
import type { Stored } from "../stored.ts";
import { Costs } from "./backtest.ts";
import { defineKind } from "./define-kind.ts";
import { TrainingRequest } from "./training.ts";
import { WalkForwardRequest } from "./walk-forward.ts";
import { datesText } from "./words.ts";

const Window = z.strictObject(WINDOW);
const figure = z.number().nullable();

/** What a campaign may use up. Null: no bound of its own. */
export const CampaignBudget = z.strictObject({
  /** Trainings, those of draws and walk-forwards among them. */
  trainings: z.number(),
  /** Backtests and walk-forwards whose figures are shown. */
  trials: z.number(),
  /** Hours in which KTRDR's workers compute, those of two at once counted twice. */
  hours: figure,
  /** ISO-8601 UTC; afterwards no step is begun. */
  deadline: z.string().nullable(),
});
export type CampaignBudget = Stored<typeof CampaignBudget>;

/** A search among variations of one strategy: by validation loss first, by backtests of a few finalists then. */
export const CampaignRequest = z.strictObject({
  ...TrainingRequest.omit({ draw: true, resumeFrom: true }).shape,
  kind: z.literal("campaign"),
  /** Days of the finalists' backtests, which come after all trainings. */
  ...WINDOW,
  train: Window,
  dimensions: z.array(Dimension),
  method: z.enum(["spread", "adaptive"]),
  /** With the same seed and the same outcomes the same points are proposed. */
  seed: z.number(),
  /** Epochs of the base strategy, those of the last rung. */
  epochs: z.number(),
  budget: CampaignBudget,
  /** At most so many points are backtested. */
  finalists: z.number(),
  /** Trainings of each finalist. */
  draws: z.number(),
  /** The walk-forward of each finalist; null for none. */
  walk: WalkForwardRequest.pick({ anchored: true, gap: true, windows: true, draws: true })
    .extend({ startDate: z.string(), endDate: z.string() })
    .nullable(),
  ...Costs.shape,
  /** How many jobs of the campaign may be open at the same time. */
  atOnce: z.number(),
});
export type CampaignRequest = Stored<typeof CampaignRequest>;

export const STOP_REASONS = [
  "finished",
  "trainings",
  "trials",
  "hours",
  "deadline",
  "futility",
  "plateau",
  "failures",
  "space",
  "operator",
] as const;

/** Why something was not begun. */
export const CampaignStop = z.strictObject({ reason: z.enum(STOP_REASONS), says: z.string() });
export type CampaignStop = Stored<typeof CampaignStop>;

/** One rung over all brackets. */
export const RungTally = z.strictObject({
  epochs: z.number(),
  /** Trainings of each point while it climbs. */
  draws: z.number(),
  points: z.number(),
  /** Those of later draws among them: the last rung has them too. */
  trainings: z.number(),
  failed: z.number(),
});
export type RungTally = Stored<typeof RungTally>;

/** A point that was backtested. Sharpe ratios are annual. */
export const Finalist = z.strictObject({
  /** The strategy that was made of it. */
  strategy: z.string(),
  /** 0-based number of the point. */
  point: z.number(),
  /** By the names of the dimensions. */
  values: Point,
  /** Whether somebody suggested it; else it was proposed. */
  suggested: z.boolean(),
  /** Median validation loss of its saved models after all epochs. */
  loss: z.number(),
  /** Of its draws in their order; null of one that never traded. */
  sharpes: z.array(figure),
  /** A draw that never traded counts as 0; null when none traded. */
  median: figure,
  /** Standard error of the median because of the market alone (Lo, 2002). */
  error: figure,
  /** Median less both standard errors, of the market and of the draws, added by their squares: it ranks. */
  decisive: figure,
  /** The backtest of the draw in the middle. The figures below are its own. */
  jobId: z.string(),
  totalReturn: z.number(),
  maxDrawdown: z.number(),
  trades: z.number(),
  /** Its Sharpe ratio less that of buying and holding; null when that is not known. */
  excessSharpe: figure,
  /** The same backtest at twice the costs; null when there is none. */
  costs: z.strictObject({ jobId: z.string(), sharpe: figure, totalReturn: z.number() }).nullable(),
  walk: z
    .strictObject({
      jobId: z.string(),
      sharpe: figure,
      t: figure,
      windows: z.number(),
      positive: z.number(),
      worst: figure,
    })
    .nullable(),
  /** The measurement of its backtest, and whether its model is the one on record. */
  measured: z.strictObject({ jobId: z.string(), agrees: z.boolean() }).nullable(),
});
export type Finalist = Stored<typeof Finalist>;

export const CampaignResult = z.strictObject({
  kind: z.literal("campaign"),
  strategy: z.string(),
  ...MARKET,
  ...WINDOW,
  method: z.enum(["spread", "adaptive"]),
  /** Why the search ended, and why all of it did. */
  searchEnded: CampaignStop.nullable(),
  ended: CampaignStop,
  brackets: z.number(),
  /** Points that were proposed, and those of them that were no valid strategy. */
  points: z.number(),
  refused: z.number(),
  rungs: z.array(RungTally),
  /** What was used up by jobs that were begun. */
  used: z.strictObject({ trainings: z.number(), trials: z.number(), hours: z.number() }),
  /** Those with more draws first, of them the best; those that never traded last. */
  finalists: z.array(Finalist),
  /** Rank correlation of validation loss and Sharpe ratio over the finalists; null below three, or for several label settings. */
  proxy: z.strictObject({ rho: z.number(), p: z.number(), pairs: z.number() }).nullable(),
  /**
   * Whether the choice among the finalists is overfitted, over their measured blocks, as shares of splits
   * (domain/luck/overfitting.ts); null when it cannot be computed.
   */
  overfitting: z
    .strictObject({ probability: z.number(), loses: z.number(), blocks: z.number(), splits: z.number() })
    .nullable(),
  ...ORIGIN,
});
export type CampaignResult = Stored<typeof CampaignResult>;

export const campaign = defineKind({
  name: "campaign",
  prefix: "campaign",
  workflow: "campaign",
  computing: null,
  request: CampaignRequest,
  result: CampaignResult,
  subject: ({ strategy, symbol, timeframe }) => ({ strategy, symbol, timeframe }),
  summary: ({ strategy, symbol, timeframe, dimensions, budget }) =>
    `campaign over ${strategy} on ${symbol} ${timeframe}, ${dimensions.length} dimensions, ${budget.trainings} trainings`,
  computations: ({ atOnce }) => atOnce,
  insisted: ({ insisted = [] }) => insisted,
  headline: campaignHeadline,
  told: (result) => ({ figures: campaignFacts(result) }),
  origin: (result, { train, seed, epochs, initialCapital, commission, slippage }) => ({
    dates: datesText(result),
    trained: datesText(train),
    seed,
    epochs,
    initial_capital: initialCapital,
    commission,
    slippage,
  }),
  startedBy: ["start_campaign"],
  again:
    "To search anew, repeat start_campaign with force_new_reason: all points are trained again, and their backtests are trials again.",
  mend: "Mend what the reason names; then repeat start_campaign with force_new_reason.",
  next: "The best finalist is one of many: read its luck, walk-forward and costs first; save_insight with what was learnt.",
});

/**
 * The parts that results of several kinds share. Ratios are ratios (0.05 = 5 %), times are ISO-8601 UTC, money is in
 * account currency.
 */
import { z } from "zod";
import type { Stored } from "./stored.ts";

/** Which engine computed the result; every answer and record says so. */
export const Engine = z.strictObject({ name: z.enum(["ktrdr", "sandbox"]), version: z.string() });
export type Engine = Stored<typeof Engine>;

const figures = z.array(z.number());

export const LearningCurve = z.strictObject({
  trainLoss: figures,
  valLoss: figures,
  trainAccuracy: figures,
  valAccuracy: figures,
});
export type LearningCurve = Stored<typeof LearningCurve>;

/** A curve out of its four series. */
export const curveOf = (series: (name: keyof LearningCurve) => readonly number[]): LearningCurve => ({
  trainLoss: series("trainLoss"),
  valLoss: series("valLoss"),
  trainAccuracy: series("trainAccuracy"),
  valAccuracy: series("valAccuracy"),
});

/** Something a reader must know before trusting a figure. `code` is stable. */
export const Caveat = z.strictObject({ code: z.string(), text: z.string() });
export type Caveat = Stored<typeof Caveat>;

/** The bars of a job's market and dates, as they were when its result was recorded. */
export const DataFingerprint = z.strictObject({
  bars: z.number(),
  /** Times of the first and the last bar, as KTRDR tells them. */
  first: z.string(),
  last: z.string(),
  /** Over lines of time, open, high, low, close and volume. */
  sha256: z.string(),
});
export type DataFingerprint = Stored<typeof DataFingerprint>;

const labelShare = { label: z.string(), share: z.number() };

/** Share of the most frequent label (a ratio): the accuracy of a model that always gives that label. */
export const BaseRate = z.strictObject({
  ...labelShare,
  /** Of the test part alone; null when it is empty. */
  test: z.strictObject(labelShare).nullable(),
});
export type BaseRate = Stored<typeof BaseRate>;

export const BuyAndHold = z.strictObject({
  /** Ratio over the traded bars (warm-up left out), no costs. */
  totalReturn: z.number(),
  /** Null over fewer days than can be scaled to a year. */
  annualReturn: z.number().nullable(),
  /** Annualised with the timeframe's own bars per year; null when the price did not vary. */
  sharpe: z.number().nullable(),
  /** Ratio, positive. */
  maxDrawdown: z.number(),
  bars: z.number(),
});
export type BuyAndHold = Stored<typeof BuyAndHold>;

/** How far apart the values of several draws lie. */
export const Spread = z.strictObject({ median: z.number(), min: z.number(), max: z.number(), n: z.number() });
export type Spread = Stored<typeof Spread>;

/** Fields that several kinds have. */
export const MARKET = { symbol: z.string(), timeframe: z.string() };
/** ISO dates (YYYY-MM-DD), both days included, UTC. */
export const WINDOW = { startDate: z.string(), endDate: z.string() };
export const ORIGIN = { caveats: z.array(Caveat), engine: Engine };

/**
 * An experiment: what is expected, written down before anything runs, and judged by code afterwards. A result that was
 * known when its run was attached does not count, nor does a run beyond the announced number. So stopping when the
 * figures look good, or adding runs until they do, changes nothing.
 */
import { z } from "zod";
import type { JobRequest, JobResult } from "./kinds/index.ts";
import { placesOf } from "./comparison.ts";
import { isBranded } from "./insistence.ts";
import { overlaps, toEpochMs, type DateWindow } from "./market-data.ts";
import type { BacktestResult } from "./kinds/backtest.ts";
import { CANDIDATE_LUCK } from "./luck/luck.ts";
import { ENOUGH_TRADES, luckOfResult, luckText } from "./luck/run-luck.ts";
import { BAD_BARS } from "./results/bar-soundness.ts";
import { FIGURES, type FigureName } from "./results/figures.ts";
import { sharpeErrorOver } from "./results/sharpe-error.ts";
import { Spread } from "./result.ts";
import type { RunOnRecord } from "./run-on-record.ts";
import { spread } from "./statistics.ts";
import type { Stored } from "./stored.ts";

export const DIRECTIONS = ["at_least", "at_most"] as const;
const VERDICTS = ["supported", "not_supported", "cannot_be_told", "inconclusive"] as const;

export type Direction = (typeof DIRECTIONS)[number];

/** What decides: the median of a figure over the announced runs, on one side of a threshold. */
export interface Criterion {
  readonly metric: FigureName;
  readonly direction: Direction;
  /** In the unit of the figure. */
  readonly threshold: number;
  readonly runs: number;
}

/** The market and days that count. Runs on another market, or on days outside, do not. */
export interface Sample extends DateWindow {
  readonly symbol: string;
  readonly timeframe: string;
}

export interface NewExperiment extends Criterion {
  /** Untrusted: shown as data, never followed. */
  readonly hypothesis: string;
  readonly sample: Sample;
}

export const Judgement = z.strictObject({
  verdict: z.enum(VERDICTS),
  /** The figure over the runs that count; null while there is none. */
  value: Spread.nullable(),
  /** How many of them meet the criterion by themselves. */
  meet: z.number(),
  /** Why the verdict is not what the median alone would make it; null when it is. */
  because: z.string().nullable(),
  /** The Sharpe ratio beside a figure that is another; null for trainings and while there is none. */
  sharpe: Spread.nullable(),
  /** Backtests on these days whose figures were shown, and how far luck explains the deciding run among so many. */
  luck: z.strictObject({ trials: z.number(), probability: z.number().nullable() }).nullable(),
  counted: z.array(z.strictObject({ jobId: z.string(), value: z.number() })),
  leftOut: z.array(z.strictObject({ jobId: z.string(), why: z.string() })),
  /** What must be read with the verdict. */
  caveats: z.array(z.string()),
});
export type Judgement = Stored<typeof Judgement>;

export const Conclusion = z.strictObject({
  judgement: Judgement,
  /** The words of whoever concluded it. Untrusted: shown as data, never followed. */
  words: z.string(),
  client: z.string(),
  /** ISO-8601 UTC. */
  concludedAt: z.string(),
});
export type Conclusion = Stored<typeof Conclusion>;

export interface Experiment extends NewExperiment {
  readonly experimentId: string;
  readonly client: string;
  /** Backtests on its days whose figures were shown when it was written down; null when nobody counted them. */
  readonly alreadySeen: number | null;
  /** ISO-8601 UTC. */
  readonly startedAt: string;
  /** Null while it is open. */
  readonly conclusion: Conclusion | null;
}

/** A job of an experiment, or of a batch that belongs to one. */
export interface AttachedRun extends RunOnRecord {
  /** ISO-8601 UTC. */
  readonly attachedAt: string;
}

interface Counted {
  readonly jobId: string;
  readonly value: number;
  readonly result: JobResult | null;
}

/**
 * @param runs in the order in which they were attached
 * @param trials backtests on these days of this symbol whose figures were shown, by the ledger
 */
export function judge(experiment: NewExperiment, runs: readonly AttachedRun[], trials: number): Judgement {
  const counted: Counted[] = [];
  const leftOut: Judgement["leftOut"][number][] = [];
  const seen = new Map<string, string>();
  for (const run of runs) {
    const value = figureOf(experiment, run, seen);
    if (typeof value === "string") leftOut.push({ jobId: run.jobId, why: value });
    else if (counted.length === experiment.runs) leftOut.push({ jobId: run.jobId, why: "more than were announced" });
    else counted.push({ jobId: run.jobId, value, result: run.result });
  }
  const value = spread(counted.map((one) => one.value));
  const sharpes = counted.map(({ result }) => (result?.kind === "backtest" ? result.sharpe : null));
  return {
    ...verdictOf(experiment, counted, value, Math.max(trials, counted.length)),
    value,
    meet: counted.filter((one) => meets(experiment, one.value)).length,
    sharpe: experiment.metric === "sharpe" ? null : spread(sharpes),
    counted: counted.map(({ jobId, value: figure }) => ({ jobId, value: figure })),
    leftOut,
    caveats: value === null ? [] : [...mixtureOf(runs, counted), ...caveatsOf(experiment, value.median)],
  };
}

const meets = ({ direction, threshold }: Criterion, value: number): boolean =>
  direction === "at_least" ? value >= threshold : value <= threshold;

/** Figures of which a high value claims skill; luck may explain them. */
export const CLAIMS_SKILL: ReadonlySet<FigureName> = new Set([
  "sharpe",
  "excess_sharpe",
  "total_return",
  "annual_return",
  "excess_annual_return",
  "sortino",
  "calmar",
  "win_rate",
  "profit_factor",
]);

/**
 * By the median alone a criterion is met by luck, by a strategy that never trades, or because holding lost more. So the
 * run in the middle must have traded, and luck must not explain it among all that was tried on these days.
 */
function verdictOf(
  experiment: NewExperiment,
  counted: readonly Counted[],
  value: Spread | null,
  trials: number,
): Pick<Judgement, "verdict" | "because" | "luck"> {
  if (value === null || counted.length < experiment.runs) return { verdict: "inconclusive", because: null, luck: null };
  const middle = decidingRun(experiment, counted);
  const claims = experiment.direction === "at_least" && CLAIMS_SKILL.has(experiment.metric);
  const luck = claims && middle !== null ? luckOfResult(middle, trials, null) : null;
  const told = { luck: luck === null ? null : { trials, probability: luck.probability } };
  if (!meets(experiment, value.median)) return { verdict: "not_supported", because: null, ...told };
  if (middle !== null && experiment.metric !== "trades" && middle.trades < ENOUGH_TRADES) {
    const because = `the run in the middle made ${middle.trades} trades, and fewer than ${ENOUGH_TRADES} show no skill`;
    return { verdict: "cannot_be_told", because, ...told };
  }
  if (luck === null) return { verdict: "supported", because: null, ...told };
  if (luck.probability === null)
    return { verdict: "cannot_be_told", because: "there is no Sharpe to hold against luck", ...told };
  if (luck.probability <= CANDIDATE_LUCK) return { verdict: "supported", because: null, ...told };
  const because = `luck explains it: the best of ${trials} worthless strategies tried on these days shows its Sharpe of ${(middle?.sharpe ?? 0).toFixed(2)} in ${luckText(luck.probability)} of all searches`;
  return { verdict: "not_supported", because, ...told };
}

/** The run in the middle; of two the worse one. Null for trainings. */
function decidingRun(experiment: NewExperiment, counted: readonly Counted[]): BacktestResult | null {
  const sign = experiment.direction === "at_least" ? 1 : -1;
  const sorted = counted.toSorted((a, b) => sign * (a.value - b.value));
  const result = sorted[Math.ceil(sorted.length / 2) - 1]?.result;
  return result?.kind === "backtest" ? result : null;
}

/** The figure of a run, or why it does not count. */
function figureOf(experiment: NewExperiment, run: AttachedRun, seen: Map<string, string>): number | string {
  const { metric, sample } = experiment;
  const { job, result } = run;
  const { kind, of } = FIGURES[metric];
  if (job === null) return "announced, not begun";
  if (job.status === "open") return "not ended yet";
  if (job.kind !== kind) return `a ${job.kind}: ${metric} is a figure of a ${kind}`;
  if (job.symbol !== sample.symbol || job.timeframe !== sample.timeframe)
    return `on ${job.symbol ?? "?"} ${job.timeframe ?? "?"}`;
  if (job.status !== "completed" || result === null) return job.status;
  if (result.kind === "backtest" && result.measures !== undefined) return `a prefix that measures ${result.measures}`;
  if (result.kind === "backtest" && result.walks !== undefined) return "a window of a walk-forward";
  if (result.kind === "backtest" && result.watches !== undefined) return "it watches a champion";
  if (isBranded(result)) return "it saw the future";
  if (result.caveats.some(({ code }) => code === BAD_BARS)) return "its bars are bad";
  if (job.finishedAt !== null && toEpochMs(job.finishedAt) < toEpochMs(run.attachedAt))
    return "known before it was attached";
  const other = misfit(sample, job.trainedOn, result);
  if (other !== null) return other;
  const same = identityOf(result);
  const twin = same === null ? undefined : seen.get(same);
  if (twin !== undefined) return `the same backtest as ${twin}`;
  const value = of(result);
  if (value === null) return `has no ${metric}`;
  if (same !== null) seen.set(same, run.jobId);
  return value;
}

/**
 * Why a job that is asked for now can never count in an experiment, whatever comes out; null when it may. Of a batch nothing
 * is said: its items differ.
 */
export function cannotCount({ metric, sample }: NewExperiment, request: JobRequest): string | null {
  const { kind } = FIGURES[metric];
  // The model of a training may be backtested, and that is the run.
  if (request.kind === "batch" || (request.kind === "training" && kind === "backtest")) return null;
  if (request.kind !== kind) return `it is a ${request.kind}, and ${metric} is a figure of a ${kind}`;
  const { symbol, timeframe, startDate, endDate } = request;
  if (symbol !== sample.symbol || timeframe !== sample.timeframe) return `it is on ${symbol} ${timeframe}`;
  const inside = dayOf(startDate) >= sample.startDate && dayOf(endDate) <= sample.endDate;
  return inside ? null : `its days are not inside ${sample.startDate} to ${sample.endDate}`;
}

function misfit(sample: Sample, trainedOn: DateWindow | null, result: JobResult): string | null {
  if (result.kind !== "backtest" && result.kind !== "training") return null;
  const [first, last] = [dayOf(result.startDate), dayOf(result.endDate)];
  if (first < sample.startDate || last > sample.endDate) return `on ${first} to ${last}, not inside the sample`;
  if (result.kind === "training") return null;
  if (trainedOn === null) return "not known which days its model was trained on";
  return overlaps(trainedOn, result) ? "in-sample" : null;
}

const dayOf = (stamp: string): string => stamp.slice(0, 10);

/** Two backtests of one model on the same days give the same figures, so only one counts. */
function identityOf(result: JobResult): string | null {
  if (result.kind !== "backtest") return null;
  const { modelPath, startDate, endDate, initialCapital, commission, slippage } = result;
  return JSON.stringify([modelPath, startDate, endDate, initialCapital, commission, slippage]);
}

/** The caveat when runs under different conditions count together. */
function mixtureOf(runs: readonly AttachedRun[], counted: readonly { readonly jobId: string }[]): string[] {
  const ids = new Set(counted.map(({ jobId }) => jobId));
  const results = runs.flatMap(({ jobId, result }) => (ids.has(jobId) && result !== null ? [result] : []));
  const places = new Set(results.map(placesOf(results)));
  return places.size < 2
    ? []
    : [
        `The runs that count are not alike (${[...places].slice(0, SHOWN_PLACES).join("; ")}${places.size > SHOWN_PLACES ? "; ..." : ""}): the median mixes them.`,
      ];
}

const SHOWN_PLACES = 3;

function caveatsOf({ metric, threshold, sample, runs }: NewExperiment, value: number): string[] {
  const caveats = [
    runs === 1 && FIGURES[metric].kind === "backtest"
      ? "One run is one random draw of a model: another training of the same strategy gives another figure."
      : null,
    metric === "sharpe" ? errorOf(sample, value, threshold) : null,
  ];
  return caveats.filter((text) => text !== null);
}

function errorOf(sample: Sample, sharpe: number, threshold: number): string {
  const error = sharpeErrorOver(sharpe, sample);
  const distance = Math.abs(sharpe - threshold);
  const far = distance < 2 * error ? "well within what chance alone does" : "more than chance alone usually does";
  return `The standard error of a Sharpe ratio over these dates is ${error.toFixed(2)}; the distance from the threshold, ${distance.toFixed(2)}, is ${far}.`;
}

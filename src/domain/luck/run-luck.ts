import type { BacktestResult } from "../kinds/backtest.ts";
import type { WalkForwardResult } from "../kinds/walk-forward.ts";
import { percentText } from "../kinds/words.ts";
import { KTRDR_BARS_PER_YEAR } from "../results/bars-per-year.ts";
import { CANDIDATE_LUCK, findableSharpe, HALF, luckBar, luckOf } from "./luck.ts";
import {
  chanceAlone,
  deflatedSharpe,
  deflatedSharpe2014,
  minimumBars,
  probabilisticSharpe,
  revised2025,
  type MeasuredSharpe,
} from "./sharpe-probability.ts";

/** What a backtest's result says about its Sharpe ratio, and what was tried beside it. */
export interface LuckInput {
  /** Annual; null where it is not defined. */
  readonly sharpe: number | null;
  /** As KTRDR gave it: annualised with 252. */
  readonly ktrdrSharpe: number;
  readonly returns: number;
  readonly trades: number;
  /** Backtests of the symbol whose figures were shown, this one among them. */
  readonly trials: number;
  readonly symbol: string;
  /** Standard deviation of the annual Sharpe ratios of these backtests; null when it is not known. */
  readonly deviation: number | null;
  /** Why the figures prove nothing at all (a look ahead, in-sample, bad bars); null when nothing forbids to count them. */
  readonly worthless: string | null;
}

/** How far luck explains the figure of one backtest. Sharpe ratios are annual. */
export interface RunLuck {
  readonly trials: number;
  /** How often the best of so many worthless strategies looks this good; null when it cannot be told. */
  readonly probability: number | null;
  /** Why there is no probability; null when there is one. */
  readonly untold: string | null;
  /** Years of traded bars; null without a Sharpe ratio. */
  readonly years: number | null;
  /** What the best of them shows in half of all searches, and in one of twenty; null without a Sharpe ratio. */
  readonly bars: { readonly half: number; readonly twentieth: number } | null;
  /** PSR against 0, DSR with the variance of worthless trials, and the years after which PSR reaches 95 %. */
  readonly standard: { readonly psr: number; readonly dsr: number; readonly minimumYears: number | null } | null;
  /** The forms that were published in 2014 (with the variance of the trials themselves) and in 2025. They decide nothing. */
  readonly published: { readonly dsr2014: number | null; readonly psr2025: number } | null;
  /** All of it in words. */
  readonly sentence: string;
}

/**
 * @param trials backtests whose figures were shown, in the set from which this one was picked
 * @param worthless why the figures prove nothing, however they look
 * @param deviation of the annual Sharpe ratios of these backtests; null when it is not known
 */
export const luckOfResult = (
  result: BacktestResult | WalkForwardResult,
  trials: number,
  worthless: string | null,
  deviation: number | null = null,
): RunLuck =>
  runLuck({
    sharpe: result.sharpe,
    ktrdrSharpe: (result.kind === "backtest" ? result.raw["sharpe_ratio"] : result.ktrdrSharpe) ?? 0,
    returns: Math.max(0, result.equityPoints - 1),
    trades: result.trades,
    trials: Math.max(1, trials),
    symbol: result.symbol,
    deviation,
    worthless,
  });

/** Fewer trades do not show a skill, whatever the figure. */
export const ENOUGH_TRADES = 30;

export function runLuck(input: LuckInput): RunLuck {
  const { sharpe, ktrdrSharpe, returns, trials } = input;
  if (sharpe === null || ktrdrSharpe === 0 || returns < 2) {
    const untold = cannotTell(input) ?? "there is no Sharpe";
    const sentence = `${tried(input)} ${untoldText(untold)}`;
    return { trials, probability: null, untold, years: null, bars: null, ...NO_PROBABILITY, sentence };
  }
  const perBar = ktrdrSharpe / Math.sqrt(KTRDR_BARS_PER_YEAR);
  const barsPerYear = (sharpe / perBar) ** 2;
  const years = returns / barsPerYear;
  const measured: MeasuredSharpe = { sharpe: perBar, bars: returns };
  const untold = cannotTell(input);
  const probability = untold === null ? luckOf(chanceAlone(measured), trials) : null;
  const bars = {
    half: luckBar(trials, years, HALF),
    twentieth: luckBar(trials, years, CANDIDATE_LUCK),
  };
  return {
    trials,
    probability,
    untold,
    years,
    bars,
    ...(untold === null ? probabilities(measured, input, barsPerYear) : NO_PROBABILITY),
    sentence: [
      tried(input),
      barsText(trials, bars),
      ends(input, probability, untold),
      power(trials, years, probability),
    ]
      .filter((text) => text !== "")
      .join(" "),
  };
}

/** Where luck cannot be told, no other probability may look as if it could. */
const NO_PROBABILITY = { standard: null, published: null } as const;

function probabilities(measured: MeasuredSharpe, { trials, deviation }: LuckInput, barsPerYear: number) {
  const needed = minimumBars(measured) / barsPerYear;
  return {
    standard: {
      psr: probabilisticSharpe(measured),
      dsr: deflatedSharpe(measured, trials),
      minimumYears: Number.isFinite(needed) ? needed : null,
    },
    published: {
      dsr2014: deviation === null ? null : deflatedSharpe2014(measured, trials, deviation ** 2 / barsPerYear),
      psr2025: revised2025(measured).probability,
    },
  };
}

/** Never "0 %": nothing excludes luck. */
export function luckText(probability: number): string {
  if (probability < 0.001) return "less than 0.1 %";
  return percentText(probability, probability >= 0.1 ? 0 : 1);
}

const figureText = (value: number): string => value.toFixed(2);

const tried = ({ trials, symbol }: LuckInput): string =>
  trials === 1 ? `This is the only backtest tried on ${symbol}.` : `${trials} backtests were tried on ${symbol}.`;

const barsText = (trials: number, { half, twentieth }: { readonly half: number; readonly twentieth: number }): string =>
  trials === 1
    ? `One worthless strategy shows a Sharpe of ${figureText(twentieth)} or more in one of twenty searches;`
    : `The best of ${trials} worthless strategies shows a Sharpe of ${figureText(half)} or more in half of all such searches and ${figureText(twentieth)} in one of twenty;`;

const ends = ({ sharpe }: LuckInput, probability: number | null, untold: string | null): string =>
  `this one shows ${figureText(sharpe ?? 0)}${probability === null ? `. ${untoldText(untold ?? "")}` : `: luck does that in ${luckText(probability)}.`}`;

const untoldText = (why: string): string => `Whether it is luck cannot be told: ${why}.`;

/** In a few words, for rows. */
export const luckInShort = ({ probability, untold }: RunLuck): string =>
  probability === null ? `cannot be told: ${untold ?? ""}` : luckText(probability);

/** Why no probability can be given; null when it can. */
function cannotTell({ worthless, trades, sharpe }: LuckInput): string | null {
  if (worthless !== null) return worthless;
  if (trades === 0) return "it made no trade";
  if (trades < ENOUGH_TRADES)
    return `${trades === 1 ? "one trade is" : `${trades} trades are`} too few, at least ${ENOUGH_TRADES} are needed`;
  return sharpe === null ? "there is no Sharpe" : null;
}

/** What so many years can show at all, said where luck was not excluded. */
const power = (trials: number, years: number, probability: number | null): string =>
  probability !== null && probability <= CANDIDATE_LUCK
    ? ""
    : `These ${years.toFixed(1)} years find a true Sharpe of ${figureText(findableSharpe(trials, years))} or more in four of five such searches.`;

/**
 * Simulated searches through the product's own decision: how often it calls the best of N worthless strategies an edge,
 * and how often it finds a true one. Beside it what the Deflated Sharpe Ratio would say, with the variance of worthless
 * trials and as published in 2014, and an oracle that knows which trial is the true one and is asked about that alone.
 * `SEARCHES=1000` simulates fewer, `SEED=2` others. Then the time of the chance of overfitting over 200 strategies.
 */
import { CANDIDATE_LUCK } from "../src/domain/luck/luck.ts";
import { blockCorrelation, blocksOf, blockSharpe, pooled, varianceRatio } from "../src/domain/luck/blocks.ts";
import { overfitting } from "../src/domain/luck/overfitting.ts";
import { runLuck } from "../src/domain/luck/run-luck.ts";
import { sharpeDifference } from "../src/domain/luck/sharpe-difference.ts";
import { deflatedSharpe2014 } from "../src/domain/luck/sharpe-probability.ts";
import { mean, standardDeviation } from "../src/domain/statistics.ts";
import { report, timed } from "./support.ts";

const SEARCHES = Number(process.env["SEARCHES"] ?? 10_000);
const BARS = 252;

/** mulberry32: the same numbers for the same seed, everywhere. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const uniform = random(Number(process.env["SEED"] ?? 1));
const normal = (): number => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());

interface Scenario {
  readonly name: string;
  readonly trials: number;
  readonly years: number;
  /** True annual Sharpe ratio of the first trial; 0 when there is nothing to find. */
  readonly edge: number;
  /** Correlation of all trials with each other. */
  readonly correlation?: number;
  /** How far the losers differ: each has a true Sharpe ratio of minus |normal| times this. */
  readonly losers?: number;
  /** Returns instead of estimates: fat tails (Student's t with 3 degrees) or an autocorrelation. Slow. */
  readonly returns?: { readonly fat: boolean; readonly follows: number };
}

/** The measured annual Sharpe ratios of one search. */
function search({ trials, years, edge, correlation = 0, losers = 0, returns }: Scenario): number[] {
  const common = normal();
  return Array.from({ length: trials }, (_, at) => {
    const truth = at === 0 ? edge : -losers * Math.abs(normal());
    if (returns !== undefined) return truth + annualSharpe(years * BARS, returns);
    const noise = Math.sqrt(correlation) * common + Math.sqrt(1 - correlation) * normal();
    return truth + (noise * Math.sqrt(1 + truth ** 2 / BARS / 2)) / Math.sqrt(years);
  });
}

function annualSharpe(bars: number, { fat, follows }: { readonly fat: boolean; readonly follows: number }): number {
  let before = normal();
  const values = Array.from({ length: bars }, () => {
    const shock = fat ? normal() / Math.sqrt((normal() ** 2 + normal() ** 2 + normal() ** 2) / 3) : normal();
    before = follows * before + shock;
    return before;
  });
  return (mean(values) / standardDeviation(values)) * Math.sqrt(BARS);
}

function row(scenario: Scenario) {
  const { name, trials, years, edge, returns } = scenario;
  const searches = returns === undefined ? SEARCHES : Math.max(100, Math.round(SEARCHES / 10));
  const counts = { luck: 0, dsr: 0, published: 0, oracle: 0 };
  for (let at = 0; at < searches; at += 1) {
    const found = search(scenario);
    const best = found.indexOf(Math.max(...found));
    const said = judged(found[best] ?? 0, trials, years);
    // With an edge, only finding that one counts.
    const right = edge === 0 || best === 0;
    if (right && said.luck <= CANDIDATE_LUCK) counts.luck += 1;
    if (right && said.dsr >= 0.95) counts.dsr += 1;
    const measured = { sharpe: (found[best] ?? 0) / Math.sqrt(BARS), bars: years * BARS };
    const variance = trials < 2 ? 0 : standardDeviation(found) ** 2 / BARS;
    if (right && deflatedSharpe2014(measured, trials, variance) >= 0.95) counts.published += 1;
    if (judged(found[0] ?? 0, 1, years).luck <= CANDIDATE_LUCK) counts.oracle += 1;
  }
  const percent = (count: number) => Math.round((count / searches) * 1_000) / 10;
  return {
    what: name,
    "true Sharpe": edge,
    trials,
    years,
    searches,
    "luck <= 5 % (%)": percent(counts.luck),
    "DSR >= .95 (%)": percent(counts.dsr),
    "DSR of 2014 (%)": percent(counts.published),
    "oracle (%)": percent(counts.oracle),
  };
}

/** What the product says about a run with this annual Sharpe ratio. */
function judged(sharpe: number, trials: number, years: number) {
  const given = {
    sharpe,
    ktrdrSharpe: sharpe,
    returns: years * BARS,
    trades: 100,
    symbol: "SIM",
    deviation: null,
    worthless: null,
  };
  const { probability, standard } = runLuck({ ...given, trials });
  return { luck: probability ?? 1, dsr: standard?.dsr ?? 0 };
}

const SCENARIOS: readonly Scenario[] = [
  ...[1, 10, 63, 250, 1_000].map((trials) => ({ name: "all worthless", trials, years: 5, edge: 0 })),
  ...[1, 10, 20].map((years) => ({ name: "all worthless", trials: 63, years, edge: 0 })),
  { name: "worthless, losers differ", trials: 63, years: 5, edge: 0, losers: 1 },
  { name: "worthless, correlated .5", trials: 63, years: 5, edge: 0, correlation: 0.5 },
  { name: "63 clones of one", trials: 63, years: 5, edge: 0, correlation: 0.99 },
  { name: "worthless, fat tails", trials: 63, years: 5, edge: 0, returns: { fat: true, follows: 0 } },
  { name: "worthless, autocorrelated .1", trials: 63, years: 5, edge: 0, returns: { fat: false, follows: 0.1 } },
  ...[1, 1.5, 2].map((edge) => ({ name: "one edge", trials: 63, years: 5, edge })),
  ...[1, 1.5].map((edge) => ({ name: "one edge", trials: 63, years: 15, edge })),
  { name: "one edge, losers differ", trials: 63, years: 5, edge: 1.5, losers: 1 },
  { name: "one edge", trials: 1_000, years: 20, edge: 1 },
];

await report("honesty", SCENARIOS.map(row));

/** A strategy's account at the ends of 16 blocks of 63 days, as prefix backtests would tell it. */
function measured() {
  let [sum, squares] = [0, 0];
  const prefixes = Array.from({ length: 16 }, (_, at) => {
    for (let bar = 0; bar < 63; bar += 1) {
      const value = 0.01 * normal();
      sum += value;
      squares += value ** 2;
    }
    const returns = (at + 1) * 63;
    const deviation = Math.sqrt(squares / returns - (sum / returns) ** 2);
    return { returns, sharpe: (sum / returns / deviation) * Math.sqrt(BARS), volatility: deviation * Math.sqrt(BARS) };
  });
  return blocksOf(prefixes);
}

const strategies = Array.from({ length: 200 }, measured);
const took = await timed(async () => overfitting(strategies));
const { splits, probability, strict, loses, slope, intercept, medianLogit } = overfitting(strategies);
const overfitted = { strategies: 200, splits, ms: Math.round(took), probability, strict, loses, slope, intercept };
await report("overfitting", [{ ...overfitted, medianLogit }]);

const [first = [], second = []] = strategies;
const [a, b] = [pooled(first), pooled(second)];
const correlation = blockCorrelation(
  first.map(({ sum }) => sum),
  second.map(({ sum }) => sum),
);
const { ratio, error: ratioError } = varianceRatio(first);
const { z, error, probability: byChance } = sharpeDifference(blockSharpe(a), blockSharpe(b), correlation, a.count);
await report("two worthless strategies", [
  { correlation, "variance ratio": ratio, "its error": ratioError, z, error, "by chance": byChance },
]);

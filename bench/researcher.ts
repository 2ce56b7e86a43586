/**
 * A researcher without a mind: tries many random strategies on a market, takes the one that looks best, writes an experiment
 * down for days that nobody has looked at, and believes the verdict. It knows only what the tools tell it.
 */
import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import { Anything, Started, Status } from "../demo/answers.ts";
import type { Claude } from "../demo/claude.ts";
import { seededRandom, type Random } from "../sandbox/engine/random.ts";

/** Days to train on, days to search on, and days of the exam; those of the exam come last. */
const DAYS = {
  search: { train: ["2000-01-03", "2006-12-29"], test: ["2007-01-02", "2010-12-31"] },
  exam: { train: ["2000-01-03", "2010-12-31"], test: ["2011-01-03", "2022-12-30"] },
} as const;
const DRAWS = 5;

export interface Search {
  /** Highest Sharpe ratio of the search, of a single draw. */
  readonly bestSharpe: number;
  /** What the product says of luck beside the strategy that leads. */
  readonly luck: string;
  readonly verdict: string;
  readonly headline: string;
}

const Batch = z.looseObject({
  groups: z.array(
    z.looseObject({
      strategy: z.string(),
      luck: z.string().optional(),
      sharpe: z.looseObject({ max: z.number() }).optional(),
    }),
  ),
});
const Concluded = z.looseObject({ verdict: z.string(), headline: z.string() });

/** Saves so many random strategies; the same seed gives the same ones. @returns their names */
export async function inventIdeas(claude: Claude, seed: number, count: number): Promise<string[]> {
  const random = seededRandom(seed);
  const names: string[] = [];
  while (names.length < count) {
    const name = `idea_${names.length}`;
    await claude.call("create_strategy", { yaml: randomStrategy(name, random) }, Anything);
    names.push(name);
  }
  return names;
}

/**
 * One search on one market, from the first try to the verdict.
 * @param onStarted called whenever a batch has been started, to disturb it
 */
export async function research(
  claude: Claude,
  symbol: string,
  ideas: readonly string[],
  onStarted: () => void = () => undefined,
): Promise<Search> {
  const run = async (what: Readonly<Record<string, unknown>>) => await batch(claude, what, onStarted);
  const searched = await run({ strategies: ideas, symbols: [symbol], periods: [DAYS.search] });
  const { groups } = await claude.call("get_results", { task_id: searched, detail: "full" }, Batch);
  const [leader] = groups;
  if (leader === undefined) throw new Error(`${searched} has no groups`);
  const [start_date, end_date] = DAYS.exam.test;
  const expected = { metric: "sharpe", threshold: 0.5, runs: DRAWS, symbol, timeframe: "1d", start_date, end_date };
  const hypothesis = `${leader.strategy} pays on ${symbol}`;
  const { experiment_id } = await claude.call("start_experiment", { hypothesis, ...expected }, Anything);
  await run({
    strategies: [leader.strategy],
    symbols: [symbol],
    periods: [DAYS.exam],
    draws: DRAWS,
    experiment_id,
  });
  const conclusion = "As the verdict says.";
  const { verdict, headline } = await claude.call("conclude_experiment", { experiment_id, conclusion }, Concluded);
  const sharpes = groups.flatMap(({ sharpe }) => sharpe?.max ?? []);
  return { bestSharpe: Math.max(...sharpes), luck: leader.luck ?? "nothing", verdict, headline };
}

async function batch(claude: Claude, what: Readonly<Record<string, unknown>>, onStarted: () => void): Promise<string> {
  const args = { work: "both", at_once: 8, max_failures: 1_000, ...what };
  const { task_id } = await claude.call("start_batch", args, Started);
  onStarted();
  for (;;) {
    const status = await claude.call("get_task_status", { task_id, wait_seconds: 45 }, Status);
    if (status.final) return task_id;
    await delay(100);
  }
}

/** One or two indicators of random length, three zones each, a small network, and zigzag labels of a random size. */
function randomStrategy(name: string, random: Random): string {
  const between = (least: number, most: number): number => least + Math.floor(random() * (most - least + 1));
  const oscillator = random() < 0.5 ? "rsi" : "mfi";
  const average = between(10, 120);
  return `name: ${name}
version: "3.0"
training_data:
  symbols: {mode: single, symbol: SPX}
  timeframes: {mode: single, timeframe: 1d}
  history_required: 200
indicators:
  swing: {type: ${oscillator}, period: ${between(3, 30)}}
  stance: {type: distancefromma, period: ${average}, ma_type: ${random() < 0.5 ? "SMA" : "EMA"}}
fuzzy_sets:
  zone:
    indicator: swing
    low: {type: trapezoidal, parameters: [-1, 0, ${between(15, 30)}, 50]}
    middle: [${between(20, 35)}, 50, ${between(65, 80)}]
    high: {type: trapezoidal, parameters: [50, ${between(70, 85)}, 100, 101]}
  side:
    indicator: stance
    under: {type: trapezoidal, parameters: [-90, -80, -2, 1]}
    over: {type: trapezoidal, parameters: [-1, 2, 80, 90]}
nn_inputs:
  - {fuzzy_set: zone, timeframes: all}
  - {fuzzy_set: side, timeframes: all}
model:
  type: mlp
  architecture: {hidden_layers: [${between(4, 12)}], dropout: 0.1, activation: relu}
decisions:
  output_format: classification
  confidence_threshold: ${(between(35, 45) / 100).toFixed(2)}
training:
  epochs: ${between(8, 15)}
  batch_size: 64
  learning_rate: 0.005
  loss: cross_entropy
  labels: {source: zigzag, zigzag_threshold: ${(between(15, 40) / 1_000).toFixed(3)}, label_lookahead: ${between(8, 25)}}
  data_split: {train: 0.7, validation: 0.15, test: 0.15}
`;
}

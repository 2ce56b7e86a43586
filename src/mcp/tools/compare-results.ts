import { z } from "zod";
import { compare, MARKET_ERROR_KNOWN, type Group } from "../../domain/comparison.ts";
import { DomainError } from "../../domain/errors.ts";
import { isBranded } from "../../domain/insistence.ts";
import { FIGURES, FIGURES_TO_CHOOSE, FIGURE_NAMES, type FigureName } from "../../domain/results/figures.ts";
import { median } from "../../domain/statistics.ts";
import { differences, type Difference } from "../../domain/strategy/difference.ts";
import { compact, rounded, enginesText } from "../../domain/facts.ts";
import { luckInShort } from "../../domain/luck/run-luck.ts";
import { symbolsOf, weighRuns, type WeighedRun } from "../../research/jobs/luck-of.ts";
import { runsToCompare, type RunToCompare } from "../../research/jobs/compared-runs.ts";
import { comparedMeasurements } from "../../research/jobs/measured-runs.ts";
import { linesOfRuns } from "../../research/results/equity-lines.ts";
import { measuredComparison } from "../measured-comparison.ts";
import { defineTool } from "../define-tool.ts";
import { chart, taskId } from "../fields.ts";

const SHOWN = { brief: { differences: 5, runs: 10, ids: 3 }, standard: { differences: 25, runs: 200, ids: 200 } };
const FEW_DRAWS = 3;
const SHOWN_IDS = 10;
const FEW_TRADES = 30;

export const compareResults = defineTool({
  name: "compare_results",
  title: "Compare results",
  description: `Puts finished runs side by side: figures by strategy, what differs, and which differences are more than chance. A batch stands for its runs. Runs of the same strategy text on the same market and dates are draws of one group, told as median and range. Ranked are only groups of the same market, dates, costs and engine.

"beyond chance": in a whole comparison of equal strategies at most once in twenty. "within chance": no reason to prefer the best. "cannot be told": too few draws, and how many would do. "luck": how often luck alone looks like the run in the middle, among all tried. Backtests or trainings, not both. Two or more measurements (measure_equity): the probability that their best is overfitted (PBO).

Example: {"task_ids": ["batch-SPX_1d-1b2c3d4e"], "figure": "sharpe"}`,
  input: z.strictObject({
    task_ids: z.array(taskId).min(1).max(200).describe("Finished jobs or batches."),
    figure: z.enum(FIGURES_TO_CHOOSE).optional().describe("What they are ranked by. Default sharpe, or test_accuracy."),
    detail: z.enum(["brief", "standard"]).default("brief").describe("standard: every figure and difference."),
    chart,
  }),
  output: z.object({
    headline: z.string(),
    figure: z.string(),
    engine: z.string(),
    groups: z.array(z.looseObject({ strategy: z.string() })),
    runs: z.array(z.looseObject({ task_id: z.string() })),
    more_runs: z.number().optional(),
    overfitting: z.looseObject({}).optional(),
    caveats: z.array(z.string()),
    next: z.string(),
  }),
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  quotes: true,
  async handle({ task_ids, figure: wanted, detail, chart: drawn }, { deps, attach }) {
    const ids = [...new Set(task_ids)];
    const measured = await comparedMeasurements(deps, ids);
    if (measured !== null) {
      if (wanted !== undefined && wanted !== "sharpe") throw bySharpeOnly(wanted);
      if (drawn) attach(await deps.charts.equity(linesOfRuns(measured.runs)).png());
      return measuredComparison(measured);
    }
    const { runs, growing } = await runsToCompare(deps, ids);
    const figure =
      wanted ?? USUAL.find((name) => runs.some(({ result }) => FIGURES[name].of(result) !== null)) ?? "sharpe";
    if (runs.every(({ result }) => FIGURES[figure].of(result) === null)) throw withoutFigure(figure, runs);
    const groups = compare(figure, runs);
    if (drawn) {
      const named = groups.map((group) => ({ ...group, name: runOf(group, runs)?.job.strategy ?? "?" }));
      attach(await deps.charts.comparison(figure, named).png());
    }
    const shown = SHOWN[detail];
    const weighed = await weighRuns(deps, groups.map(middleOf), symbolsOf(runs), "all symbols");
    return {
      headline: headlineOf(figure, groups, runs),
      figure,
      engine: enginesText(runs.map(({ result }) => result.engine)) ?? "unknown",
      groups: groupsFacts(figure, groups, { runs, weighed }, shown),
      runs: runs.slice(0, shown.runs).map((run) => runFacts(run, detail === "brief" ? BRIEF : FIGURE_NAMES)),
      ...compact({ more_runs: runs.length > shown.runs ? runs.length - shown.runs : null }),
      caveats: caveatsOf(figure, groups, runs, growing),
      next: nextOf(groups),
    };
  },
});

const bySharpeOnly = (figure: FigureName) =>
  new DomainError("invalid_input", {
    what: `Measurements are not compared by ${figure}: their blocks give Sharpe ratios.`,
    valid: ["sharpe"],
    next: "repeat the call without figure, or compare the backtests that they measure",
  });

/** The default figure is the first of these that a run has. */
const USUAL = ["sharpe", "test_accuracy", "directional_accuracy"] as const satisfies readonly FigureName[];

const BRIEF: readonly FigureName[] = [
  "sharpe",
  "annual_return",
  "max_drawdown",
  "trades",
  "test_accuracy",
  "directional_accuracy",
  "final_val_loss",
];

function nextOf(groups: readonly Group[]): string {
  const needed = groups.flatMap(({ againstBest }) => againstBest?.drawsNeeded ?? []);
  return needed.length === 0
    ? "get_results with a task_id shows a run in full; save_insight with what the comparison taught."
    : `start_batch with work both and draws ${Math.max(...needed)} for these strategies (what was computed is not computed again), then compare the batch; or compare fewer of them.`;
}

const withoutFigure = (figure: FigureName, [first]: readonly RunToCompare[]) =>
  new DomainError("invalid_input", {
    what: `None of these runs has ${figure}.`,
    valid: FIGURES_TO_CHOOSE.filter((name) => FIGURES[name].kind === first?.result.kind),
    next: "repeat the call with one of them",
  });

/** The run in the middle; of two the one with the lower figure. */
function middleOf({ jobIds, values }: Group): string {
  const sorted = jobIds.map((jobId, at) => ({ jobId, value: values[at] ?? 0 })).toSorted((a, b) => a.value - b.value);
  return sorted[Math.ceil(sorted.length / 2) - 1]?.jobId ?? "";
}

const runOf = (group: Group | undefined, runs: readonly RunToCompare[]): RunToCompare | undefined =>
  runs.find(({ jobId }) => jobId === group?.jobIds[0]);

function headlineOf(figure: FigureName, groups: readonly Group[], runs: readonly RunToCompare[]): string {
  const places = [...Map.groupBy(groups, ({ place }) => place).values()];
  const [only, second] = places;
  if (second === undefined) return bestOf(figure, only ?? [], runs);
  const ranked = places.filter(({ length }) => length > 1);
  const [first, ...others] = ranked;
  if (first === undefined)
    return `Nothing is ranked: each strategy ran on another market, on other dates or otherwise (${places.length} places).`;
  const more = others.length === 0 ? "" : ` ${others.length} more places are ranked apart.`;
  return `On ${first[0]?.place ?? "?"}: ${bestOf(figure, first, runs)}${more}`;
}

function bestOf(figure: FigureName, [best, ...others]: readonly Group[], runs: readonly RunToCompare[]): string {
  const first = runOf(best, runs);
  const brand = first !== undefined && isBranded(first.result) ? " (looks ahead, proves nothing)" : "";
  const name = `${first?.job.strategy ?? "?"}${brand}`;
  const median = rounded(best?.median ?? null);
  if (others.length === 0) return `All runs are draws of ${name}: ${figure} ${median} in the middle.`;
  const beyond = others.filter(({ againstBest }) => againstBest?.chance === "beyond chance").length;
  const rest =
    beyond === others.length
      ? "better than every other by more than chance"
      : beyond === 0
        ? "by no difference that is known to be more than chance"
        : `better than ${beyond} of ${others.length} others by more than chance`;
  return `Best ${figure}: ${name} with ${median}, ${rest}.`;
}

type Shown = (typeof SHOWN)["brief" | "standard"];

interface Compared {
  readonly runs: readonly RunToCompare[];
  readonly weighed: ReadonlyMap<string, WeighedRun>;
}

/** Each group, compared with the best one of its place. */
function groupsFacts(figure: FigureName, groups: readonly Group[], compared: Compared, shown: Shown) {
  const { runs } = compared;
  const bests = new Map(groups.filter(({ againstBest }) => againstBest === null).map((best) => [best.place, best]));
  return groups.map((group) => {
    const best = runOf(bests.get(group.place), runs);
    const alone = groups.filter(({ place }) => place === group.place).length === 1;
    const differs = group.againstBest === null ? [] : differencesOf(best, runOf(group, runs));
    return {
      ...groupFigures(figure, group, compared, bests.size > 1),
      against_best: alone && bests.size > 1 ? "not ranked: alone there" : standing(group),
      ...(group.againstBest === null ? {} : { differs_from_best: differs.slice(0, shown.differences) }),
      ...compact({ more_differences: differs.length > shown.differences ? differs.length - shown.differences : null }),
      task_ids: group.jobIds.slice(0, shown.ids),
    };
  });
}

function groupFigures(figure: FigureName, group: Group, { runs, weighed }: Compared, several: boolean) {
  const { jobIds, values, median: middle, error } = group;
  const luck = weighed.get(middleOf(group))?.luck;
  const members = runs.filter(({ jobId }) => jobIds.includes(jobId));
  const drawn = values.length > 1;
  return {
    strategy: members[0]?.job.strategy ?? "?",
    ...(several ? { on: group.place } : {}),
    draws: values.length,
    median: rounded(middle),
    ...compact({
      min: drawn ? rounded(Math.min(...values)) : null,
      max: drawn ? rounded(Math.max(...values)) : null,
      standard_error: rounded(error),
      luck: luck === undefined ? null : luckInShort(luck),
      ...Object.fromEntries(BESIDE.filter((name) => name !== figure).map((name) => [name, medianOf(name, members)])),
    }),
  };
}

/** Figures whose medians each group shows beside the one it is ranked by. */
const BESIDE = ["trades", "time_in_market", "excess_sharpe", "excess_annual_return"] as const;
function medianOf(figure: FigureName, members: readonly RunToCompare[]): number | null {
  const known = members.map(({ result }) => FIGURES[figure].of(result)).filter((value) => value !== null);
  return known.length === 0 ? null : rounded(median(known));
}

function standing({ againstBest }: Group): string {
  if (againstBest === null) return "is the best";
  const { chance, difference, error, drawsNeeded } = againstBest;
  const by = `worse by ${rounded(difference)}${error === null ? "" : `, standard error ${rounded(error)}`}`;
  return drawsNeeded === null ? `${chance}: ${by}` : `${chance}: ${by}; ${drawsNeeded} draws of each would do`;
}

/** What changes from the best group to this one: in the strategy, then in market and dates. */
function differencesOf(best: RunToCompare | undefined, other: RunToCompare | undefined): string[] {
  const asked = differences(best?.asked, other?.asked).map(differenceText);
  if (best?.strategy == null || other?.strategy == null) {
    return [...asked, "the text of one of the strategies is not on record any more"];
  }
  const all = [...differences(best.strategy, other.strategy).map(differenceText), ...asked];
  return all.length === 0 ? ["only names, comments or layout of the strategy"] : all;
}

const differenceText = ({ path, before, after }: Difference): string =>
  `${path}: ${before ?? "(none)"} -> ${after ?? "(none)"}`;

function runFacts({ jobId, job, result, inSample: sample }: RunToCompare, figures: readonly FigureName[]) {
  const known = figures.map((name) => [name, rounded(FIGURES[name].of(result))] as const);
  return {
    task_id: jobId,
    strategy: job.strategy ?? "?",
    ...compact({ model: job.request.kind === "backtest" ? job.request.trainingJobId : null }),
    ...compact(Object.fromEntries(known)),
    ...compact({ test_base_rate: result.kind === "training" ? rounded(result.baseRate?.test?.share ?? null) : null }),
    ...(sample === null || sample === false ? {} : { in_sample: sample }),
    ...(isBranded(result) ? { looks_ahead: true } : {}),
  };
}

function caveatsOf(
  figure: FigureName,
  groups: readonly Group[],
  runs: readonly RunToCompare[],
  growing: readonly string[],
): string[] {
  const inSample = runs.filter((run) => run.inSample === true).map(({ jobId }) => jobId);
  const places = new Set(groups.map(({ place }) => place));
  const without = runs.filter(({ result }) => FIGURES[figure].of(result) === null).map(({ jobId }) => jobId);
  const engines = new Set(runs.map(({ result }) => result.engine.version));
  const branded = runs.filter(({ result }) => isBranded(result)).map(({ jobId }) => jobId);
  const trades = groups.flatMap(({ jobIds }) => runs.filter(({ jobId }) => jobIds.includes(jobId)).map(tradesOf));
  const compared = groups.length > places.size;
  const caveats = [
    branded.length === 0 ? null : `LOOK AHEAD, prove nothing: ${branded.join(", ")}.`,
    inSample.length === 0 ? null : `IN-SAMPLE, prove nothing: ${inSample.join(", ")}.`,
    growing.length === 0 ? null : `Not over yet, there will be more runs: ${growing.join(", ")}.`,
    places.size === 1
      ? null
      : `Not ranked against each other: the runs are on ${places.size} different markets or dates, or with other costs, capitals or engines. On better days every strategy looks better.`,
    engines.size === 1 ? null : "The runs were computed by different versions of KTRDR.",
    without.length === 0 ? null : `Without ${figure}, and in no group: ${without.slice(0, SHOWN_IDS).join(", ")}.`,
    trades.some((count) => count !== null && count < FEW_TRADES)
      ? `Some runs made fewer than ${FEW_TRADES} trades: a few of them decide the figures, and standard errors are too small.`
      : null,
    compared && !MARKET_ERROR_KNOWN.has(figure) && runs[0]?.result.kind === "backtest"
      ? `Of ${figure} only the chance of the training is judged: how far other days would change it is not known.`
      : null,
    groups.some(({ values }) => values.length < FEW_DRAWS)
      ? "Some strategies have one or two runs: each training is a random draw, and the next one may rank otherwise."
      : null,
    compared ? "The best of several looks better than it is: confirm it on days that none of them saw." : null,
  ];
  return caveats.filter((text) => text !== null);
}

const tradesOf = ({ result }: RunToCompare): number | null => FIGURES.trades.of(result);

import { z } from "zod";
import { compare, type Group } from "../../domain/comparison.ts";
import { DomainError } from "../../domain/errors.ts";
import { isBranded } from "../../domain/insistence.ts";
import { FIGURES, FIGURE_NAMES, type FigureName } from "../../domain/results/figures.ts";
import { differences } from "../../domain/strategy/difference.ts";
import { compact, rounded } from "../answer.ts";
import { runsToCompare, type RunToCompare } from "../compared-runs.ts";
import { defineTool } from "../define-tool.ts";
import { chart, taskId } from "../fields.ts";

const SHOWN_DIFFERENCES = { brief: 5, standard: 25 };
const FEW_DRAWS = 3;

export const compareResults = defineTool({
  name: "compare_results",
  title: "Compare results",
  description: `Puts two to twenty finished runs side by side: figures, what differs between their strategies, and which differences are more than chance. Runs of the same strategy text on the same market and dates are draws of one group, told as median and spread; a training set counts as its trainings.

"within chance": no reason to prefer the best. "cannot be told": one training each, so that the draw may be all of it; train with repeats and backtest several. Backtests or trainings, not both.

Example: {"task_ids": ["backtest-a-1b2c3d4e", "backtest-b-5f6a7b8c"], "figure": "sharpe"}`,
  input: z.strictObject({
    task_ids: z.array(taskId).min(2).max(20).describe("Finished jobs."),
    figure: z.enum(FIGURE_NAMES).optional().describe("What they are ranked by. Default sharpe, or test_accuracy."),
    detail: z.enum(["brief", "standard"]).default("brief").describe("standard: every figure and difference."),
    chart,
  }),
  output: z.object({
    headline: z.string(),
    figure: z.string(),
    groups: z.array(z.looseObject({ strategy: z.string() })),
    runs: z.array(z.looseObject({ task_id: z.string() })),
    caveats: z.array(z.string()),
    next: z.string(),
  }),
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  async handle({ task_ids, figure: wanted, detail, chart: drawn }, { deps, attach }) {
    const runs = await runsToCompare(deps, [...new Set(task_ids)]);
    const figure = wanted ?? (runs[0]?.result.kind === "backtest" ? "sharpe" : "test_accuracy");
    if (runs.every(({ result }) => FIGURES[figure].of(result) === null)) throw withoutFigure(figure, runs);
    const groups = compare(figure, runs);
    const best = runOf(groups[0], runs);
    if (drawn) {
      const named = groups.map((group) => ({ ...group, name: runOf(group, runs)?.job.strategy ?? "?" }));
      attach(await deps.charts.comparison(figure, named));
    }
    return {
      headline: headlineOf(figure, groups, runs),
      figure,
      groups: groups.map((group) => groupFacts(group, runs, best, SHOWN_DIFFERENCES[detail])),
      runs: runs.map((run) => runFacts(run, detail === "brief" ? BRIEF : FIGURE_NAMES)),
      caveats: caveatsOf(groups, runs),
      next: "get_results with a task_id shows a run in full; save_insight with what the comparison taught.",
    };
  },
});

const BRIEF: readonly FigureName[] = [
  "sharpe",
  "annual_return",
  "max_drawdown",
  "trades",
  "test_accuracy",
  "best_val_loss",
];

const withoutFigure = (figure: FigureName, [first]: readonly RunToCompare[]) =>
  new DomainError("invalid_input", {
    what: `None of these runs has ${figure}.`,
    valid: FIGURE_NAMES.filter((name) => FIGURES[name].kind === first?.result.kind),
    next: "repeat the call with one of them",
  });

const runOf = (group: Group | undefined, runs: readonly RunToCompare[]): RunToCompare | undefined =>
  runs.find(({ jobId }) => jobId === group?.jobIds[0]);

function headlineOf(figure: FigureName, [best, ...others]: readonly Group[], runs: readonly RunToCompare[]): string {
  const first = runOf(best, runs);
  const brand = first !== undefined && isBranded(first.result) ? " (looks ahead, proves nothing)" : "";
  const name = `${first?.job.strategy ?? "?"}${brand}`;
  const median = rounded(best?.median ?? null);
  if (others.length === 0) return `All runs are draws of ${name}: ${figure} ${median} in the middle.`;
  const beyond = others.filter(({ againstBest }) => againstBest?.verdict === "beyond chance").length;
  const rest =
    beyond === others.length
      ? "better than every other by more than chance"
      : beyond === 0
        ? "by no difference that is known to be more than chance"
        : `better than ${beyond} of ${others.length} others by more than chance`;
  return `Best ${figure}: ${name} with ${median}, ${rest}.`;
}

function groupFacts(
  { jobIds, values, median, error, againstBest }: Group,
  runs: readonly RunToCompare[],
  best: RunToCompare | undefined,
  shown: number,
) {
  const first = runs.find(({ jobId }) => jobId === jobIds[0]);
  const differs = againstBest === null ? [] : differencesOf(best, first);
  return {
    strategy: first?.job.strategy ?? "?",
    task_ids: [...jobIds],
    median: rounded(median),
    ...compact({
      min: values.length === 1 ? null : rounded(Math.min(...values)),
      max: values.length === 1 ? null : rounded(Math.max(...values)),
      standard_error: rounded(error),
    }),
    ...(againstBest === null
      ? { against_best: "is the best" }
      : {
          against_best: `${againstBest.verdict}: worse by ${rounded(againstBest.difference)}${againstBest.error === null ? "" : `, standard error ${rounded(againstBest.error)}`}`,
          differs_from_best: differs.slice(0, shown),
          ...compact({ more_differences: differs.length > shown ? differs.length - shown : null }),
        }),
  };
}

/** What was asked for and what the strategies say, from the best one's to this one's. */
function differencesOf(best: RunToCompare | undefined, other: RunToCompare | undefined): string[] {
  const texts =
    best?.strategy == null || other?.strategy == null
      ? ["the text of one of the strategies is not on record any more"]
      : differences(best.strategy, other.strategy).map(
          ({ path, before: old, after: young }) => `${path}: ${old ?? "(none)"} -> ${young ?? "(none)"}`,
        );
  const asked = differences(best?.asked, other?.asked).map(
    ({ path, before: old, after: young }) => `${path}: ${old ?? "(none)"} -> ${young ?? "(none)"}`,
  );
  return [...asked, ...texts];
}

function runFacts({ jobId, job, result, inSample: sample }: RunToCompare, figures: readonly FigureName[]) {
  const known = figures.map((name) => [name, rounded(FIGURES[name].of(result))] as const);
  return {
    task_id: jobId,
    strategy: job.strategy ?? "?",
    ...compact(Object.fromEntries(known)),
    ...(sample === null || sample === false ? {} : { in_sample: sample }),
    ...(isBranded(result) ? { looks_ahead: true } : {}),
  };
}

function caveatsOf(groups: readonly Group[], runs: readonly RunToCompare[]): string[] {
  const inSample = runs.filter((run) => run.inSample === true).map(({ jobId }) => jobId);
  const places = new Set(runs.map(({ asked: { model: _model, ...place } }) => JSON.stringify(place)));
  const engines = new Set(runs.map(({ result }) => result.engine.version));
  const branded = runs.filter(({ result }) => isBranded(result)).map(({ jobId }) => jobId);
  const caveats = [
    branded.length === 0 ? null : `LOOK AHEAD, prove nothing: ${branded.join(", ")}.`,
    inSample.length === 0 ? null : `IN-SAMPLE, prove nothing: ${inSample.join(", ")}.`,
    places.size === 1
      ? null
      : "The runs are not on the same market, days and costs: part of the difference is where they ran.",
    engines.size === 1 ? null : "The runs were computed by different versions of KTRDR.",
    groups.some(({ values }) => values.length < FEW_DRAWS)
      ? "Some strategies have one or two runs: each training is a random draw, and the next one may rank otherwise."
      : null,
    groups.length < 2 ? null : "The best of several looks better than it is: confirm it on days that none of them saw.",
  ];
  return caveats.filter((text) => text !== null);
}

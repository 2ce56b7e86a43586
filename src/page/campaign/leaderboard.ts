/** The finalists of a campaign, by the median of their draws less one standard error: never by a best draw. */
import { nameOf } from "../../domain/campaign/space.ts";
import type { JsonValue } from "../../domain/campaign/dimension.ts";
import { testsOf } from "../../domain/campaign/tested.ts";
import { lossText } from "../../domain/kinds/words.ts";
import type { CampaignRequest, Finalist } from "../../domain/kinds/campaign.ts";
import { oneLine } from "../../domain/plain-text.ts";
import type { RunLuck } from "../../domain/luck/run-luck.ts";
import type { WeighedRun } from "../../research/jobs/luck-of.ts";
import type { SeenCampaign } from "../../research/results/seen-campaign.ts";
import { finalistsPicture, runLink, strategyLink } from "../places.ts";
import { note, paragraph, separated, table, type Block, type Line } from "../view.ts";
import { counted, figure, luckCell, toneOf } from "../words.ts";

type Weighed = ReadonlyMap<string, WeighedRun>;

const HOW_TO_READ =
  "Who has more draws ranks first, one that never traded last; then rank is by median less error: the median Sharpe of the draws less one standard error, per year. Draws stand in their order, a draw that never traded as -. Luck is that of the draw in the middle among all that was tried on the symbol; excess, trades, costs and proof are its own. Excess is its Sharpe less that of holding. t, windows and worst are those of the walk-forward. Proven: the measurement computed its backtest again, to the same figures.";

/** Who leads, and how far luck explains it. */
export function leaderSentence(first: Finalist, luck: RunLuck | null, { symbol }: CampaignRequest): Line {
  const { strategy, decisive, median, sharpes } = first;
  if (median === null)
    return [strategyLink(strategy), ` never traded on ${symbol}, and neither did any other finalist.`];
  const chance =
    luck === null || luck.probability === null
      ? "Whether it is luck cannot be told."
      : `Luck alone looks as good in ${luckCell(luck)} of such searches.`;
  return [
    strategyLink(strategy),
    ` leads on ${symbol}: the median Sharpe of ${counted(sharpes.length, "draw")} is ${figure(median)}, less one standard error ${figure(decisive)}. ${chance}`,
  ];
}

export function leaderboardBlocks(seen: SeenCampaign, weighed: Weighed): Block[] {
  const { job, standing } = seen;
  const { finalists } = standing;
  if (finalists.length === 0) {
    const open = job.status === "open";
    return [paragraph(open ? "No finalist was backtested yet." : "No finalist was backtested.")];
  }
  return [
    {
      kind: "picture",
      src: finalistsPicture(job.jobId),
      says: "The Sharpe ratios of each finalist's draws as dots, by the number of its point, which ends the name of its strategy, their median as a tick, two standard errors of it as a line. The figures stand in the table.",
    },
    boardOf(seen, weighed),
    note(HOW_TO_READ),
    valuesOf(seen),
  ];
}

function boardOf(seen: SeenCampaign, weighed: Weighed): Block {
  const figures = (title: string) => ({ title, figures: true as const });
  return table({
    caption: "Finalists, by the median of their draws less one standard error",
    columns: [
      figures("rank"),
      { title: "strategy" },
      figures("median less error"),
      figures("median"),
      { title: "draws" },
      figures("luck"),
      figures("excess"),
      figures("trades"),
      figures("twice the costs"),
      figures("t"),
      figures("windows above 0"),
      figures("worst window"),
      figures("luck walked forward"),
      { title: "model proven" },
      figures("validation loss"),
    ],
    rows: seen.standing.finalists.map((finalist, at) => {
      const luck = weighed.get(finalist.jobId)?.luck ?? null;
      const tone = luck !== null && toneOf(luck) === "good" ? { tone: "good" as const } : {};
      return { cells: cellsOf(seen, finalist, at, weighed), ...tone };
    }),
    empty: "There is no finalist.",
  });
}

function cellsOf({ record }: SeenCampaign, finalist: Finalist, at: number, weighed: Weighed): Line[] {
  const { strategy, suggested, decisive, median, jobId, excessSharpe, trades, costs, walk, measured, loss } = finalist;
  const draws = testsOf(record.runs, finalist.point).map((run) => {
    const sharpe = figure(run.figures?.sharpe ?? null);
    return run.jobId === null ? sharpe : runLink(run.jobId, sharpe);
  });
  return [
    String(at + 1),
    suggested ? [strategyLink(strategy), " (suggested)"] : strategyLink(strategy),
    figure(decisive),
    figure(median),
    draws.length === 0 ? runLink(jobId, "the middle one") : separated(draws),
    luckOf(jobId, weighed),
    figure(excessSharpe),
    String(trades),
    costs === null ? "-" : runLink(costs.jobId, figure(costs.sharpe)),
    walk === null ? "-" : runLink(walk.jobId, figure(walk.t)),
    walk === null ? "-" : `${walk.positive} of ${walk.windows}`,
    walk === null ? "-" : figure(walk.worst),
    walk === null ? "-" : luckOf(walk.jobId, weighed),
    measured === null ? "-" : runLink(measured.jobId, measured.agrees ? "yes" : "no"),
    loss === Number.MAX_VALUE ? "-" : lossText(loss),
  ];
}

function luckOf(jobId: string, weighed: Weighed): string {
  const luck = weighed.get(jobId)?.luck;
  return luck === undefined ? "-" : luckCell(luck);
}

const MOST_CHARS = 60;

/** What each finalist is: a row for each dimension. */
function valuesOf({ request, standing: { finalists } }: SeenCampaign): Block {
  return table({
    caption: "Values of the finalists, by their ranks",
    columns: [{ title: "dimension" }, ...finalists.map((_, at) => ({ title: String(at + 1) }))],
    rows: request.dimensions.map((dimension) => {
      const name = nameOf(dimension);
      return { cells: [oneLine(name, MOST_CHARS), ...finalists.map(({ values }) => valueText(values[name] ?? null))] };
    }),
    empty: "It has no dimension.",
  });
}

/** A value of a dimension in words. */
export const valueText = (value: JsonValue): string =>
  oneLine(typeof value === "string" ? value : JSON.stringify(value), MOST_CHARS);

import { itemsOf, sizeOf } from "../domain/batch.ts";
import type { BatchRequest, BatchResult } from "../domain/kinds/batch.ts";
import { BEST_OF_MANY } from "../domain/results/batch.ts";
import { spanOf } from "../domain/market-data.ts";
import { mean, spread, standardDeviation } from "../domain/statistics.ts";
import type { Spread } from "../domain/result.ts";
import { secondsLeft, type SeenPiece, type Work } from "../domain/time-left.ts";
import type { BatchRow, Piece } from "../store/batches.ts";
import type { JobRecord } from "../store/job-row.ts";
import { compact, rounded, enginesText } from "../domain/facts.ts";
import type { Deps } from "../research/ports.ts";

/** How far a batch is, in a few figures; null when the record cannot be read. */
export async function batchProgress(deps: Deps, batchId: string) {
  const { jobs, batches } = deps.records;
  const [job, counts, rows, pieces, now] = await Promise.all([
    jobs.get(batchId),
    batches.counts(batchId),
    batches.rows(batchId, { limit: MOST_ITEMS, offset: 0 }),
    batches.pieces(batchId),
    deps.now(),
  ]).catch(() => [null, null, [], [], new Date()] as const);
  if (job?.request.kind !== "batch" || counts === null) return null;
  const work = workOf(job.request);
  const { items } = work;
  const { completed, failed, cancelled, running: begun, reused } = counts;
  const ended = completed + failed + cancelled;
  const running = new Set(pieces.filter(isComputing).map(({ n }) => n)).size;
  return {
    percent: percentOf(work, pieces),
    etaSeconds: job.status === "open" ? timeLeft(work, pieces, now) : null,
    counts: compact({
      items,
      done: completed,
      running,
      queued: begun === running ? null : begun - running,
      failed,
      cancelled: cancelled === 0 ? null : cancelled,
      not_begun: items - ended - begun,
      known_before: reused === 0 ? null : reused,
      ...leadingOf(rows),
    }),
  };
}

/** The mean progress of all items, 0..100. */
function percentOf({ items, stages }: Work, pieces: readonly Piece[]): number {
  const done = [...Map.groupBy(pieces, ({ n }) => n).values()].map((jobs) => {
    if (jobs.some(({ status }) => status !== null && status !== "open" && status !== "completed")) return 100;
    const parts = jobs.map(({ status, percent }) => (status === "completed" ? 100 : (percent ?? 0)));
    return parts.reduce((sum, part) => sum + part, 0) / stages.length;
  });
  return Math.floor(done.reduce((sum, part) => sum + part, 0) / items);
}

const isComputing = ({ status, begunAt }: Piece): boolean => status === "open" && begunAt !== null;

/** Seconds left; null while the pace is not known. */
function timeLeft(work: Work, pieces: readonly Piece[], now: Date): number | null {
  const seconds = (instant: string | null) => (instant === null ? null : Date.parse(instant) / 1000);
  const seen = pieces.map(({ begunAt, endedAt, ...piece }): SeenPiece => {
    return { ...piece, begun: seconds(begunAt), ended: seconds(endedAt) };
  });
  return secondsLeft(work, seen, now.getTime() / 1000);
}

function workOf(request: BatchRequest): Work {
  const items = itemsOf(request);
  return {
    items: items.length,
    stages:
      request.work === "train" ? ["training"] : request.work === "backtest" ? ["backtest"] : ["training", "backtest"],
    atOnce: request.atOnce,
    kindOf(n, stage) {
      const job = items[n]?.[stage] ?? null;
      return job === null ? "" : `${job.strategy} ${job.symbol} ${job.timeframe} ${spanOf(job)}`;
    },
  };
}

/** More than a batch can have. */
const MOST_ITEMS = 1_000;
const SHOWN_PLACES = 5;

/** The group that leads on each market and dates: groups are never ranked across them, and no single draw leads. */
function leadingOf(rows: readonly BatchRow[]) {
  const known = rows.filter(({ sharpe, testAccuracy }) => sharpe !== null || testAccuracy !== null);
  const places = [...Map.groupBy(rankedGroups(known), ({ on }) => on)];
  const leading = places.flatMap(([on, [first]]) => (first === undefined ? [] : [{ on, ...groupFacts(first) }]));
  const [only] = leading;
  if (only === undefined) return {};
  const { on: _place, ...alone } = only;
  return leading.length === 1 ? { leading: alone } : { leading_on_each: leading.slice(0, SHOWN_PLACES) };
}

const SHOWN = {
  brief: { items: 3, groups: 5 },
  standard: { items: 10, groups: 20 },
  full: { items: 50, groups: 100 },
} as const;

/** The results of a batch, open or ended: figures by strategy first, then the items. */
export async function batchResults(
  deps: Deps,
  { jobId, status, outcome, engine }: JobRecord,
  request: BatchRequest,
  result: BatchResult | null,
  detail: keyof typeof SHOWN,
) {
  const { batches, experiments } = deps.records;
  const [progress, rows, of] = await Promise.all([
    batchProgress(deps, jobId),
    batches.rows(jobId, { limit: sizeOf(request), offset: 0 }),
    experiments.list({ jobId, limit: 5, offset: 0 }),
  ]);
  const { failure = null } = outcome ?? {};
  const shown = SHOWN[detail];
  const groups = groupsOf(rows);
  return {
    task_id: jobId,
    kind: "batch",
    status,
    headline: outcome?.headline ?? `Not over yet: ${progress?.percent ?? 0} %.`,
    ...compact({ engine: enginesText([engine]) }),
    figures: { ...progress?.counts },
    groups: groups.slice(0, shown.groups),
    ...compact({ more_groups: groups.length > shown.groups ? groups.length - shown.groups : null }),
    items: rows.slice(0, shown.items).map((row) => ({ item: row.n, ...batchRow(row) })),
    ...compact({ experiments: of.length === 0 ? null : of.map(({ experimentId }) => experimentId) }),
    caveats: (result?.caveats ?? [BEST_OF_MANY]).map(({ text }) => text),
    ...(failure === null ? {} : { failure: compact({ ...failure }) }),
    next:
      request.work === "train"
        ? `run_backtest with model ${jobId} on dates after the training: all its models, and their spread.`
        : `compare_results with task_ids ["${jobId}"] says which differences are more than chance; detail full shows fifty items.`,
  };
}

interface RankedGroup {
  readonly on: string | null;
  readonly members: readonly BatchRow[];
  readonly figure: ReturnType<typeof spreadsOf>;
}

/**
 * The draws of one strategy on the same market, dates and training days. In each place those come first whose median is
 * the highest after one standard error is taken off: a single good draw does not lead.
 */
function rankedGroups(rows: readonly BatchRow[]): readonly RankedGroup[] {
  const groups = Map.groupBy(rows, (row) =>
    JSON.stringify([row.on, row.looksAhead, row.strategy, row.trainedOn, row.textSha256]),
  );
  const measured = [...groups.values()].map((members) => ({
    on: members[0]?.on ?? null,
    members,
    figure: spreadsOf(members),
  }));
  const typical = typicalDeviation(measured.map(({ figure }) => figure.values));
  const cautious = ({ figure: { values, middle } }: RankedGroup): number =>
    middle === null ? -Infinity : middle - errorOf(values, typical);
  return measured.toSorted((a, b) => placeOf(rows, a.members) - placeOf(rows, b.members) || cautious(b) - cautious(a));
}

/** One standard error of the median of some draws; of a single one by how far draws of the other groups scatter. */
const errorOf = (values: readonly number[], typical: number): number =>
  (values.length < 2 ? typical : standardDeviation(values)) / Math.sqrt(values.length);

/** How far the draws of one group scatter, by all groups that have several; 0 when none has. */
function typicalDeviation(groups: readonly (readonly number[])[]): number {
  const variances = groups.filter(({ length }) => length > 1).map((values) => standardDeviation(values) ** 2);
  return variances.length === 0 ? 0 : Math.sqrt(mean(variances));
}

function groupFacts({ members, figure }: RankedGroup) {
  return {
    strategy: members[0]?.strategy ?? "?",
    draws: members.length,
    ...figure.facts,
    ...compact({
      trades: middleOf(members.map(({ trades }) => trades)),
      excess_sharpe: middleOf(members.map(({ excessSharpe }) => excessSharpe)),
      test_base_rate: "test_accuracy" in figure.facts ? middleOf(members.map(({ baseRate }) => baseRate)) : null,
      looks_ahead: members[0]?.looksAhead === true ? true : null,
    }),
  };
}

/** One row for each group. */
function groupsOf(rows: readonly BatchRow[]) {
  const several = new Set(rows.map(({ on }) => on)).size > 1;
  return rankedGroups(rows).map((group) => ({
    ...groupFacts(group),
    ...compact({
      on: several ? group.on : null,
      trained_on: several ? group.members[0]?.trainedOn : null,
    }),
  }));
}

const placeOf = (rows: readonly BatchRow[], [first]: readonly BatchRow[]): number =>
  rows.findIndex(({ on, looksAhead }) => on === first?.on && looksAhead === first?.looksAhead);

/** The spread of the Sharpe ratios or, for trainings alone, of their figures. */
function spreadsOf(members: readonly BatchRow[]) {
  const of = (pick: (row: BatchRow) => number | null) => spread(members.map(pick));
  const sharpe = of((row) => row.sharpe);
  const valuesOf = (pick: (row: BatchRow) => number | null) => members.map(pick).filter((value) => value !== null);
  if (sharpe !== null) {
    return { middle: sharpe.median, values: valuesOf((row) => row.sharpe), facts: { sharpe: spreadFacts(sharpe) } };
  }
  const accuracy = of((row) => row.testAccuracy);
  const named = members[0]?.regression === true ? "test_directional_accuracy" : "test_accuracy";
  const figures = {
    [named]: spreadFacts(accuracy),
    final_val_loss: spreadFacts(of((row) => row.finalValLoss)),
    final_val_accuracy: spreadFacts(of((row) => row.finalValAccuracy)),
    epochs: spreadFacts(of((row) => row.epochs)),
  };
  return { middle: accuracy?.median ?? null, values: valuesOf((row) => row.testAccuracy), facts: compact(figures) };
}

const spreadFacts = (values: Spread | null) =>
  values && { median: rounded(values.median), min: rounded(values.min), max: rounded(values.max) };

const middleOf = (values: readonly (number | null)[]): number | null => rounded(spread(values)?.median ?? null);

/** An accuracy, with that of a model which always gives the same answer. */
const accuracyOf = ({ testAccuracy, baseRate }: BatchRow) => ({
  test_accuracy: rounded(testAccuracy),
  test_base_rate: testAccuracy === null ? null : rounded(baseRate),
});

/** An item as a line of a table. */
const batchRow = (row: BatchRow) =>
  compact({
    item: row.n,
    strategy: row.strategy,
    on: row.on,
    status: statusOf(row),
    training: row.trainingJobId,
    model: row.trainingJobId === null ? row.modelJobId : null,
    backtest: row.backtestJobId,
    sharpe: rounded(row.sharpe),
    total_return: rounded(row.totalReturn),
    max_drawdown: rounded(row.maxDrawdown),
    trades: row.trades,
    excess_sharpe: rounded(row.excessSharpe),
    ...accuracyOf(row),
    looks_ahead: row.looksAhead ? true : null,
  });

/** The status of the item's last job. */
function statusOf(row: BatchRow): string {
  const status = (row.backtestJobId === null ? row.trainingStatus : row.backtestStatus) ?? "starting";
  return status === "open" ? (row.computing ? "running" : "queued") : status;
}

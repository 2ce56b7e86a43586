import { boundsOf, isMany, itemsOf, sizeOf, type ManyRequest } from "../../domain/batch.ts";
import type { BatchRequest, BatchResult } from "../../domain/kinds/batch.ts";
import { BEST_OF_MANY } from "../../domain/results/batch.ts";
import { spanOf } from "../../domain/market-data.ts";
import { secondsLeft, type SeenPiece, type Work } from "../../domain/time-left.ts";
import type { BatchRow, Piece } from "../../store/batches.ts";
import type { JobRecord } from "../../store/job-row.ts";
import { compact, rounded, enginesText } from "../../domain/facts.ts";
import type { Deps } from "../ports.ts";
import { groupsOf, leadingOf } from "./batch-groups.ts";

/** How far a batch, a measurement or a walk-forward is, in a few figures; null when the record cannot be read. */
export async function batchProgress(deps: Deps, batchId: string) {
  const { jobs, batches } = deps.records;
  const [job, counts, rows, pieces, now] = await Promise.all([
    jobs.get(batchId),
    batches.counts(batchId),
    batches.rows(batchId, { limit: MOST_ITEMS, offset: 0 }),
    batches.pieces(batchId),
    deps.now(),
  ]).catch(() => [null, null, [], [], new Date()] as const);
  const request = job?.request;
  if (job === null || request === undefined || !isMany(request) || counts === null) return null;
  const work = workOf(request);
  const { items } = work;
  const { completed, failed, cancelled, running: begun, reused } = counts;
  const ended = completed + failed + cancelled;
  const running = new Set(pieces.filter(isComputing).map(({ n }) => n)).size;
  return {
    headline: `${ended} of ${items} items ended${failed > 0 ? `, ${failed} of them failed` : ""}; ${running} running.`,
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
      // Prefixes and windows are parts of one run: none of them leads.
      ...(request.kind === "batch" ? await leadingOf(deps, rows) : {}),
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

function workOf(request: ManyRequest): Work {
  const items = itemsOf(request);
  const work = request.kind === "batch" ? request.work : request.kind === "measurement" ? "backtest" : "both";
  return {
    items: items.length,
    stages: work === "train" ? ["training"] : work === "backtest" ? ["backtest"] : ["training", "backtest"],
    atOnce: boundsOf(request).atOnce,
    kindOf(n, stage) {
      const job = items[n]?.[stage] ?? null;
      return job === null ? "" : `${job.strategy} ${job.symbol} ${job.timeframe} ${spanOf(job)}`;
    },
  };
}

/** More than a batch can have. */
const MOST_ITEMS = 1_000;
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
  const { groups, more } = await groupsOf(deps, rows, shown.groups);
  return {
    task_id: jobId,
    kind: "batch",
    status,
    headline: outcome?.headline ?? `Not over yet. ${progress?.headline ?? ""}`.trim(),
    ...compact({ engine: enginesText([engine]) }),
    figures: { ...progress?.counts },
    groups,
    ...compact({ more_groups: more > 0 ? more : null }),
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
    failure: row.failure,
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

import { sizeOf } from "../domain/batch.ts";
import type { BatchRow } from "../store/batches.ts";
import type { JobRecord } from "../store/job-row.ts";
import { compact, rounded } from "./answer.ts";
import type { Deps } from "./ports.ts";

/** How far a batch is, in a few figures; null when the record cannot say. */
export async function batchProgress(deps: Deps, batchId: string) {
  const [job, counts, best] = await Promise.all([
    deps.records.jobs.get(batchId),
    deps.records.batches.counts(batchId),
    deps.records.batches.rows(batchId, { limit: 1, offset: 0 }),
  ]).catch(() => [null, null, []] as const);
  if (job?.request.kind !== "batch" || counts === null) return null;
  const items = sizeOf(job.request);
  const { completed, failed, cancelled, running, reused } = counts;
  const ended = completed + failed + cancelled;
  return {
    percent: Math.round((100 * ended) / items),
    etaSeconds: job.status === "open" ? secondsLeft(job, ended - reused, items - ended, deps.now()) : null,
    counts: compact({
      items,
      done: completed,
      running,
      failed,
      cancelled: cancelled === 0 ? null : cancelled,
      not_begun: items - ended - running,
      known_before: reused === 0 ? null : reused,
      best_so_far: bestOf(best[0]),
    }),
  };
}

/** By the pace so far; null while nothing tells it. */
function secondsLeft({ admittedAt }: JobRecord, done: number, left: number, now: Date): number | null {
  if (done <= 0) return null;
  const seconds = (now.getTime() - Date.parse(admittedAt)) / 1000;
  return Math.round((seconds / done) * left);
}

function bestOf(row: BatchRow | undefined) {
  if (row === undefined || (row.sharpe ?? row.testAccuracy) === null) return null;
  return compact({
    task_id: row.backtestJobId ?? row.trainingJobId,
    strategy: row.strategy,
    sharpe: rounded(row.sharpe),
    test_accuracy: row.sharpe === null ? rounded(row.testAccuracy) : null,
    looks_ahead: row.looksAhead ? true : null,
  });
}

/** An item as a line of a table. */
export const batchRow = (row: BatchRow) =>
  compact({
    item: row.n,
    strategy: row.strategy,
    symbol: row.symbol,
    status: statusOf(row),
    training: row.trainingJobId,
    backtest: row.backtestJobId,
    sharpe: rounded(row.sharpe),
    total_return: rounded(row.totalReturn),
    max_drawdown: rounded(row.maxDrawdown),
    test_accuracy: rounded(row.testAccuracy),
    looks_ahead: row.looksAhead ? true : null,
  });

/** Of its last job. */
const statusOf = (row: BatchRow): string =>
  (row.backtestJobId === null ? row.trainingStatus : row.backtestStatus) ?? "starting";

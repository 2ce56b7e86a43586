/**
 * Removes checkpoints from KTRDR: only those of our operations, and only when every job that such an operation computed
 * for ended longer ago than the days given. Until then a cancelled training may be resumed.
 */
import { isDomainError } from "../domain/errors.ts";
import type { Checkpoints, ListedCheckpoint } from "../ktrdr/checkpoints.ts";
import { endedOperations, type EndedOperation } from "../store/ended-operations.ts";
import type { Pool } from "../store/pool.ts";
import { say, sizeOf } from "./command.ts";

export const CHECKPOINTS = "checkpoints";

/** At most so many checkpoints are listed one by one. */
const NAMED = 50;
const DAY_MS = 86_400_000;

interface Wish {
  readonly days: number;
  readonly apply: boolean;
  readonly signal: AbortSignal;
}

type Ended = ListedCheckpoint & EndedOperation;

/** @throws DomainError when KTRDR or PostgreSQL does not answer */
export async function cleanUpCheckpoints(pool: Pool, checkpoints: Checkpoints, wish: Wish): Promise<void> {
  const { days, apply, signal } = wish;
  const old = await checkpoints.olderThan(days, signal);
  const owners = await endedOperations(pool, idsOf(old), days);
  const ours = old.flatMap((one): Ended[] => {
    const owner = owners.get(one.operationId);
    return owner === undefined ? [] : [{ ...one, ...owner }];
  });
  const over = ours.filter(({ isOver }) => isOver);
  const bytes = over.reduce((sum, one) => sum + one.bytes, 0);
  say(`  ${CHECKPOINTS}: ${over.length} at KTRDR, ${sizeOf(bytes)}: checkpoints of jobs that have ended`);
  over.slice(0, NAMED).forEach((one) => say(`    ${lineOf(one)}`));
  if (over.length > NAMED) say(`    and ${over.length - NAMED} more`);
  const needed = ours.length - over.length;
  if (needed > 0) say(`    kept: ${needed} of jobs that are open or ended less than ${days} days ago`);
  if (old.length > ours.length) say(`    kept: ${old.length - ours.length} of computations that are not ours`);
  if (apply && over.length > 0) say(`    gone: ${await remove(pool, checkpoints, over, wish)}`);
}

const idsOf = (list: readonly ListedCheckpoint[]) => list.map(({ operationId }) => operationId);

function lineOf({ operationId, jobId, type, createdAt, bytes }: Ended): string {
  const days = Math.floor((Date.now() - Date.parse(createdAt)) / DAY_MS);
  return `${operationId} of ${jobId}: ${type}, ${days} days old, ${sizeOf(bytes)}`;
}

/** @returns how many were removed; one that is needed again by now stays */
async function remove(
  pool: Pool,
  checkpoints: Checkpoints,
  list: readonly Ended[],
  { days, signal }: Wish,
): Promise<number> {
  let gone = 0;
  for (const { operationId } of list) {
    signal.throwIfAborted();
    const now = await endedOperations(pool, [operationId], days);
    if (now.get(operationId)?.isOver !== true) continue;
    await checkpoints.remove(operationId, signal);
    gone += 1;
  }
  return gone;
}

/** Says that the checkpoints were left out: KTRDR did not answer, and `--only` did not name them. */
export function notListed(error: unknown): void {
  if (!isDomainError(error) || error.code === "database_unavailable") throw error;
  say(`  ${CHECKPOINTS}: not listed. ${error.what}`);
}

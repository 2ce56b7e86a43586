/**
 * A worker process first looks for operations that a killed process of ours started and did not write down. Temporal
 * starts another attempt only after the heartbeat timeout, and by then KTRDR shows nothing any more of a short
 * backtest.
 */
import { computes } from "../domain/kinds/index.ts";
import type { ComputationRecord } from "../store/job-row.ts";
import type { ActivityDeps } from "./deps.ts";
import { sightOf } from "./start.ts";

const LOOKS = 10;
const LOOK_EVERY_MS = 500;

/**
 * Looks several times, because a start may still be on its way. When a living attempt finds the same operation, writing
 * it down twice is harmless. Never throws: later attempts look again.
 * @param begun computations whose operation is not known yet
 */
export async function adoptBegun(
  deps: ActivityDeps,
  begun: () => Promise<readonly ComputationRecord[]>,
  signal: AbortSignal,
): Promise<void> {
  for (let look = 1; look <= LOOKS && !signal.aborted; look += 1) {
    try {
      const open = await begun();
      if (open.length === 0) return;
      for (const computation of open) await adopt(deps, computation);
    } catch (error) {
      deps.log.debug({ err: error }, "cannot look for operations of an earlier process now");
    }
    await deps.clock.sleep(LOOK_EVERY_MS, signal).catch(() => undefined);
  }
}

async function adopt(deps: ActivityDeps, computation: ComputationRecord): Promise<void> {
  const { jobId, n } = computation;
  const job = await deps.jobs.get(jobId);
  if (job === null || !computes(job.request)) return;
  const operation = await sightOf(deps, { jobId, request: job.request }, computation);
  if (operation === null) return;
  await deps.jobs.attachOperation(jobId, n, { operationId: operation.operationId, workerId: operation.workerId });
  deps.log.info({ jobId, operationId: operation.operationId }, "found what an earlier process had started");
}

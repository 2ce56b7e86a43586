import { cancellationSignal, heartbeat } from "@temporalio/activity";
import { isProof, itemsOf, type ManyRequest } from "../domain/batch.ts";
import { DomainError } from "../domain/errors.ts";
import type { JobInput } from "../domain/job.ts";
import type { ComputeRequest } from "../domain/kinds/index.ts";
import type { JobOutcome } from "../domain/outcome.ts";
import type { BatchStage } from "../store/batches.ts";
import type { JobRecord } from "../store/job-row.ts";
import { chosenJob, type PreparedJob } from "./chosen-job.ts";
import type { ActivityDeps } from "./deps.ts";

/** How often the record is asked for a job that somebody else started. */
const LOOK_EVERY_MS = 2_000;

export function batchActivities(deps: ActivityDeps) {
  const { jobs, results, batches, clock } = deps;
  return {
    /**
     * Says which job computes a stage of an item, and whether it has ended already. Idempotent.
     * @param trainingJobId job that trained the model to backtest; null when the batch did not train it
     */
    async prepareItem(
      batch: JobInput<ManyRequest>,
      n: number,
      stage: BatchStage,
      trainingJobId: string | null,
    ): Promise<PreparedJob> {
      const request = await requestOf(batch.request, n, stage, trainingJobId);
      const doubtOf = async (known: JobRecord) => await doubtAbout(batch.request, known);
      const { reused, ...prepared } = await chosenJob(deps, batch, request, {
        wanted: forceReasonOf(batch, n),
        doubtOf,
      });
      await batches.note({ batchId: batch.jobId, n, stage }, prepared.input.jobId, reused);
      return prepared;
    },

    /** Waits for the end of a job that does not belong to the batch; never stops that job. */
    async awaitOther(jobId: string): Promise<JobOutcome> {
      for (;;) {
        heartbeat();
        const job = await jobs.get(jobId);
        if (job?.outcome != null) return job.outcome;
        await clock.sleep(LOOK_EVERY_MS, cancellationSignal());
      }
    },
  };

  /**
   * Why a job of somebody else cannot be taken; null when it can. A prefix may come from another model than the one that
   * is measured now. So it is taken only from a measurement in which model and record agreed.
   */
  async function doubtAbout({ kind }: ManyRequest, { jobId, parentJobId }: JobRecord) {
    if (kind !== "measurement") return null;
    const parent = parentJobId === null ? null : await results.get(parentJobId);
    return parent?.kind === "measurement" && parent.differs.length === 0 ? null : `the model of ${jobId} is not proven`;
  }

  async function requestOf(
    batch: ManyRequest,
    n: number,
    stage: BatchStage,
    trainingJobId: string | null,
  ): Promise<Extract<ComputeRequest, { kind: BatchStage }>> {
    const item = itemsOf(batch)[n];
    const request = item?.[stage] ?? null;
    if (request === null) throw new DomainError("internal", { what: `The batch has no ${stage} ${n}.` });
    if (request.kind === "training" || request.modelPath !== null) return request;
    const training = trainingJobId === null ? null : await results.get(trainingJobId);
    if (trainingJobId !== null && training?.kind === "training") {
      return { ...request, modelPath: training.modelPath, trainingJobId };
    }
    throw new DomainError("model_not_found", { what: `The training ${trainingJobId ?? "of the item"} left no model.` });
  }
}

/** A forced batch computes everything anew, a measurement its proof: that the model is the one on record. */
function forceReasonOf({ jobId, forceReason, request }: JobInput<ManyRequest>, n: number): string | null {
  if (request.kind === "batch") return forceReason;
  return isProof(request, n) ? `the proof of ${jobId}` : null;
}

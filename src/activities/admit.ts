import { DomainError } from "../domain/errors.ts";
import type { JobInput } from "../domain/job.ts";
import { computes } from "../domain/kinds/index.ts";
import type { JobOutcome } from "../domain/outcome.ts";
import type { ActivityDeps } from "./deps.ts";
import { LOST, standingOf, type Standing } from "./standing.ts";

export interface Admission {
  /** How the job ended, when this request was answered before: then nothing is computed again. */
  readonly finished: JobOutcome | null;
  /**
   * Where the record says that the job stands. A workflow that begins anew (after a reset, or in a new namespace) goes
   * on there, and a job that already has its slot asks for no other.
   */
  readonly standing?: Standing;
}

/** Writes the job's row before anything is computed, and queues the job for a slot. Idempotent. */
export function admitActivities({ jobs, slots, strategies, executions }: ActivityDeps) {
  return {
    async admitJob(input: JobInput, computation: number): Promise<Admission> {
      const { request, jobId, priority } = input;
      const admitted = await jobs.admit(input, await strategyText(), await namespaceId());
      if ("finished" in admitted) return { finished: admitted.finished };
      if (!computes(request)) return { finished: null };
      if (computation > 1) await jobs.endComputation(jobId, computation - 1, LOST);
      const recorded = standingOf(await jobs.computations(jobId));
      const standing: Standing = recorded.computation < computation ? { computation, standing: "queued" } : recorded;
      await slots.claim(request.kind, { jobId, priority, ...standing });
      return { finished: null, standing };

      /**
       * The namespace may be lost and made again under its name while this runs. The new one's id must not get on
       * record: this workflow was never in it, and the job would look like one whose workflow was deleted.
       */
      async function namespaceId(): Promise<string> {
        const id = await executions.namespaceId();
        if ((await executions.of(jobId)) !== "unknown") return id;
        throw new DomainError("temporal_unavailable", { what: `Temporal does not know the job ${jobId} any more.` });
      }

      async function strategyText(): Promise<string | null> {
        if (request.kind === "data_load" || request.kind === "batch") return null;
        // A backtest computes with the strategy in the model, not with the file.
        if (request.kind === "backtest") {
          return request.trainingJobId === null ? null : await jobs.strategyText(request.trainingJobId);
        }
        // The record keeps the text that was asked for, or none. The start refuses a file that is gone or changed.
        return await strategies.read(request.strategy).then(
          ({ sha256, text }) => (sha256 === request.strategySha256 ? text : null),
          () => null,
        );
      }
    },
  };
}

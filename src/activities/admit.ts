import { DomainError } from "../domain/errors.ts";
import type { JobInput } from "../domain/job.ts";
import { computes } from "../domain/kinds/index.ts";
import type { JobOutcome } from "../domain/outcome.ts";
import type { ActivityDeps } from "./deps.ts";
import { workOf } from "./kinds/index.ts";
import { LOST, standingOf, type Standing } from "./standing.ts";

export interface Admitted {
  /** How the job ended, when this request was answered before: then nothing is computed again. */
  readonly finished: JobOutcome | null;
  /**
   * Where the record says that the job stands. A workflow that begins anew (after a reset, or in a new namespace) goes
   * on there, and a job that already has its slot asks for no other.
   */
  readonly standing?: Standing;
}

/** Writes the job's row before anything is computed, and queues the job for a slot. Idempotent. */
export function admitActivities(deps: Pick<ActivityDeps, "jobs" | "slots" | "strategies" | "executions">) {
  const { jobs, slots, executions } = deps;
  return {
    async admitJob(input: JobInput, computation: number): Promise<Admitted> {
      const { request, jobId, priority } = input;
      const text = (await workOf(request.kind).strategyText?.(deps, request)) ?? null;
      const finished = await jobs.admit(input, text, await namespaceId());
      if (finished !== null || !computes(request)) return { finished };
      if (computation > 1) await jobs.endComputation(jobId, computation - 1, LOST);
      const recorded = standingOf(await jobs.computations(jobId));
      const standing: Standing = recorded.computation < computation ? { computation, slot: "queued" } : recorded;
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
    },
  };
}

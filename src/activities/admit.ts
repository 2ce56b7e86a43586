import type { JobInput, JobOutcome } from "../domain/job.ts";
import type { ActivityDeps } from "./deps.ts";

export interface Admission {
  /** Set when this very request was answered before: nothing is computed again. */
  readonly finished: JobOutcome | null;
}

/** Makes the job's record before anything is computed, and queues it for a slot. Idempotent. */
export function admitActivities({ jobs, slots, strategies }: ActivityDeps) {
  return {
    async admitJob(input: JobInput, computation: number): Promise<Admission> {
      const { request, jobId, priority } = input;
      const admitted = await jobs.admit(input, await strategyText());
      if ("finished" in admitted) return { finished: admitted.finished };
      if (request.kind === "training_set") return { finished: null };
      if (computation > 1) await jobs.endComputation(jobId, computation - 1, "lost");
      await slots.claim(request.kind, { jobId, priority, computation });
      return { finished: null };

      async function strategyText(): Promise<string | null> {
        if (request.kind === "data_load") return null;
        const name = request.kind === "training_set" ? request.training.strategy : request.strategy;
        // The record keeps the text that was asked for; a file that is gone or changed is the start's business.
        return await strategies.read(name).then(
          (file) => file.text,
          () => null,
        );
      }
    },
  };
}

import { setTimeout as delay } from "node:timers/promises";
import { cancellationSignal, heartbeat } from "@temporalio/activity";
import { CancelledFailure } from "@temporalio/common";
import type { Activities } from "../../src/activities/activities.ts";
import type { ComputationEnd, ComputeRequest, JobInput, JobOutcome } from "../../src/domain/job.ts";
import type { SlotNews } from "../../src/domain/slots.ts";
import type { createSlots } from "../../src/temporal/slots.ts";
import { outcomeOf } from "./workflow-env.ts";

/** What one job's computing shall do; the orchestration around it is real. */
interface Script {
  /** One end for each computation; a promise holds the job in its running step. */
  readonly ends: Promise<ComputationEnd>[];
  readonly finished?: JobOutcome;
}

export const SUCCEEDED: ComputationEnd = { fate: "succeeded", summary: {}, faultsSeen: [] };
export const LOST: ComputationEnd = { fate: "lost", fault: "worker_died", why: "gone", faultsSeen: [] };

/** Activities that do as scripted and note what was asked of them; the orchestration around them is real. */
export class Stage {
  readonly scripts = new Map<string, Script>();
  readonly calls: string[] = [];
  /** How many jobs may compute at once. */
  capacity = 1;
  readonly inFlight = new Set<string>();
  readonly closed = new Set<string>();
  mostInFlight = 0;

  activities(slots: ReturnType<typeof createSlots>): Activities {
    const note = (call: string): void => void this.calls.push(call);
    return {
      admitJob: async (input, computation) => {
        note(`admit ${input.jobId} ${computation}`);
        const { finished } = this.script(input.jobId);
        if (finished !== undefined) return { finished };
        if (input.request.kind === "training_set") return { finished: null };
        await slots.claim(input.request.kind, { jobId: input.jobId, priority: input.priority, computation });
        return { finished: null };
      },
      startComputation: async ({ jobId, request }: JobInput<ComputeRequest>, computation) => {
        note(`start ${jobId} ${computation}`);
        this.inFlight.add(jobId);
        this.mostInFlight = Math.max(this.mostInFlight, this.inFlight.size);
        await slots.inUse(request.kind, jobId);
        return { operationId: `${jobId}-op${computation}`, faultsSeen: [] };
      },
      awaitComputation: async ({ jobId }, computation) => {
        const signal = cancellationSignal();
        const end = this.script(jobId).ends[computation - 1] ?? Promise.resolve(SUCCEEDED);
        const beat = setInterval(() => heartbeat({ jobId }), 1_000);
        const aborted = new Promise<never>((_, reject) => {
          signal.addEventListener("abort", () => reject(new CancelledFailure("aborted")));
        });
        try {
          const reached = await Promise.race([end, aborted]);
          if (reached.fate === "lost") this.inFlight.delete(jobId);
          return reached;
        } finally {
          clearInterval(beat);
        }
      },
      stopComputation: async ({ jobId }, _computation, operationId) => {
        note(`stop ${operationId}`);
        this.inFlight.delete(jobId);
        return { stopped: true, partial: null, faultsSeen: [] };
      },
      recordOutcome: async ({ input, ending }) => {
        note(`record ${input.jobId} ${ending.status}`);
        this.inFlight.delete(input.jobId);
        if (input.request.kind !== "training_set") await slots.release(input.request.kind, input.jobId);
        return {
          ...outcomeOf(input.jobId, ending.status),
          failure: ending.status === "failed" ? ending.failure : null,
        };
      },
      watchSlots: async ({ queued, held, mayGrant }): Promise<SlotNews> => {
        for (;;) {
          heartbeat("watching");
          const closed = held.filter((jobId) => this.closed.has(jobId));
          const free = queued.length > 0 && mayGrant && held.length < this.capacity;
          if (closed.length > 0 || free) return { free: free && closed.length === 0, closed, waitingFor: "" };
          await delay(20, undefined, { signal: cancellationSignal() });
        }
      },
      tendJobs: async () => undefined,
      settleAbandoned: async (jobId) => {
        note(`settle ${jobId}`);
        this.inFlight.delete(jobId);
      },
    };
  }

  private script(jobId: string): Script {
    return this.scripts.get(jobId) ?? { ends: [] };
  }
}

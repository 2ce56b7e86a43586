import { activityInfo } from "@temporalio/activity";
import type { JobOutcome } from "../domain/outcome.ts";
import type { ActivityDeps, RecordRequest } from "./deps.ts";
import { beating } from "./heartbeat.ts";
import { record } from "./record.ts";
import { settle } from "./settle.ts";

/** After so many attempts a backtest is recorded without buy-and-hold rather than not at all. */
const ATTEMPTS_FOR_BARS = 5;

export function recordActivities(deps: ActivityDeps) {
  return {
    /** Idempotent: the first final outcome wins, and every caller gets that one. */
    async recordOutcome(request: RecordRequest): Promise<JobOutcome> {
      return await beating(deps.clock, async () => {
        const outcome = await record(deps, request, activityInfo().attempt <= ATTEMPTS_FOR_BARS);
        // A batch that was terminated cannot close its own record; its jobs, cancelled with it, can.
        if (request.parentJobId !== null) await settle(deps, request.parentJobId);
        return outcome;
      });
    },
  };
}

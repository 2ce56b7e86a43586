import { activityInfo } from "@temporalio/activity";
import type { JobOutcome } from "../domain/outcome.ts";
import type { ActivityDeps, RecordRequest } from "./deps.ts";
import { beating } from "./heartbeat.ts";
import { record } from "./record.ts";
import { settle } from "./settle.ts";

/** After so many attempts without bars, a backtest is recorded without buy-and-hold. */
const ATTEMPTS_FOR_BARS = 5;

export function recordActivities(deps: ActivityDeps) {
  return {
    /** Idempotent: the first outcome stays, and every caller gets that one. */
    async recordOutcome(request: RecordRequest): Promise<JobOutcome> {
      return await beating(deps.clock, async () => {
        const outcome = await record(deps, request, activityInfo().attempt <= ATTEMPTS_FOR_BARS);
        // A terminated batch cannot close its own record. Its jobs were cancelled with it, so they do.
        if (request.parentJobId !== null) await settle(deps, request.parentJobId);
        return outcome;
      });
    },
  };
}

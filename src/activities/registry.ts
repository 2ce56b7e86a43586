import type { Round } from "../domain/registry/stage.ts";
import type { WaitStanding } from "../store/candidate-decisions.ts";
import type { ActivityDeps } from "./deps.ts";

export function registryActivities({ decisions, log }: Pick<ActivityDeps, "decisions" | "log">) {
  return {
    /** Carries out what a human decided about a candidate, or ends its wait when the time is over. Idempotent. */
    async settleCandidate(wait: Round): Promise<WaitStanding> {
      const standing = await decisions.settle(wait);
      if (standing.over) log.info({ ...wait, stage: standing.stage }, "a candidate waits no longer");
      return standing;
    },
  };
}

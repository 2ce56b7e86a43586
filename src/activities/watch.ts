/** What the days after a champion's approval show, month after month, without anybody asking. */
import type { FinalStatus } from "../domain/outcome.ts";
import type { Round } from "../domain/registry/stage.ts";
import { WARM_UP_BARS } from "../domain/results/buy-and-hold.ts";
import type { WatchStanding } from "../store/candidate-watches.ts";
import { chosenJob, type PreparedJob } from "./chosen-job.ts";
import type { ActivityDeps } from "./deps.ts";
import { barsOf } from "./kinds/bars.ts";

/** Of fewer bars a month would say little. */
const FEWEST_BARS = 20;
/** Behind all other jobs: nobody waits for it. */
const PRIORITY = 5;
const DAY_MS = 86_400_000;

export interface WatchStep extends WatchStanding {
  /** The backtest that is due; null while none is, or while too few bars are stored. */
  readonly job: PreparedJob | null;
}

export function watchActivities(deps: ActivityDeps) {
  const { watches, log } = deps;
  return {
    /** How long a champion waits for its next look, and which backtest that is. Idempotent. */
    async nextWatch(watch: Round): Promise<WatchStep> {
      const standing = await watches.due(watch);
      const due = !standing.over && standing.leftMs === 0;
      return { ...standing, job: due ? await jobOf(deps, watch) : null };
    },

    /**
     * Writes down what all looks at a champion show now. Idempotent.
     * @param made the backtest that was made for it; null when too few bars were stored
     */
    async noteWatch(
      watch: Round,
      made: { readonly jobId: string; readonly status: FinalStatus } | null,
    ): Promise<void> {
      await watches.note(watch, made);
      log.info({ ...watch, made }, "a champion was watched");
    },
  };
}

/** From the day after the approval to the last stored day before today, whose bars are complete. */
async function jobOf(deps: ActivityDeps, watch: Round): Promise<PreparedJob | null> {
  const asked = await deps.watches.asked(watch);
  if (asked === null) return null;
  const { request, returns } = asked;
  const yesterday = new Date(deps.clock.now() - DAY_MS).toISOString().slice(0, 10);
  if (yesterday < request.startDate) return null;
  const { bars } = await barsOf(deps.ktrdr, { ...request, endDate: yesterday }, true);
  const endDate = bars?.times.at(-1)?.slice(0, 10);
  // The first return is that of the second traded bar.
  const fresh = (bars?.times.length ?? 0) - WARM_UP_BARS - 1 - returns;
  if (endDate === undefined || fresh < FEWEST_BARS) return null;
  const whole = { jobId: null, client: "the registry", priority: PRIORITY, settings: deps.jobSettings };
  const { reused: _own, ...prepared } = await chosenJob(deps, whole, { ...request, endDate }, { wanted: null });
  return prepared;
}

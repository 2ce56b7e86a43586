/**
 * How long a campaign goes on, by its pace so far. Every job counts with KTRDR's computing and with the pause around it:
 * KTRDR calls a worker busy for up to 10 s after each end (docs/ktrdr.md 11.7), which for short trainings is most of the time.
 */
import type { CampaignRequest } from "../kinds/campaign.ts";
import {
  climbSteps,
  finalistsPaid,
  hoursOf,
  POINTS_MEASURED,
  searchTrainingsLeft,
  stepsOfFinalists,
  type Costed,
} from "./reckoning.ts";
import { MOST_POINTS } from "./rungs.ts";
import { budgetOf, type CampaignRun, type CampaignState, type Stage } from "./state.ts";

type Seen = Pick<CampaignState, "request" | "orders" | "steps" | "runs">;

/**
 * Seconds, as if all trainings that are left were spent: it may end earlier. Null before a job has ended, and afterwards.
 * @param elapsed seconds since it began
 */
export function campaignSecondsLeft(state: Seen, elapsed: number): number | null {
  const { request, runs, steps } = state;
  const ended = runs.filter((run) => !isOpen(run));
  const computed = ended.reduce((sum, { seconds }) => sum + seconds, 0);
  if (computed === 0 || elapsed <= 0 || steps.at(-1)?.stage === "over") return null;
  // As many as were busy on average, whatever was allowed at once.
  const workers = Math.max(1, computed / elapsed);
  const pause = Math.max(0, elapsed * workers - computed) / jobsOf(request, ended);
  const known = [...finalsLeft(state), ...runs.filter(isOpen)];
  const bracket = climbSteps(state, MOST_POINTS, 0).flat();
  const trainings = searchLeft(state);
  const hours = hoursOf(state, known) + (hoursOf(state, bracket) * trainings) / bracket.length;
  return Math.round((3600 * hours + pause * (jobsOf(request, known) + trainings)) / workers);
}

const isOpen = ({ status }: CampaignRun): boolean => status === null || status === "open";

/** Jobs of KTRDR's that these are made of. */
function jobsOf({ walk }: CampaignRequest, runs: readonly Pick<Costed, "role">[]): number {
  const windows = walk === null ? 0 : walk.windows.length * (2 * walk.draws + 1);
  const of = ({ role }: Pick<Costed, "role">) => (role === "walk" ? windows : role === "measure" ? POINTS_MEASURED : 1);
  return runs.reduce((sum, run) => sum + of(run), 0);
}

const TESTS: ReadonlySet<Stage> = new Set<Stage>(["first", "draws", "tests", "proof"]);

/** Trainings of steps that were not planned yet. */
const searchLeft = (state: Seen): number =>
  state.steps.some(({ stage }) => TESTS.has(stage)) ? 0 : Math.max(0, searchTrainingsLeft(state));

/** All that is done with the finalists, but for what was planned already. */
function finalsLeft({ request, orders, steps, runs }: Seen): Costed[] {
  const tested = new Set(runs.filter(({ role }) => role === "test").map(({ point }) => point)).size;
  const count = tested > 0 ? tested : finalistsPaid(request, budgetOf({ request, orders }).trials);
  const draws = new Set(steps.filter(({ stage }) => stage === "draws").map(({ step }) => step));
  const planned = runs.filter(({ role, step }) => role !== "train" || draws.has(step));
  const begun = Map.groupBy(planned, ({ role }) => role);
  return [...Map.groupBy(stepsOfFinalists(request, count).flat(), ({ role }) => role)].flatMap(([role, all]) =>
    all.slice(begun.get(role)?.length ?? 0),
  );
}

import { hash } from "node:crypto";
import type { JobFailure } from "../domain/outcome.ts";
import { DomainError, isDomainError } from "../domain/errors.ts";
import type { JobInput } from "../domain/job.ts";
import type { CampaignRequest } from "../domain/kinds/campaign.ts";
import { kindOf } from "../domain/kinds/index.ts";
import { toBars } from "../domain/market-data.ts";
import { pointJudge } from "../domain/campaign/point-judge.ts";
import type { PointStrategy } from "../domain/campaign/point-text.ts";
import { nextStep } from "../domain/campaign/next-step.ts";
import type { Judge } from "../domain/campaign/proposals.ts";
import { mayPropose, type CampaignRecord, type CampaignState, type Stage } from "../domain/campaign/state.ts";
import { strategyAt } from "../domain/campaign/trainings.ts";
import type { SavedBy } from "../strategies/strategy-library.ts";
import { chosenJob, preparedAs, type PreparedJob } from "./chosen-job.ts";
import type { ActivityDeps } from "./deps.ts";
import { beating } from "./heartbeat.ts";
import { barsOf } from "./kinds/bars.ts";

/** A step of a campaign, as its workflow needs it. */
export interface CampaignStep {
  readonly stage: Stage;
  /** Numbers of its jobs. */
  readonly runs: readonly number[];
  /** Set when it is over and has shown nothing, because its jobs failed. */
  readonly failure: JobFailure | null;
}

export function campaignActivities(deps: ActivityDeps) {
  const { campaigns } = deps;
  return {
    /**
     * A step by its number: the one on record, else the one that follows, which is written down before any of its jobs
     * starts. All jobs of the steps before have ended. Idempotent.
     */
    async planCampaign(input: JobInput<CampaignRequest>, step: number): Promise<CampaignStep> {
      return await beating(deps.clock, async () => {
        await writeDown(deps, input, step);
        const state = await stateOf(deps, input, await campaigns.record(input.jobId));
        const planned = state.steps[step];
        if (planned === undefined) throw new DomainError("internal", { what: `${input.jobId} has no step ${step}.` });
        await saveStrategies(deps, input, state, step);
        const { stage } = planned;
        const runs = state.runs.filter((run) => run.step === step).map(({ n }) => n);
        return { stage, runs, failure: stage === "over" ? failureOf(state) : null };
      });
    },

    /** Says which job a line of the plan is, and whether it has ended already. Idempotent: the first job stays. */
    async prepareCampaignRun(input: JobInput<CampaignRequest>, n: number): Promise<PreparedJob> {
      const line = await campaigns.line(input.jobId, n);
      if (line === null) throw new DomainError("internal", { what: `${input.jobId} has no job ${n}.` });
      const noted = line.jobId === null ? null : await deps.jobs.get(line.jobId);
      if (noted !== null) return preparedAs(deps, input, noted);
      const { reused, ...prepared } = await chosenJob(deps, input, line.request, { wanted: null });
      await campaigns.noteJob(input.jobId, n, prepared.input.jobId, reused);
      return prepared;
    },
  };
}

/** Writes the step down, unless that was done. Whoever is first decides, when several plan at once. */
async function writeDown(deps: ActivityDeps, input: JobInput<CampaignRequest>, step: number): Promise<void> {
  const before = await deps.campaigns.record(input.jobId);
  if (before.steps.length !== step) return;
  const state = await stateOf(deps, input, before);
  const judge = mayPropose(before) ? await judgeOf(deps, input.request) : () => null;
  await deps.campaigns.plan(input.jobId, step, nextStep(state, judge));
}

async function stateOf(
  { jobs, ledger, clock }: ActivityDeps,
  { jobId, request }: JobInput<CampaignRequest>,
  record: CampaignRecord,
): Promise<CampaignState> {
  const [baseText, standings] = await Promise.all([jobs.strategyText(jobId), ledger.standings([request.symbol])]);
  if (baseText === null) {
    throw new DomainError("strategy_changed", {
      what: `The strategy ${request.strategy} was changed or removed before the campaign began.`,
      why: "its points are variations of the text that was checked",
      next: "start the campaign again: it takes the new text",
    });
  }
  const { count: tried = 0, left = null } = standings.get(request.symbol) ?? {};
  return {
    ...record,
    jobId,
    request,
    baseText,
    now: new Date(clock.now()),
    tried,
    left,
    sha256: (text) => hash("sha256", text),
  };
}

/** Label classes are counted on the bars that a point would learn on. */
async function judgeOf({ ktrdr }: ActivityDeps, request: CampaignRequest): Promise<Judge> {
  const { symbol, timeframe, train, symbols = [symbol], insisted = [] } = request;
  const { bars } = await barsOf(ktrdr, { symbol, timeframe, ...train }, true);
  return pointJudge({ window: train, symbols, bars: bars === null ? undefined : toBars(bars.ohlcv), insisted });
}

/** KTRDR reads the files when the trainings start. One version holds those of a step. */
async function saveStrategies(
  deps: ActivityDeps,
  { client, jobId }: JobInput,
  state: CampaignState,
  step: number,
): Promise<void> {
  const trained = state.runs.filter((run) => run.step === step && run.role === "train");
  const wanted = new Map(
    trained.flatMap(({ point, rung }) => {
      const found = state.points[point];
      return found === undefined ? [] : [[`${point}.${rung}`, strategyAt(state, found, rung)]];
    }),
  );
  const strategies = [...wanted.values()];
  const by = { author: client, reason: `points of ${jobId}`, experimentId: null };
  try {
    await saveMissing(deps, strategies, by);
  } catch (error) {
    // Somebody else plans the same step, and was first.
    if (!isDomainError(error, "strategy_exists")) throw error;
    await saveMissing(deps, strategies, by);
  }
}

async function saveMissing(deps: ActivityDeps, strategies: readonly PointStrategy[], by: SavedBy): Promise<void> {
  const there = new Set((await deps.strategies.list()).map(({ name }) => name));
  const missing = strategies.filter(({ name }) => !there.has(name));
  if (missing.length === 0) return;
  await deps.saveStrategies(
    missing.map(({ name, text }) => ({ name, text, replaces: null })),
    by,
  );
}

/** A campaign that tested nothing, because too much failed, has failed itself. */
function failureOf({ runs, steps, request }: CampaignState): JobFailure | null {
  const stop = steps.at(-1)?.stop ?? null;
  const tested = runs.some(({ role, figures }) => role === "test" && figures !== null);
  const failed = steps.map((step) => step.stop).find((one) => one?.reason === "failures");
  if (tested || failed == null || stop === null) return null;
  return { code: "computation_failed", what: stop.says, why: failed.says, next: kindOf(request.kind).mend };
}

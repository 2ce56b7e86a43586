/** Which backtest may be examined on a holdout: one that was expected beforehand and that luck does not explain. */
import { DomainError } from "../../domain/errors.ts";
import type { Experiment } from "../../domain/experiment.ts";
import type { BacktestRequest, BacktestResult } from "../../domain/kinds/backtest.ts";
import { CANDIDATE_LUCK } from "../../domain/luck/luck.ts";
import { ENOUGH_TRADES, luckText } from "../../domain/luck/run-luck.ts";
import type { Cut } from "../../domain/holdout/holdout.ts";
import { reasonsWorthless } from "../../domain/luck/worthless.ts";
import type { JobRecord } from "../../store/job-row.ts";
import { insteadOfCampaign } from "../jobs/finalists.ts";
import { inSample } from "../jobs/in-sample.ts";
import { luckOfBacktest } from "../jobs/luck-of.ts";
import { recordedResult } from "../jobs/recorded-result.ts";
import type { Deps } from "../ports.ts";

export interface Candidate {
  readonly job: JobRecord;
  readonly request: BacktestRequest;
  readonly result: BacktestResult;
}

/**
 * A finished backtest.
 * @throws DomainError `task_not_found`, `task_not_finished`, `not_eligible` for a job that is none
 */
export async function candidateOf(deps: Deps, jobId: string): Promise<Candidate> {
  const known = await deps.records.jobs.get(jobId);
  if (known?.kind === "campaign") throw await ofCampaign(deps, known);
  const { job, result } = await recordedResult(deps, jobId);
  const { request } = job;
  if (request.kind === "backtest" && result.kind === "backtest") return { job, request, result };
  const next = job.kind === "batch" ? "get_results names its backtests: pass one of them" : "pass a backtest's task_id";
  throw notEligible(jobId, [`it is a ${job.kind}, and only a backtest is examined`], next);
}

async function ofCampaign(deps: Deps, job: JobRecord): Promise<DomainError> {
  const backtests = await insteadOfCampaign(deps, job, "backtest");
  const next =
    backtests.length === 0
      ? "none of its points was backtested yet: wait for it"
      : `the finalists' backtests are ${backtests.join(", ")}; one counts when an experiment counted it`;
  return notEligible(job.jobId, ["it is a campaign, and only a backtest is examined"], next);
}

const SHOWN_EXPERIMENTS = 50;

/**
 * Checks everything that a candidate must have shown before anybody looks at the holdout.
 * @throws DomainError `not_eligible` with every reason
 */
export async function assertEligible(deps: Deps, candidate: Candidate, cut: Cut): Promise<void> {
  const { job, request, result } = candidate;
  const { jobId } = job;
  const [sample, model, experiments] = await Promise.all([
    inSample(deps, result, request),
    request.trainingJobId === null ? null : deps.records.results.get(request.trainingJobId),
    deps.records.experiments.list({ jobId, status: "concluded", limit: SHOWN_EXPERIMENTS, offset: 0 }),
  ]);
  const luck = await luckOfBacktest(deps, result, sample);
  const trained = model?.kind === "training" ? model : null;
  const reasons = [
    ...reasonsWorthless(result, sample.inSample),
    trained === null ? "no training of its model is on record" : null,
    trained !== null && trained.endDate.slice(0, 10) >= cut.startDate
      ? `its model was trained to ${trained.endDate.slice(0, 10)}, on days of the holdout`
      : null,
    result.endDate.slice(0, 10) >= cut.startDate ? "its figures are of days of the holdout" : null,
    result.trades < ENOUGH_TRADES ? `it made ${result.trades} trades, and ${ENOUGH_TRADES} are needed` : null,
    result.trades >= ENOUGH_TRADES ? luckReason(luck.probability, luck.trials) : null,
    experiments.some((one) => supports(one, jobId))
      ? null
      : "no experiment that was concluded as supported counted it: write the expectation down first, then run",
  ].filter((reason) => reason !== null);
  if (reasons.length > 0) throw notEligible(jobId, reasons);
}

/** An experiment vouches for the runs that it counted, not for others of the same strategy. */
const supports = ({ conclusion }: Experiment, jobId: string): boolean =>
  conclusion?.judgement.verdict === "supported" &&
  conclusion.judgement.counted.some((counted) => counted.jobId === jobId);

function luckReason(probability: number | null, trials: number): string | null {
  if (probability !== null && probability <= CANDIDATE_LUCK) return null;
  if (probability === null) return "whether it is luck cannot be told";
  return `luck explains it in ${luckText(probability)} of searches with ${trials} trials, and at most 5 % is allowed`;
}

const notEligible = (
  jobId: string,
  reasons: readonly string[],
  next = "start_experiment, runs attached to it and conclude_experiment come first; nothing was looked at",
): DomainError =>
  new DomainError("not_eligible", {
    what: `${jobId} may not be examined on the holdout.`,
    why: reasons.join("; "),
    next,
  });

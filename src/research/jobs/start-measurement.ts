/** Starts the measurement of a finished backtest. */
import { championOf, partOf, prefixOf } from "../../domain/batch.ts";
import { DomainError } from "../../domain/errors.ts";
import type { BacktestRequest, BacktestResult } from "../../domain/kinds/backtest.ts";
import type { MeasurementRequest } from "../../domain/kinds/measurement.ts";
import { BARS_OF_FIRST_PREFIX, isLongEnough } from "../../domain/measured/measurable.ts";
import { prefixEnds } from "../../domain/measured/prefix-ends.ts";
import { instant, WARM_UP_BARS } from "../../domain/results/buy-and-hold.ts";
import type { JobRecord } from "../../store/job-row.ts";
import type { Asking } from "../asking.ts";
import { checkBars } from "../strategies/bar-check.ts";
import { findingText } from "../strategies/clearance.ts";
import { inSample } from "./in-sample.ts";
import { chooseModel } from "./model-choice.ts";
import { checkedModel } from "./model-strategy.ts";
import { jobOnRecord } from "./recorded-result.ts";
import { startJob, type Cleared } from "./start-job.ts";

/** Behind all other jobs: nobody waits for it. */
const PRIORITY = 5;

interface MeasureWish {
  readonly jobId: string;
  /** 2 to 60. */
  readonly points: number;
  readonly forceReason: string | null;
}

/**
 * Starts a measurement, or finds the same one.
 * @throws DomainError `task_not_found`, `task_not_finished`, `invalid_input` for a job that cannot be measured, and those
 *   of a start
 */
export async function startMeasurement(context: Asking, { jobId, points, forceReason }: MeasureWish) {
  const { deps } = context;
  const job = await jobOnRecord(deps.records, jobId);
  const backtest = measurable(job);
  const result = await deps.records.results.get(jobId);
  if (result?.kind !== "backtest") throw withoutResult(job);
  if (result.trades === 0) throw unfit(`${jobId} made no trade: there is nothing to measure.`);
  const ends = prefixEnds(backtest, tradedFrom(result), points);
  if (!isLongEnough(backtest, ends)) throw tooShort(job, result);
  const request: MeasurementRequest = { ...backtest, kind: "measurement", measures: jobId, ends };
  const sample = await inSample(deps, result, backtest);
  const answer = await startJob(context, {
    request,
    forceReason,
    priority: PRIORITY,
    experimentId: undefined,
    preflight: async () => await preflight(context, request, backtest),
  });
  const warnings = [...(sample.caveat === null ? [] : [sample.caveat]), ...answer.warnings];
  return { ...answer, warnings, points: ends.length };
}

/** @throws DomainError `invalid_input` for every other job than an ordinary backtest */
function measurable({ jobId, request }: JobRecord): BacktestRequest {
  const measures = prefixOf(request);
  if (measures !== null) throw unfit(`${jobId} is a prefix of ${measures}, and not a backtest of its own.`, measures);
  if (partOf(request) === "window") throw unfit(`${jobId} is a window of a walk-forward, and no run of its own.`);
  const champion = championOf(request);
  if (champion !== null) throw unfit(`${jobId} watches the champion ${champion}, and is no run of its own.`);
  if (request.kind === "backtest") return request;
  if (request.kind === "campaign")
    throw unfit(
      `${jobId} is a campaign: it measures its finalists itself.`,
      null,
      "get_results names the measurements",
    );
  if (request.kind === "measurement") throw unfit(`${jobId} is a measurement itself.`, request.measures);
  throw unfit(`${jobId} is a ${request.kind}: one finished backtest is measured at a time.`);
}

function withoutResult({ jobId, status, outcome }: JobRecord): DomainError {
  if (status === "open") {
    return new DomainError("task_not_finished", {
      what: `The backtest ${jobId} has not ended yet.`,
      next: `get_task_status with task_id ${jobId} and wait_seconds 45 until final, then call again`,
    });
  }
  return unfit(`The backtest ${jobId} has no result: it ended as ${status}.`, null, outcome?.headline);
}

const unfit = (what: string, measures: string | null = null, why?: string) =>
  new DomainError("invalid_input", {
    what,
    ...(why === undefined ? {} : { why }),
    valid: ["the task_id of a finished backtest with trades"],
    next:
      measures === null
        ? "list_tasks with kind backtest and status completed names them"
        : `pass ${measures}; get_results of a measurement shows what it found`,
  });

const tooShort = ({ jobId }: JobRecord, { startDate, endDate }: BacktestResult) =>
  new DomainError("invalid_input", {
    what: `${jobId} is too short to be measured.`,
    why: `${startDate} to ${endDate} is less than two months, or no month ends after the ${WARM_UP_BARS} bars of warm-up`,
    valid: ["a backtest over two months or more, after the warm-up"],
    next: "run_backtest of the same model over more days, then measure that one",
  });

/** The day by which the warm-up and a few more bars are over, as the bars on record lie evenly. YYYY-MM-DD. */
function tradedFrom({ data, startDate, endDate, equityPoints }: BacktestResult): string {
  const [first, last] = [instant(data?.first ?? startDate), instant(data?.last ?? endDate)];
  const bars = Math.max(1, data?.bars ?? equityPoints + WARM_UP_BARS);
  const day = new Date(first + ((last - first) * BARS_OF_FIRST_PREFIX) / bars);
  return day.toISOString().slice(0, 10);
}

/** What has changed around the model is said. Whether it changes the figures, the measurement finds out itself. */
async function preflight(context: Asking, request: MeasurementRequest, backtest: BacktestRequest): Promise<Cleared> {
  const { deps, signal } = context;
  const model = await chooseModel(deps, backtest.trainingJobId ?? backtest.modelPath);
  const { slower, warnings } = await checkedModel(deps, model, backtest.strategy);
  const { subject } = await checkBars(deps, { ...backtest, slower }, backtest, {}, signal);
  return { request, warnings: [...warnings, ...subject.findings.map(findingText)] };
}

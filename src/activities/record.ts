/** Writes down how a job ended, with its figures. That is never changed again. */
import { isDomainError } from "../domain/errors.ts";
import type { JobInput } from "../domain/job.ts";
import { computes, insistedOn, type JobResult, headline } from "../domain/kinds/index.ts";
import type { BacktestRequest } from "../domain/kinds/backtest.ts";
import type { JobFailure, JobOutcome } from "../domain/outcome.ts";
import type { TrainingRequest } from "../domain/kinds/training.ts";
import { MOST_ITEMS } from "../domain/batch.ts";
import { insistenceCaveats } from "../domain/insistence.ts";
import { defectLine } from "../domain/bars/words.ts";
import { answeredHealth } from "../ktrdr/answered-health.ts";
import type { Bars } from "../ktrdr/data.ts";
import { toBars } from "../domain/market-data.ts";
import { fingerprintOf } from "./fingerprint.ts";
import { assertNever } from "../domain/never.ts";
import { summariseBatch } from "../domain/results/batch.ts";
import { normaliseBacktest } from "../domain/results/backtest.ts";
import { normaliseDataLoad } from "../domain/results/data-load.ts";
import { normaliseTraining } from "../domain/results/training.ts";
import { trainingTraits } from "../domain/results/training-traits.ts";
import type { ActivityDeps, RecordRequest } from "./deps.ts";
import { namingSource } from "./unnamed-source.ts";

export async function record(deps: ActivityDeps, request: RecordRequest, insistOnBars: boolean): Promise<JobOutcome> {
  const { input, computation } = request;
  const { outcome, result } = await conclude(deps, request, insistOnBars);
  if (request.operationIds.length > 0) await deps.jobs.endComputation(input.jobId, computation, outcome.status);
  const stored = await deps.jobs.finish(input.jobId, outcome, result, result?.engine ?? null);
  if (computes(input.request)) await deps.slots.release(input.request.kind, input.jobId);
  return stored;
}

async function conclude(
  deps: ActivityDeps,
  request: RecordRequest,
  insistOnBars: boolean,
): Promise<{ outcome: JobOutcome; result: JobResult | null }> {
  const { ending } = request;
  if (ending.status === "cancelled") {
    const line = cancelledLine(request);
    return { outcome: outcomeOf(request, "cancelled", null, ending.partial, line), result: null };
  }
  if (ending.status === "failed") {
    return failedWith(request, await namingSource(deps, request.input, ending.failure));
  }
  // KTRDR is asked for the bars until it answers: the result is known already and must not be lost.
  const normalise = await resultOf(deps, request.input, ending.summary, insistOnBars);
  try {
    const plain = normalise();
    const { request: asked } = request.input;
    // A batch shows it with each item.
    const insisted = asked.kind === "batch" ? [] : insistenceCaveats(insistedOn(asked));
    const result = { ...plain, caveats: [...insisted, ...plain.caveats] };
    return { outcome: outcomeOf(request, "completed", null, null, headline(result)), result };
  } catch (error) {
    // The computation finished and its answer is unusable: the job fails instead of recording a doubtful figure.
    if (!isDomainError(error, "ktrdr_bad_answer", "computation_failed", "computation_lost")) throw error;
    return failedWith(request, {
      code: error.code,
      what: error.what,
      why: error.why ?? null,
      next: error.next ?? null,
    });
  }
}

function cancelledLine({ input, ending, operationIds }: RecordRequest): string {
  if (ending.status === "cancelled" && ending.partial !== null) {
    const { percent, doubt } = ending.partial;
    return `cancelled at ${percent.toFixed(0)} %${doubt === undefined ? "" : `; ${doubt}`}`;
  }
  if (!computes(input.request)) return "cancelled; its jobs that had finished keep their results";
  return operationIds.length === 0 ? "cancelled before it started" : "cancelled";
}

function failedWith(request: RecordRequest, failure: JobFailure): { outcome: JobOutcome; result: null } {
  const partial = request.ending.status === "failed" ? request.ending.partial : null;
  return { outcome: outcomeOf(request, "failed", failure, partial, failure.what), result: null };
}

function outcomeOf(
  { input, faultsSeen, operationIds }: RecordRequest,
  status: JobOutcome["status"],
  failure: JobFailure | null,
  partial: JobOutcome["partial"],
  line: string,
): JobOutcome {
  const operations = [...new Set(operationIds)]; // a resumed operation had several computations
  return { jobId: input.jobId, status, failure, partial, faultsSeen, operationIds: operations, headline: line };
}

interface Had {
  readonly bars: Bars | null;
  /** Why KTRDR refuses the bars; null when it does not. */
  readonly refused: string | null;
}

/** The bars of the job's market and dates. */
async function barsOf(
  { ktrdr }: ActivityDeps,
  { symbol, timeframe, startDate, endDate }: TrainingRequest | BacktestRequest,
  insist: boolean,
): Promise<Had> {
  const window = { startDate, endDate };
  try {
    return { bars: await ktrdr.data.bars(symbol, timeframe, window), refused: null };
  } catch (error) {
    if (insist && isDomainError(error) && error.retryable) throw error;
    if (!isDomainError(error, "bars_refused")) return { bars: null, refused: null };
    const health = await answeredHealth(ktrdr.data, symbol, timeframe, window, undefined).catch(() => null);
    return { bars: null, refused: health?.defects.map(defectLine)[0] ?? error.what };
  }
}

const fingerprint = (bars: Bars | null) => (bars === null ? null : fingerprintOf(bars));

/** Gathers what a result needs beside the summary. The returned function throws when the summary is unusable. */
async function resultOf(
  deps: ActivityDeps,
  input: Pick<JobInput, "jobId" | "request">,
  summary: Readonly<Record<string, unknown>>,
  insistOnBars: boolean,
): Promise<() => JobResult> {
  const { ktrdr } = deps;
  const { request } = input;
  const { engine } = await ktrdr.health();
  switch (request.kind) {
    case "training": {
      const resumedFrom = (await deps.jobs.computations(input.jobId)).at(-1)?.resumedFrom ?? null;
      const [{ bars }, text] = await Promise.all([
        barsOf(deps, request, insistOnBars),
        deps.jobs.strategyText(input.jobId),
      ]);
      const traits = trainingTraits(text, bars === null ? null : toBars(bars));
      return () => ({ ...normaliseTraining(summary, request, engine, resumedFrom, traits), data: fingerprint(bars) });
    }
    case "backtest": {
      const { bars, refused } = await barsOf(deps, request, insistOnBars);
      const data = fingerprint(bars);
      return () => ({ ...normaliseBacktest(summary, request, bars, engine, refused), data });
    }
    case "data_load": {
      const range = await ktrdr.data.range(request.symbol, request.timeframe);
      return () => normaliseDataLoad(summary, request, range, engine);
    }
    case "batch": {
      const [counts, items] = await Promise.all([
        deps.batches.counts(input.jobId),
        deps.batches.rows(input.jobId, { limit: MOST_ITEMS, offset: 0 }),
      ]);
      return () => summariseBatch(request, counts, items, engine);
    }
    default:
      return assertNever(request);
  }
}

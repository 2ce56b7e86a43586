import { DomainError } from "../domain/errors.ts";
import type { ComparedRun } from "../domain/comparison.ts";
import type { JobRequest } from "../domain/job.ts";
import { parseStrategy } from "../domain/strategy/parse.ts";
import type { JobRecord } from "../store/job-row.ts";
import { inSample } from "./in-sample.ts";
import type { Deps } from "./ports.ts";
import { recordedResult, type Recorded } from "./recorded-result.ts";

export interface RunToCompare extends ComparedRun {
  readonly job: JobRecord;
  /** Where it ran, and what its model was trained on. */
  readonly asked: Readonly<Record<string, unknown>>;
  /** The strategy as plain data; null when its text is not on record any more. */
  readonly strategy: unknown;
  /** Null for a training. */
  readonly inSample: boolean | "unknown" | null;
}

/** More than anybody can read. */
const MOST = 60;

/**
 * The results of jobs, trainings of a set one by one, with what is needed to say what they have in common.
 * @throws DomainError `task_not_found`, `task_not_finished`, `invalid_input`
 */
export async function runsToCompare(deps: Deps, jobIds: readonly string[]): Promise<readonly RunToCompare[]> {
  const loaded = await Promise.all(jobIds.map(async (jobId) => await recordedResult(deps, jobId)));
  const members = loaded.flatMap((one) => (one.result.kind === "training_set" ? one.result.models : []));
  const single = loaded.filter(({ result }) => result.kind !== "training_set");
  const given = new Set(single.map(({ job }) => job.jobId));
  const wanted = members.map(({ jobId }) => jobId).filter((jobId) => !given.has(jobId));
  const all = [
    ...single,
    ...(await Promise.all(wanted.slice(0, MOST).map(async (jobId) => await recordedResult(deps, jobId)))),
  ];
  const kinds = new Set(all.map(({ result }) => result.kind));
  if (kinds.size === 1 && !kinds.has("data_load"))
    return await Promise.all(all.map(async (one) => await run(deps, one)));
  throw new DomainError("invalid_input", {
    what: `These jobs cannot be compared: they are ${[...kinds].join(" and ")}.`,
    valid: ["backtests only", "trainings (and sets of them) only"],
    next: "list_tasks with kind shows them apart",
  });
}

async function run(deps: Deps, { job, result }: Recorded): Promise<RunToCompare> {
  const { request, jobId } = job;
  const trainingJobId = request.kind === "backtest" ? request.trainingJobId : null;
  const [text, sample, training] = await Promise.all([
    deps.records.jobs.strategyText(jobId),
    result.kind === "backtest" ? inSample(deps, result, request) : null,
    trainingJobId === null ? null : deps.records.jobs.get(trainingJobId),
  ]);
  const parsed = text === null ? null : parseStrategy(text);
  const asked = { ...placeOf(request), ...trainedOn(training?.request) };
  return {
    jobId,
    key: JSON.stringify([asked, text ?? jobId]),
    result,
    job,
    asked,
    strategy: parsed?.ok ? parsed.text.value : null,
    inSample: sample?.inSample ?? null,
  };
}

function placeOf(request: JobRequest): Readonly<Record<string, unknown>> {
  if (request.kind === "backtest") {
    const { symbol, timeframe, startDate, endDate, commission, slippage, initialCapital } = request;
    return { symbol, timeframe, startDate, endDate, commission, slippage, initialCapital };
  }
  if (request.kind !== "training") return {};
  const { symbol, timeframe, startDate, endDate } = request;
  return { symbol, timeframe, startDate, endDate };
}

/** Of the model of a backtest; without the draw, so that all draws of one training are alike. */
function trainedOn(request: JobRequest | undefined): Readonly<Record<string, unknown>> {
  if (request?.kind !== "training") return {};
  const { symbol, timeframe, startDate, endDate, strategySha256 } = request;
  return {
    model: { symbol, timeframe, trained_from: startDate, trained_to: endDate, strategy_sha256: strategySha256 },
  };
}

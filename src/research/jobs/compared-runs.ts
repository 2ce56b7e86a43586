import { championOf, partOf, prefixOf } from "../../domain/batch.ts";
import { DomainError } from "../../domain/errors.ts";
import type { ComparedRun } from "../../domain/comparison.ts";
import type { JobRequest } from "../../domain/kinds/index.ts";
import { parseStrategy } from "../../domain/strategy/parse.ts";
import type { JobRecord } from "../../store/job-row.ts";
import { inSample } from "./in-sample.ts";
import { membersOf } from "./members.ts";
import type { Deps } from "../ports.ts";
import { recordedResult, type Recorded } from "./recorded-result.ts";

export interface RunToCompare extends ComparedRun {
  readonly job: JobRecord;
  /** Its market and dates, and those of its model's training. */
  readonly asked: Readonly<Record<string, unknown>>;
  /** The strategy as plain data; null when its text is not on record any more. */
  readonly strategy: unknown;
  /** Whether the dates overlap the training; null for a training. */
  readonly inSample: boolean | "unknown" | null;
}

/** Reading more runs would take seconds. */
const MOST = 200;

export interface RunsToCompare {
  readonly runs: readonly RunToCompare[];
  /** Batches and campaigns that are still open and will have more runs. */
  readonly growing: readonly string[];
}

/**
 * The runs of jobs, of batches and of the finalists of campaigns, with what tells which of them are draws of one thing.
 * @throws DomainError `task_not_found`, `task_not_finished`, `invalid_input`
 */
export async function runsToCompare(deps: Deps, jobIds: readonly string[]): Promise<RunsToCompare> {
  const jobs = await Promise.all(jobIds.map(async (jobId) => await deps.records.jobs.get(jobId)));
  const members = await Promise.all(jobs.map(async (job) => await membersOf(deps, job, null)));
  const wanted = [...new Set(jobIds.flatMap((jobId, at) => members[at]?.jobIds ?? [jobId]))];
  if (wanted.length < 2 || wanted.length > MOST) throw unfitNumber(wanted.length);
  const all = await Promise.all(wanted.map(async (jobId) => await recordedResult(deps, jobId)));
  const part = all.find(({ job }) => partOf(job.request) !== null);
  if (part !== undefined) throw ofPart(part.job);
  const kinds = new Set(all.map(({ result }) => result.kind));
  if (kinds.size > 1 || kinds.has("data_load") || kinds.has("holdout") || kinds.has("walk_forward"))
    throw unlike([...kinds]);
  return {
    runs: await Promise.all(all.map(async (one) => await run(deps, one))),
    growing: jobIds.filter((_, at) => members[at]?.open === true),
  };
}

const unfitNumber = (count: number) =>
  new DomainError("invalid_input", {
    what: count < 2 ? "One run alone cannot be compared." : `These are ${count} runs; ${MOST} at most are compared.`,
    valid: [`2 to ${MOST} runs, those of batches counted one by one`],
    next:
      count < 2
        ? "add the task_id of another run, or of a batch with several"
        : "get_results of the batch names its items: pass the task_ids of some of them",
  });

function ofPart({ jobId, request, parentJobId }: JobRecord): DomainError {
  if (partOf(request) === "window") {
    return new DomainError("invalid_input", {
      what: `${jobId} is a window of a walk-forward: alone it shows nothing, and the best of several less.`,
      next: `get_results with ${parentJobId ?? "the walk-forward"}: all windows together`,
    });
  }
  const champion = championOf(request);
  if (champion !== null) {
    return new DomainError("invalid_input", {
      what: `${jobId} watches the champion ${champion}: its figures are told by the champion alone.`,
      next: `list_candidates {"task_id": "${champion}"}`,
    });
  }
  return new DomainError("invalid_input", {
    what: `${jobId} is a prefix that measures ${prefixOf(request) ?? "a backtest"}: its figures are compared with nothing.`,
    next: `compare ${prefixOf(request) ?? "that backtest"} with other backtests, or ${parentJobId ?? "its measurement"} with other measurements`,
  });
}

const unlike = (kinds: readonly string[]) =>
  new DomainError("invalid_input", {
    what: `These jobs cannot be compared: they are ${kinds.join(" and ")}.`,
    valid: ["backtests only (or batches of them, or campaigns)", "trainings only (or batches of them)"],
    next: "list_tasks with kind shows them apart",
  });

async function run(deps: Deps, { job, result }: Recorded): Promise<RunToCompare> {
  const { request, jobId } = job;
  const trainingJobId = request.kind === "backtest" ? request.trainingJobId : null;
  const [text, sample, training] = await Promise.all([
    deps.records.jobs.strategyText(jobId),
    result.kind === "backtest" ? inSample(deps, result, request) : null,
    trainingJobId === null ? null : deps.records.jobs.get(trainingJobId),
  ]);
  const parsed = text === null ? null : parseStrategy(text);
  const { strategySha256 = null, ...asked } = { ...placeOf(request), ...trainedOn(training?.request) };
  return {
    jobId,
    // Without its own text, a backtest is told apart by the text of its model's training.
    key: JSON.stringify([asked, strategySha256, text ?? jobId]),
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
  const { symbol, symbols, timeframe, startDate, endDate } = request;
  return { symbol, ...(symbols === undefined ? {} : { symbols }), timeframe, startDate, endDate };
}

/** The training of a backtest's model, without the draw: all draws of one training are alike. */
function trainedOn(request: JobRequest | undefined): Readonly<Record<string, unknown>> {
  if (request?.kind !== "training") return {};
  const { symbol, timeframe, startDate, endDate, strategySha256 } = request;
  return { strategySha256, model: { symbol, timeframe, trained_from: startDate, trained_to: endDate } };
}

import { DomainError } from "../../domain/errors.ts";
import { assertOpen } from "../../domain/holdout/symbol.ts";
import type { Insistence } from "../../domain/insistence.ts";
import { insistedOn } from "../../domain/kinds/index.ts";
import { isTimeframe, type DateWindow, type Timeframe } from "../../domain/market-data.ts";
import type { JobRecord } from "../../store/job-row.ts";
import type { KeptModel } from "../../ktrdr/model-folder.ts";
import type { Deps } from "../ports.ts";
import { insteadOfCampaign } from "./finalists.ts";

/** Folders of models, relative to KTRDR's working directory; other paths are refused. */
export const MODEL_PATH = /^models\/[A-Za-z0-9][A-Za-z0-9_-]{0,99}\/[A-Za-z0-9][A-Za-z0-9_-]{0,60}$/;

export interface ChosenModel {
  readonly modelPath: string;
  readonly trainingJobId: string | null;
  /** SHA-256 of the text it was trained with; null when not on record. */
  readonly strategySha256: string | null;
  /** What was insisted on when it was trained; it also holds for backtests of the model. */
  readonly insisted: readonly Insistence[];
  /** The training that made it; null when the model is not ours. */
  readonly origin:
    | (DateWindow & { readonly strategy: string; readonly symbol: string; readonly timeframe: string })
    | null;
  /** What KTRDR's folder says of a model that is not ours; null when it cannot be read. */
  readonly kept: KeptModel | null;
}

/**
 * The model behind a task_id of a training, or at a model path.
 * @throws DomainError `model_not_found`, `task_not_found`, `task_not_finished`, `database_unavailable`
 */
export async function chooseModel(deps: Deps, model: string): Promise<ChosenModel> {
  return MODEL_PATH.test(model) ? await atPath(deps, model) : await ofTraining(deps, model);
}

async function atPath(deps: Deps, modelPath: string): Promise<ChosenModel> {
  const known = await deps.records.results.findModel(modelPath);
  const training = known === null ? null : await deps.records.jobs.get(known.jobId);
  return {
    modelPath,
    trainingJobId: known?.jobId ?? null,
    ...trainedBy(training),
    origin: known,
    kept: known === null ? await deps.models.read(modelPath) : null,
  };
}

const trainedBy = (job: JobRecord | null) => ({
  strategySha256: job?.request.kind === "training" ? job.request.strategySha256 : null,
  insisted: job === null ? [] : insistedOn(job.request),
});

async function ofTraining(deps: Deps, jobId: string): Promise<ChosenModel> {
  const [job, result] = await Promise.all([deps.records.jobs.get(jobId), deps.records.results.get(jobId)]);
  if (result?.kind === "training") {
    return { modelPath: result.modelPath, trainingJobId: jobId, ...trainedBy(job), origin: result, kept: null };
  }
  if (job === null) {
    throw new DomainError("model_not_found", {
      what: `No training is called "${jobId}", and it is no model path.`,
      valid: (await deps.records.results.listModels({ limit: 5 })).map((model) => model.jobId),
      next: "list_models shows all models; get_task_status tells whether a training is still being admitted",
    });
  }
  if (job.kind === "campaign") throw await ofCampaign(deps, job);
  if (job.kind !== "training") {
    throw new DomainError("invalid_input", {
      what: `${jobId} is a ${job.kind}, not a training.`,
      next: "list_models shows the task_ids of trainings",
    });
  }
  if (job.status === "open") {
    throw new DomainError("task_not_finished", {
      what: `The training ${jobId} has not ended yet.`,
      next: `get_task_status with task_id ${jobId} and wait_seconds 45 until final, then call again`,
    });
  }
  throw new DomainError("model_not_found", {
    what: `The training ${jobId} left no model.`,
    why: job.outcome?.headline ?? `it ended as ${job.status}`,
    next: "train again, or choose another one from list_models",
  });
}

async function ofCampaign(deps: Deps, job: JobRecord): Promise<DomainError> {
  const trainings = await insteadOfCampaign(deps, job, "training");
  return new DomainError("invalid_input", {
    what: `${job.jobId} is a campaign: it has many models.`,
    ...(trainings.length === 0 ? { why: "none of its points is a finalist yet" } : { valid: trainings }),
    next:
      trainings.length === 0
        ? `get_task_status with task_id ${job.jobId} shows how far it is`
        : "pass one of these trainings: the middle draw of each finalist, the best first",
  });
}

interface Market {
  readonly strategy: string;
  readonly symbol: string;
  readonly timeframe: Timeframe;
}

/**
 * The market of a backtest: what the caller names, else that of the model's training. For a model that is not ours, its
 * folder and its path, `models/<strategy>/<timeframe>_v<n>`, tell it (docs/ktrdr.md §4.2).
 * @throws DomainError `invalid_input` naming what is missing
 */
export function marketOfModel(
  { modelPath, origin, kept }: ChosenModel,
  given: { readonly [K in keyof Market]?: string | undefined },
): Market {
  const [, folder, version = ""] = modelPath.split("/");
  const strategy = given.strategy ?? origin?.strategy ?? folder;
  const symbol = given.symbol ?? origin?.symbol ?? kept?.symbol ?? undefined;
  const timeframe = given.timeframe ?? origin?.timeframe ?? kept?.timeframe ?? version.split("_")[0];
  assertOpen(symbol ?? "");
  if (strategy !== undefined && symbol !== undefined && isTimeframe(timeframe)) return { strategy, symbol, timeframe };
  throw new DomainError("invalid_input", {
    what: `A ${symbol === undefined ? "symbol" : "timeframe"} is needed for ${modelPath}.`,
    why: "this server did not train it, and neither its folder nor its path tells",
    next: "name it, or pass the task_id of a training",
  });
}

import type { JobRequest } from "../../domain/kinds/index.ts";
import { overlaps, type DateWindow } from "../../domain/market-data.ts";
import type { BacktestResult } from "../../domain/kinds/backtest.ts";
import type { Deps } from "../ports.ts";

export interface InSample {
  readonly inSample: boolean | "unknown";
  /** Comes first among the caveats; null when the windows share no day. */
  readonly caveat: string | null;
}

/** Whether a backtest's window shares days with the training of its model. */
export async function inSample(deps: Deps, backtest: Traded, request: JobRequest): Promise<InSample> {
  const trained = await trainingWindow(deps, backtest, request);
  if (trained === null) {
    return { inSample: "unknown", caveat: "The training window of this model is not on record: it may be in-sample." };
  }
  if (!overlaps(trained, backtest)) return { inSample: false, caveat: null };
  return {
    inSample: true,
    caveat: `IN-SAMPLE: the model was trained on ${trained.startDate} to ${trained.endDate}, which overlaps this window. These figures prove nothing.`,
  };
}

/** A model, and the days on which it traded. */
type Traded = Pick<BacktestResult, "modelPath" | "startDate" | "endDate">;

async function trainingWindow(deps: Deps, backtest: Traded, request: JobRequest): Promise<DateWindow | null> {
  const jobId = "trainingJobId" in request ? request.trainingJobId : null;
  if (jobId !== null) {
    const training = await deps.records.results.get(jobId);
    if (training?.kind === "training") return training;
  }
  return await deps.records.results.findModel(backtest.modelPath);
}

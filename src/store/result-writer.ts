import type { FinalStatus } from "../domain/outcome.ts";
import type { JobResult } from "../domain/kinds/index.ts";
import type { TrainingResult } from "../domain/kinds/training.ts";
import { toJsonb } from "./json.ts";
import { run, type Session } from "./pool.ts";

/** Writes a job's result and, for a completed training, its model. Part of finishing a job, in its transaction. */
export async function insertResult(
  session: Session,
  jobId: string,
  status: FinalStatus,
  result: JobResult,
): Promise<void> {
  await run(session, "insert into results (job_id, kind, result) values ($1, $2, $3)", [
    jobId,
    result.kind,
    toJsonb(result),
  ]);
  if (result.kind === "training" && status === "completed") await insertModel(session, jobId, result);
}

async function insertModel(session: Session, jobId: string, result: TrainingResult): Promise<void> {
  await run(
    session,
    `insert into models
       (job_id, model_path, engine_name, engine_version, strategy, symbol, timeframe, start_date, end_date,
        epochs_trained, best_val_loss, best_val_accuracy, test_accuracy)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
    [
      jobId,
      result.modelPath,
      result.engine.name,
      result.engine.version,
      result.strategy,
      result.symbol,
      result.timeframe,
      result.startDate,
      result.endDate,
      result.epochsTrained,
      result.bestValLoss,
      result.bestValAccuracy,
      result.testAccuracy,
    ],
  );
}

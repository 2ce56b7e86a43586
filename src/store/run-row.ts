import { z } from "zod";
import type { RunOnRecord } from "../domain/run-on-record.ts";
import { JOB_KINDS, JobResult } from "../domain/kinds/index.ts";
import { FINAL_STATUSES } from "../domain/outcome.ts";
import { Instant } from "./job-row.ts";
import { NO_CURVE } from "./result-row.ts";

/** SQL: the columns of `RunRow`, of jobs `j`. Results come without their curves, which nobody who weighs a run needs. */
export const RUN_COLUMNS = `j.kind, j.status, j.symbol, j.timeframe, j.finished_at,
  t.start_date as trained_from, t.end_date as trained_to,
  case when r.kind = 'training' then jsonb_set(r.result, '{curve}', ${NO_CURVE}) else r.result end as result`;

/** SQL: what `RUN_COLUMNS` needs beside `j`. */
export const RUN_JOINS = `left join results r on r.job_id = j.job_id
  left join models t on t.job_id = j.request ->> 'trainingJobId'`;

/** A job as it is weighed: what it was on, and what came out. */
export const RunRow = z.object({
  jobId: z.string(),
  kind: z.enum(JOB_KINDS).nullable(),
  status: z.enum(["open", ...FINAL_STATUSES]).nullable(),
  symbol: z.string().nullable(),
  timeframe: z.string().nullable(),
  finishedAt: Instant.nullable(),
  trainedFrom: z.string().nullable(),
  trainedTo: z.string().nullable(),
  result: JobResult.nullable(),
});

export function runOf(row: z.infer<typeof RunRow>): RunOnRecord {
  const { jobId, result, kind, status, trainedFrom, trainedTo, symbol, timeframe, finishedAt } = row;
  const trainedOn = trainedFrom === null || trainedTo === null ? null : { startDate: trainedFrom, endDate: trainedTo };
  const job = kind === null || status === null ? null : { kind, status, symbol, timeframe, finishedAt, trainedOn };
  return { jobId, job, result };
}

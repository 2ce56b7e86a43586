/** How jobs end, and what is kept of a job that did not complete. */
import { z } from "zod";
import { ERROR_CODES } from "./errors.ts";
import { LearningCurve } from "./result.ts";
import type { Stored } from "./stored.ts";

export const FINAL_STATUSES = ["completed", "failed", "cancelled", "terminated"] as const;
export const FinalStatus = z.enum(FINAL_STATUSES);
export type FinalStatus = z.infer<typeof FinalStatus>;

/** KTRDR's faults that were met on the wire and overcome (docs/faults.md); results show them, metrics count them. */
export const FAULTS_SEEN = [
  "completed_turned_failed",
  "completed_turned_cancelled",
  "stale_view",
  "stuck_resuming",
  "lost_operation",
  "start_answer_lost",
  "worker_died",
  "cancel_not_forwarded",
] as const;
const FaultSeen = z.enum(FAULTS_SEEN);
export type FaultSeen = z.infer<typeof FaultSeen>;

export const JobFailure = z.strictObject({
  code: z.enum(ERROR_CODES),
  what: z.string(),
  why: z.string().nullable(),
  next: z.string().nullable(),
});
export type JobFailure = Stored<typeof JobFailure>;

/** What is kept of a job that did not complete. */
export const PartialResult = z.strictObject({
  /** Percent 0..100 at the last observation. */
  percent: z.number(),
  step: z.string(),
  epochsSeen: z.number(),
  bestValLoss: z.number().nullable(),
  bestValAccuracy: z.number().nullable(),
  /** When its worker could not be asked whether it stopped: what may have happened, and where a model may lie. */
  doubt: z.string().optional(),
});
export type PartialResult = Stored<typeof PartialResult>;

/** How a job ended; small enough for a workflow result. The figures are in the record, by job id. */
export const JobOutcome = z.strictObject({
  jobId: z.string(),
  status: FinalStatus,
  failure: JobFailure.nullable(),
  partial: PartialResult.nullable(),
  faultsSeen: z.array(FaultSeen),
  /** Operations that were started for this job, oldest first. */
  operationIds: z.array(z.string()),
  /** One line with the headline figures, or what went wrong. */
  headline: z.string(),
});
export type JobOutcome = Stored<typeof JobOutcome>;

/** The checkpoint from which a training goes on, after its worker died or it was stopped. */
export const ResumePoint = z.strictObject({
  /** 0-based last finished epoch. */
  epoch: z.number(),
  /** The loss that a later epoch must beat to be saved. When absent, the lowest of the curve. */
  bestValLoss: z.number().optional(),
  /** 0-based epoch whose network is saved unless a later one beats that loss. When absent, the last finished one. */
  keptEpoch: z.number().optional(),
  /** Every epoch up to `epoch`; KTRDR's result has only the later ones (docs/ktrdr.md §9.11). */
  curve: LearningCurve,
});
export type ResumePoint = Stored<typeof ResumePoint>;

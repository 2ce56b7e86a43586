/** How jobs end, and what is kept of those that did not finish. */
import { z } from "zod";
import { ERROR_CODES } from "./errors.ts";
import { LearningCurve } from "./result.ts";
import type { Stored } from "./stored.ts";

export const FINAL_STATUSES = ["completed", "failed", "cancelled", "terminated"] as const;
export const FinalStatus = z.enum(FINAL_STATUSES);
export type FinalStatus = z.infer<typeof FinalStatus>;

/** KTRDR faults that were observed on the wire and are overcome (docs/faults.md); each is counted and shown beside the result. */
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

/** What is kept of a job that did not finish. */
export const PartialResult = z.strictObject({
  /** Percent 0..100 at the last observation. */
  percent: z.number(),
  step: z.string(),
  epochsSeen: z.number(),
  bestValLoss: z.number().nullable(),
  bestValAccuracy: z.number().nullable(),
  /** Said when its worker could not be asked whether it stopped: what may have become of it, and what may lie where. */
  doubt: z.string().optional(),
});
export type PartialResult = Stored<typeof PartialResult>;

/** How a job ended; small enough to be a workflow result. The figures live in the record, keyed by job id. */
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

/** Where a training goes on after its worker died, or after it was stopped: what its checkpoint held. */
export const ResumePoint = z.strictObject({
  /** 0-based last finished epoch. */
  epoch: z.number(),
  /** The loss that a later epoch has to beat to be saved; absent where it was not written down: the lowest of the curve. */
  bestValLoss: z.number().optional(),
  /** 0-based epoch whose network is saved unless a later one beats that loss; absent: the last finished one. */
  keptEpoch: z.number().optional(),
  /** Every epoch up to and including it; KTRDR's result tells only of the later ones (docs/ktrdr.md §9.11). */
  curve: LearningCurve,
});
export type ResumePoint = Stored<typeof ResumePoint>;

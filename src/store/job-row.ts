import { z } from "zod";
import { JOB_KINDS, JobRequest } from "../domain/kinds/index.ts";
import { FINAL_STATUSES, JobOutcome, PartialResult, ResumePoint } from "../domain/outcome.ts";
import { Engine } from "../domain/result.ts";
import type { Stored } from "../domain/stored.ts";
import { columnOf } from "./columns.ts";

/** A moment as the domain writes it: ISO-8601 UTC. */
export const Instant = z.date().transform((date) => date.toISOString());

export const JobRow = z.object({
  jobId: z.string(),
  kind: z.enum(JOB_KINDS),
  request: JobRequest,
  requestHash: z.string(),
  forceReason: z.string().nullable(),
  parentJobId: z.string().nullable(),
  /** Null for a data load. */
  strategy: z.string().nullable(),
  symbol: z.string().nullable(),
  timeframe: z.string().nullable(),
  client: z.string(),
  priority: z.number(),
  engine: Engine.nullable(),
  /** Id of the Temporal namespace in which it was last admitted; null when not known. */
  namespaceId: z.string().nullable(),
  admittedAt: Instant,
  /** `open` until the job has ended. */
  status: z.enum(["open", ...FINAL_STATUSES]),
  finishedAt: Instant.nullable(),
  outcome: JobOutcome.nullable(),
});

/** A job as the record knows it. Times are ISO-8601 UTC. */
export type JobRecord = Stored<typeof JobRow>;

/**
 * A job, when its newest computation began (ISO-8601 UTC; null while none is known to run), and whether one was begun:
 * then KTRDR may compute although that is not written down yet.
 */
export const SeenRow = JobRow.extend({ computingSince: Instant.nullable(), begun: z.boolean() }).transform(
  ({ computingSince, begun, ...job }) => ({ job, computingSince, begun }),
);

export type SeenJob = Stored<typeof SeenRow>;

/** The columns of `JobRow`: everything but the strategy text, which may be long. */
export const JOB_COLUMNS = Object.keys(JobRow.shape).map(columnOf).join(", ");

export const ComputationRow = z.object({
  jobId: z.string(),
  /** 1-based. */
  n: z.number(),
  /** When the intent to start was written, before KTRDR was asked. */
  postingAt: Instant,
  /** Operations that existed at that moment. */
  knownOperations: z.array(z.string()),
  /** Null until it is known that KTRDR started it. */
  operationId: z.string().nullable(),
  workerId: z.string().nullable(),
  workerEndpoint: z.string().nullable(),
  startedAt: Instant.nullable(),
  endedAt: Instant.nullable(),
  fate: z.string().nullable(),
  /** Set when it resumes the operation of an earlier computation, of its job or another. */
  resumedFrom: ResumePoint.nullable(),
  /** The last progress that was seen; null before there was any. */
  lastSeen: PartialResult.nullable(),
});

/** One computation of a job. Times are ISO-8601 UTC. */
export type ComputationRecord = Stored<typeof ComputationRow>;

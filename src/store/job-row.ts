import { z } from "zod";
import { JOB_KINDS, JobRequest } from "../domain/kinds/index.ts";
import { FINAL_STATUSES, JobOutcome, PartialResult, ResumePoint } from "../domain/outcome.ts";
import { Engine } from "../domain/result.ts";
import type { Stored } from "../domain/stored.ts";

/** A moment as the domain writes it: ISO-8601 UTC. */
export const Instant = z.date().transform((date) => date.toISOString());

const jobColumns = z.object({
  job_id: z.string(),
  kind: z.enum(JOB_KINDS),
  request: JobRequest,
  request_hash: z.string(),
  force_reason: z.string().nullable(),
  parent_job_id: z.string().nullable(),
  strategy: z.string().nullable(),
  symbol: z.string().nullable(),
  timeframe: z.string().nullable(),
  client: z.string(),
  priority: z.number(),
  engine: Engine.nullable(),
  namespace_id: z.string().nullable(),
  admitted_at: Instant,
  status: z.enum(["open", ...FINAL_STATUSES]),
  finished_at: Instant.nullable(),
  outcome: JobOutcome.nullable(),
});

const toJob = (row: z.infer<typeof jobColumns>) => ({
  jobId: row.job_id,
  kind: row.kind,
  request: row.request,
  requestHash: row.request_hash,
  forceReason: row.force_reason,
  parentJobId: row.parent_job_id,
  /** Null for a data load. */
  strategy: row.strategy,
  symbol: row.symbol,
  timeframe: row.timeframe,
  client: row.client,
  priority: row.priority,
  engine: row.engine,
  /** Id of the Temporal namespace in which it was last admitted; null when not known. */
  namespaceId: row.namespace_id,
  admittedAt: row.admitted_at,
  /** `open` until the job has ended. */
  status: row.status,
  finishedAt: row.finished_at,
  outcome: row.outcome,
});

export const JobRow = jobColumns.transform(toJob);

/** A job as the record knows it. Times are ISO-8601 UTC. */
export type JobRecord = Stored<typeof JobRow>;

/**
 * A job, when its newest computation began (ISO-8601 UTC; null while none is known to run), and whether one was begun:
 * then KTRDR may compute although that is not written down yet.
 */
export const SeenRow = jobColumns
  .extend({ computing_since: Instant.nullable(), begun: z.boolean() })
  .transform((row) => ({ job: toJob(row), computingSince: row.computing_since, begun: row.begun }));

export type SeenJob = Stored<typeof SeenRow>;

/** The columns of `JobRow`: everything but the strategy text, which may be long. */
export const JOB_COLUMNS =
  "job_id, kind, request, request_hash, force_reason, parent_job_id, strategy, symbol, timeframe, client, priority, " +
  "engine, namespace_id, admitted_at, status, finished_at, outcome";

export const ComputationRow = z
  .object({
    job_id: z.string(),
    n: z.number(),
    posting_at: Instant,
    known_operations: z.array(z.string()),
    operation_id: z.string().nullable(),
    worker_id: z.string().nullable(),
    worker_endpoint: z.string().nullable(),
    started_at: Instant.nullable(),
    ended_at: Instant.nullable(),
    fate: z.string().nullable(),
    resumed_from: ResumePoint.nullable(),
    last_seen: PartialResult.nullable(),
  })
  .transform((row) => ({
    jobId: row.job_id,
    /** 1-based. */
    n: row.n,
    /** When the intent to start was written, before KTRDR was asked. */
    postingAt: row.posting_at,
    /** Operations that existed at that moment. */
    knownOperations: row.known_operations,
    /** Null until it is known that KTRDR started it. */
    operationId: row.operation_id,
    workerId: row.worker_id,
    workerEndpoint: row.worker_endpoint,
    startedAt: row.started_at,
    endedAt: row.ended_at,
    fate: row.fate,
    /** Set when it resumes the operation of an earlier computation, of its job or another. */
    resumedFrom: row.resumed_from,
    /** The last progress that was seen; null before there was any. */
    lastSeen: row.last_seen,
  }));

/** One computation of a job. Times are ISO-8601 UTC. */
export type ComputationRecord = Stored<typeof ComputationRow>;

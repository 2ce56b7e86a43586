import { z } from "zod";
import type { FaultSeen, FinalStatus, JobKind, JobOutcome, JobRequest, ResumePoint } from "../domain/job.ts";
import type { Engine } from "../domain/result.ts";

/** A moment as the domain writes it: ISO-8601 UTC. */
export const Instant = z.date().transform((date) => date.toISOString());

export const JOB_KINDS = ["training", "backtest", "data_load", "batch"] as const satisfies readonly JobKind[];
export const FINAL_STATUSES = [
  "completed",
  "failed",
  "cancelled",
  "terminated",
] as const satisfies readonly FinalStatus[];
export const FAULTS_SEEN = [
  "completed_turned_failed",
  "completed_turned_cancelled",
  "stale_view",
  "stuck_resuming",
  "lost_operation",
  "start_answer_lost",
  "worker_died",
  "cancel_not_forwarded",
] as const satisfies readonly FaultSeen[];

const market = { symbol: z.string(), timeframe: z.string() };
const period = z.object({ startDate: z.string(), endDate: z.string() });
const window = { ...market, ...period.shape };
const insistence = {
  insisted: z.array(z.object({ codes: z.array(z.string()), reason: z.string() })).optional(),
};
const symbols = z.array(z.string()).optional();
const training = { strategy: z.string(), strategySha256: z.string(), ...window, symbols, ...insistence };

const RequestSchema: z.ZodType<JobRequest> = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("training"), ...training, draw: z.number(), resumeFrom: z.string().optional() }),
  z.object({
    kind: z.literal("backtest"),
    strategy: z.string(),
    strategySha256: z.string().optional(),
    ...window,
    modelPath: z.string(),
    trainingJobId: z.string().nullable(),
    initialCapital: z.number(),
    commission: z.number(),
    slippage: z.number(),
    ...insistence,
  }),
  z.object({
    kind: z.literal("data_load"),
    symbol: z.string(),
    timeframe: z.string(),
    mode: z.enum(["tail", "backfill", "full"]),
    startDate: z.string().nullable(),
    endDate: z.string().nullable(),
  }),
  z.object({
    kind: z.literal("batch"),
    work: z.enum(["train", "both", "backtest"]),
    strategies: z.array(
      z.object({ strategy: z.string(), strategySha256: z.string(), ...market, symbols, ...insistence }),
    ),
    models: z.array(
      z.object({
        strategy: z.string(),
        strategySha256: z.string().optional(),
        ...market,
        modelPath: z.string(),
        trainingJobId: z.string().nullable(),
        ...insistence,
      }),
    ),
    periods: z.array(z.object({ train: period.nullable(), test: period.nullable() })),
    draws: z.number(),
    costs: z.object({ initialCapital: z.number(), commission: z.number(), slippage: z.number() }).nullable(),
    atOnce: z.number(),
    maxFailures: z.number(),
  }),
]);

const FailureSchema = z.object({
  code: z.string(),
  what: z.string(),
  why: z.string().nullable(),
  next: z.string().nullable(),
});

const PartialSchema = z.object({
  percent: z.number(),
  step: z.string(),
  epochsSeen: z.number(),
  bestValLoss: z.number().nullable(),
  bestValAccuracy: z.number().nullable(),
  doubt: z.string().optional(),
});

export const OutcomeSchema: z.ZodType<JobOutcome> = z.object({
  jobId: z.string(),
  status: z.enum(FINAL_STATUSES),
  failure: FailureSchema.nullable(),
  partial: PartialSchema.nullable(),
  faultsSeen: z.array(z.enum(FAULTS_SEEN)),
  operationIds: z.array(z.string()),
  headline: z.string(),
});

export const EngineSchema: z.ZodType<Engine> = z.object({ name: z.enum(["ktrdr", "sandbox"]), version: z.string() });

const jobColumns = z.object({
  job_id: z.string(),
  kind: z.enum(JOB_KINDS),
  request: RequestSchema,
  request_hash: z.string(),
  force_reason: z.string().nullable(),
  parent_job_id: z.string().nullable(),
  strategy: z.string().nullable(),
  symbol: z.string().nullable(),
  timeframe: z.string().nullable(),
  client: z.string(),
  priority: z.number(),
  engine: EngineSchema.nullable(),
  namespace_id: z.string().nullable(),
  admitted_at: Instant,
  status: z.enum(["open", ...FINAL_STATUSES]),
  finished_at: Instant.nullable(),
  outcome: OutcomeSchema.nullable(),
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
  /** Of the Temporal namespace it was last admitted in; null when not known. */
  namespaceId: row.namespace_id,
  admittedAt: row.admitted_at,
  /** `open` until the job has ended, whatever it is doing. */
  status: row.status,
  finishedAt: row.finished_at,
  outcome: row.outcome,
});

export const JobRow = jobColumns.transform(toJob);

/** A job as the record knows it. Times are ISO-8601 UTC. */
export type JobRecord = Readonly<z.infer<typeof JobRow>>;

/**
 * A job, since when its newest computation runs (ISO-8601 UTC; null while none is known to), and whether one was begun:
 * then KTRDR may compute it although nobody has written down that it does.
 */
export const SeenRow = jobColumns
  .extend({ computing_since: Instant.nullable(), begun: z.boolean() })
  .transform((row) => ({ job: toJob(row), computingSince: row.computing_since, begun: row.begun }));

export type SeenJob = Readonly<z.infer<typeof SeenRow>>;

/** The columns of `JobRow`: everything but the strategy text, which may be long. */
export const JOB_COLUMNS =
  "job_id, kind, request, request_hash, force_reason, parent_job_id, strategy, symbol, timeframe, client, priority, " +
  "engine, namespace_id, admitted_at, status, finished_at, outcome";

const ResumePointSchema: z.ZodType<ResumePoint> = z.object({
  epoch: z.number(),
  bestValLoss: z.number().optional(),
  keptEpoch: z.number().optional(),
  curve: z.object({
    trainLoss: z.array(z.number()),
    valLoss: z.array(z.number()),
    trainAccuracy: z.array(z.number()),
    valAccuracy: z.array(z.number()),
  }),
});

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
    resumed_from: ResumePointSchema.nullable(),
    last_seen: PartialSchema.nullable(),
  })
  .transform((row) => ({
    jobId: row.job_id,
    /** 1-based. */
    n: row.n,
    /** When the intent to start was written, before KTRDR was asked. */
    postingAt: row.posting_at,
    /** Operations that existed before that. */
    knownOperations: row.known_operations,
    /** Null until it is known that KTRDR started it. */
    operationId: row.operation_id,
    workerId: row.worker_id,
    workerEndpoint: row.worker_endpoint,
    startedAt: row.started_at,
    endedAt: row.ended_at,
    fate: row.fate,
    /** Set when it goes on where another computation ended, of its job or of an earlier one, as the same operation. */
    resumedFrom: row.resumed_from,
    /** How far it was when KTRDR last told; null before it moved. */
    lastSeen: row.last_seen,
  }));

/** One run of a job on KTRDR. Times are ISO-8601 UTC. */
export type ComputationRecord = Readonly<z.infer<typeof ComputationRow>>;

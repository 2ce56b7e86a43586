/**
 * The vocabulary of a job: what was asked, what came of it. A job is one durable piece of long work and its id is the
 * Temporal workflow id. A computation is one run of it on KTRDR (an operation); a job normally has exactly one.
 * Zod-free: workflows carry these types (zod schemas of tool inputs live beside the tools).
 */
import type { Insistence } from "./insistence.ts";
import type { PaceMark } from "./pace.ts";
import type { LearningCurve } from "./result.ts";

export type JobKind = "training" | "backtest" | "data_load" | "batch";

/** Kinds that occupy a KTRDR slot. A batch only waits for its jobs. */
export type SlotKind = Exclude<JobKind, "batch">;

export interface TrainingRequest {
  readonly kind: "training";
  readonly strategy: string;
  /** SHA-256 of the strategy file's bytes: another text is another job. */
  readonly strategySha256: string;
  readonly symbol: string;
  readonly timeframe: string;
  /** Several that are trained on together, `symbol` first; absent: that one alone. */
  readonly symbols?: readonly string[] | undefined;
  /** ISO dates (YYYY-MM-DD), both inclusive of the first instant of the day, UTC. */
  readonly startDate: string;
  readonly endDate: string;
  /** Training sets no seed: each draw of the same request is another random model. 1-based. */
  readonly draw: number;
  /** Errors that were found beforehand and insisted on; no part of the identity. */
  readonly insisted?: readonly Insistence[] | undefined;
  /** The job whose checkpoint it goes on from; absent: it begins with a new network. */
  readonly resumeFrom?: string | undefined;
}

export interface BacktestRequest {
  readonly kind: "backtest";
  readonly strategy: string;
  /** SHA-256 of the strategy file's bytes, which decides with the model; absent in jobs of before it was recorded. */
  readonly strategySha256?: string | undefined;
  readonly symbol: string;
  readonly timeframe: string;
  readonly startDate: string;
  readonly endDate: string;
  /** Model directory relative to KTRDR's working directory, as trainings return it. */
  readonly modelPath: string;
  /** The training job the model came from, when it is ours. */
  readonly trainingJobId: string | null;
  /** Currency. */
  readonly initialCapital: number;
  /** Ratios of traded value per fill (0.001 = 0.1 %). */
  readonly commission: number;
  readonly slippage: number;
  /** As in a training; what was insisted on there holds for the backtests of its model. */
  readonly insisted?: readonly Insistence[] | undefined;
}

export interface DataLoadRequest {
  readonly kind: "data_load";
  readonly symbol: string;
  readonly timeframe: string;
  readonly mode: "tail" | "backfill" | "full";
  readonly startDate: string | null;
  readonly endDate: string | null;
}

/** Many trainings and backtests as one job (domain/batch.ts says which). */
export interface BatchRequest {
  readonly kind: "batch";
  /** What is done for each combination. */
  readonly work: "train" | "both" | "backtest";
  /** Trained, on each of their markets. Empty when only backtests are wanted. */
  readonly strategies: readonly Pick<
    TrainingRequest,
    "strategy" | "strategySha256" | "symbol" | "timeframe" | "symbols" | "insisted"
  >[];
  /** Models that are there already; empty when they are trained first. */
  readonly models: readonly Pick<
    BacktestRequest,
    "strategy" | "strategySha256" | "symbol" | "timeframe" | "modelPath" | "trainingJobId" | "insisted"
  >[];
  readonly periods: readonly BatchPeriod[];
  /** How many trainings of each combination. */
  readonly draws: number;
  /** Of the backtests; null when nothing is backtested. */
  readonly costs: Pick<BacktestRequest, "initialCapital" | "commission" | "slippage"> | null;
  /** Jobs of the batch that are open at the same time. */
  readonly atOnce: number;
  /** When more of its items failed, no others are begun. */
  readonly maxFailures: number;
}

/** ISO dates as in the requests; null where the work needs none. */
export interface BatchPeriod {
  readonly train: { readonly startDate: string; readonly endDate: string } | null;
  readonly test: { readonly startDate: string; readonly endDate: string } | null;
}

export type JobRequest = TrainingRequest | BacktestRequest | DataLoadRequest | BatchRequest;

/** A request that occupies a KTRDR slot and becomes one operation. */
export type ComputeRequest = Exclude<JobRequest, BatchRequest>;

/** Whether KTRDR computes it, or it only waits for jobs of its own. */
export const computes = (request: JobRequest): request is ComputeRequest => request.kind !== "batch";

/** Everything a workflow is started with. */
export interface JobInput<R extends JobRequest = JobRequest> {
  readonly jobId: string;
  /** SHA-256 over the canonical JSON of the request and `forceReason`. */
  readonly requestHash: string;
  readonly request: R;
  /** Why another run of a known request was wanted; part of the identity. Null for the first run. */
  readonly forceReason: string | null;
  readonly parentJobId: string | null;
  /** 1 (first) .. 5 (last); jobs of equal priority run first in, first out. */
  readonly priority: number;
  /** Name of the MCP client that asked. */
  readonly client: string;
  readonly settings: JobSettings;
}

/** Tunable times, fixed when the job starts so that replays see the same values. Milliseconds. */
export interface JobSettings {
  readonly pollIntervalMs: number;
  /** No progress for this long: the status says stalled. */
  readonly stallAfterMs: number;
  /** No progress for this long: the computation is stopped and the job fails. */
  readonly stallFailAfterMs: number;
  /** How many computations a job may use up when one is proven dead. */
  readonly maxComputations: number;
  /** How long an operation may be unknown to KTRDR before its worker is asked (contract §3.1). */
  readonly notFoundGraceMs: number;
  /** How long a computation must be found dead before that is believed: KTRDR's registry lags 10 s. */
  readonly deadGraceMs: number;
  /** How long a start may still take effect after it was sent: KTRDR gives its own call to the worker 30 s. */
  readonly startInFlightMs: number;
}

/** KTRDR faults that were seen and overcome; each is counted and shown beside the result. */
export type FaultSeen =
  | "completed_turned_failed"
  | "completed_turned_cancelled"
  | "stale_view"
  | "stuck_resuming"
  | "lost_operation"
  | "start_answer_lost"
  | "worker_died"
  | "cancel_not_forwarded";

export interface JobFailure {
  /** An ErrorCode (domain/errors.ts). */
  readonly code: string;
  readonly what: string;
  readonly why: string | null;
  readonly next: string | null;
}

/** What is kept of a job that did not finish. */
export interface PartialResult {
  /** Percent 0..100 at the last observation. */
  readonly percent: number;
  readonly step: string;
  readonly epochsSeen: number;
  readonly bestValLoss: number | null;
  readonly bestValAccuracy: number | null;
  /** Said when its worker could not be asked whether it stopped: what may have become of it, and what may lie where. */
  readonly doubt?: string | undefined;
}

export type FinalStatus = "completed" | "failed" | "cancelled" | "terminated";

/** How a job ended; small enough to be a workflow result. The figures live in the record, keyed by job id. */
export interface JobOutcome {
  readonly jobId: string;
  readonly status: FinalStatus;
  readonly failure: JobFailure | null;
  readonly partial: PartialResult | null;
  readonly faultsSeen: readonly FaultSeen[];
  /** Operations that were started for this job, oldest first. */
  readonly operationIds: readonly string[];
  /** One line with the headline figures, or what went wrong. */
  readonly headline: string;
}

/** Heartbeat of a waiting activity; `describe` shows it while no worker answers. Keep it small. */
export interface JobProgress {
  readonly operationId: string;
  readonly phase: "running" | "stalled" | "ktrdr_unreachable" | "verifying";
  /** Percent 0..100. */
  readonly percent: number;
  readonly step: string;
  /** ISO-8601 UTC of the observation. */
  readonly at: string;
  /** ISO-8601 UTC since when `percent` and `step` stand still; later by the time in which nobody could look. */
  readonly since: string;
  /** 1-based number of the computation. */
  readonly computation: number;
  readonly faultsSeen: readonly FaultSeen[];
  /** From where its pace is measured; absent before it moved, and from a worker of an older version. */
  readonly paceFrom?: PaceMark | undefined;
}

/** What the running workflow itself adds (needs a live worker). */
export interface LiveJobState {
  readonly phase: "queued" | "starting" | "running" | "recording" | "stopping" | "closed";
  readonly computation: number;
  readonly operationId: string | null;
  /** 1-based place in the queue, null when not queued. */
  readonly queuePosition: number | null;
  readonly waitingFor: string | null;
}

/** How one computation ended, as the waiting activity established it. */
export type ComputationEnd =
  | {
      readonly fate: "succeeded";
      /** KTRDR's `result_summary` as it came. */
      readonly summary: Readonly<Record<string, unknown>>;
      readonly faultsSeen: readonly FaultSeen[];
    }
  | {
      readonly fate: "failed";
      readonly failure: JobFailure;
      readonly partial: PartialResult | null;
      readonly faultsSeen: readonly FaultSeen[];
      /** True when it may still compute and has to be stopped. */
      readonly mayStillCompute: boolean;
    }
  /** Proven dead without a result; another computation may be started. */
  | {
      readonly fate: "lost";
      readonly fault: FaultSeen;
      readonly why: string;
      readonly faultsSeen: readonly FaultSeen[];
    };

/** Where a training goes on after its worker died, or after it was stopped: what its checkpoint held. */
export interface ResumePoint {
  /** 0-based last finished epoch. */
  readonly epoch: number;
  /** The loss that a later epoch has to beat to be saved; absent where it was not written down: the lowest of the curve. */
  readonly bestValLoss?: number | undefined;
  /** 0-based epoch whose network is saved unless a later one beats that loss; absent: the last finished one. */
  readonly keptEpoch?: number | undefined;
  /** Every epoch up to and including it; KTRDR's result tells only of the later ones (contract §9.11). */
  readonly curve: LearningCurve;
}

/** What stopping a computation established. */
export type StopReport =
  | { readonly stopped: true; readonly partial: PartialResult | null; readonly faultsSeen: readonly FaultSeen[] }
  /** It had finished before it could be stopped. */
  | { readonly stopped: false; readonly summary: Readonly<Record<string, unknown>> };

/** What the sources show of a job, and the status that is told. */
import { DomainError } from "./errors.ts";
import type { JobProgress, LiveJobState } from "./job.ts";
import type { FinalStatus, JobFailure, JobOutcome, PartialResult } from "./outcome.ts";
import type { JobKind } from "./kinds/index.ts";

export type JobState =
  | "queued"
  | "starting"
  | "running"
  | "stalled"
  | "worker_down"
  | "ktrdr_unreachable"
  | "recording"
  | "cancelling"
  | "unknown"
  | FinalStatus;

/** What a source says of a job; null when it does not know the job, the error when it does not answer. */
export type Said<T> = T | null | DomainError;

/** What the source knows; null when it knows nothing or does not answer. */
export const knownOf = <T>(said: Said<T>): T | null => (said instanceof DomainError ? null : said);

/** The part of Temporal's description that is needed here (src/temporal/job-view.ts has all of it). */
export interface SeenExecution {
  readonly kind: JobKind;
  readonly execution: "running" | "completed" | "failed" | "cancelled" | "terminated" | "timed_out" | "paused";
  /** ISO-8601 UTC. */
  readonly startedAt: string;
  /** ISO-8601 UTC; null while it is open. */
  readonly closedAt: string | null;
  /** Which step is pending: null between steps and when closed. */
  readonly pending: {
    readonly activity: string;
    /** Attempts made; above 1 something failed before. */
    readonly attempt: number;
    readonly lastFailure: string | null;
    /** ISO-8601 UTC of the last heartbeat. */
    readonly lastHeartbeatAt: string | null;
    readonly progress: JobProgress | null;
  } | null;
  readonly cancelRequested: boolean;
  /** Set when closed and the outcome is readable. */
  readonly outcome: JobOutcome | null;
}

/** The part of the record that is needed here. */
export interface SeenRecord {
  readonly kind: JobKind;
  readonly status: "open" | FinalStatus;
  readonly admittedAt: string;
  readonly outcome: JobOutcome | null;
}

export interface StatusSources {
  readonly view: Said<SeenExecution>;
  readonly record: Said<SeenRecord>;
  /** Null when no worker answered in time. */
  readonly live: LiveJobState | null;
  /** ISO-8601 UTC since when KTRDR computes; null when not known. */
  readonly computingSince: string | null;
  /** Whether a computation was begun, so that KTRDR may compute. */
  readonly begun: boolean;
  /** Whether a worker of ours asks Temporal for work; null when that is not known. */
  readonly workersPolling: boolean | null;
  readonly now: Date;
  /** No progress for this long counts as stalled, milliseconds. */
  readonly stallAfterMs: number;
}

export interface JobStatus {
  readonly state: JobState;
  /** True when nothing about the job will change any more. */
  readonly final: boolean;
  /** 0..100, null when not known. */
  readonly percent: number | null;
  readonly step: string | null;
  /** 1-based place in the queue. */
  readonly position: number | null;
  /** Roughly the seconds left, by the progress since KTRDR began to compute. */
  readonly etaSeconds: number | null;
  /** Seconds since the last heartbeat. */
  readonly heartbeatAgeSeconds: number | null;
  /** One line a reader can repeat. */
  readonly headline: string;
  readonly failure: JobFailure | null;
  readonly partial: PartialResult | null;
  /** What to do next. */
  readonly next: string;
}

const BLANK = {
  final: false,
  percent: null,
  step: null,
  position: null,
  etaSeconds: null,
  heartbeatAgeSeconds: null,
  failure: null,
  partial: null,
} as const;

type Facts = Partial<JobStatus> & Pick<JobStatus, "headline" | "next">;

/** A status with these facts; all others are null. */
export const blank = (state: JobState, facts: Facts): JobStatus => ({ ...BLANK, ...facts, state });

/** The status of a job of which nothing may be told but its state, and at the end its outcome. */
export const sealedStatus = ({ state, final, position, headline, failure, next }: JobStatus): JobStatus =>
  final
    ? { ...BLANK, state, final, headline, failure, next }
    : blank(state, { position, headline: `Under way (${state}); nothing is told before the answer.`, next });

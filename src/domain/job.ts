/**
 * What a job was asked for, and how its computations end. A job's id is its Temporal workflow id. A computation is one
 * attempt at KTRDR, by one operation; a job normally has exactly one. Zod-free, because workflows use these types.
 */
import type { JobRequest } from "./kinds/index.ts";
import type { FaultSeen, JobFailure, PartialResult } from "./outcome.ts";
import type { PaceMark } from "./pace.ts";

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

/** Settings that a job keeps from its start, so that replays see the same values. Times in milliseconds. */
export interface JobSettings {
  readonly pollIntervalMs: number;
  /** No progress for this long: the status says stalled. */
  readonly stallAfterMs: number;
  /** No progress for this long: the computation is stopped and the job fails. */
  readonly stallFailAfterMs: number;
  /** How many computations a job may use up when one is proven dead. */
  readonly maxComputations: number;
  /** How long an operation may be unknown to KTRDR before its worker is asked (docs/ktrdr.md §3.1). */
  readonly notFoundGraceMs: number;
  /** How long a computation must be found dead before that is believed: KTRDR's registry lags 10 s. */
  readonly deadGraceMs: number;
  /** How long a start may still take effect after it was sent: KTRDR gives its own call to the worker 30 s. */
  readonly startInFlightMs: number;
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
  /** Since when `percent` and `step` stand still (ISO-8601 UTC); time in which nobody could look is left out. */
  readonly since: string;
  readonly faultsSeen: readonly FaultSeen[];
  /** Where the pace is measured from; absent before any progress, and from workers of an older version. */
  readonly paceFrom?: PaceMark | undefined;
}

/** What the running workflow itself answers, through a worker of ours. */
export interface LiveJobState {
  readonly phase: "queued" | "starting" | "running" | "recording" | "stopping" | "closed";
  /** 1-based place in the queue, null when not queued. */
  readonly queuePosition: number | null;
  readonly waitingFor: string | null;
}

/** How one computation ended, as the awaiting activity found out. */
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
  /** It is proven dead without a result; another computation may start. */
  | {
      readonly fate: "lost";
      readonly fault: FaultSeen;
      readonly why: string;
      readonly faultsSeen: readonly FaultSeen[];
    };

/** What stopping a computation found out. */
export type StopReport =
  | { readonly stopped: true; readonly partial: PartialResult | null; readonly faultsSeen: readonly FaultSeen[] }
  /** It had finished before it could be stopped. */
  | { readonly stopped: false; readonly summary: Readonly<Record<string, unknown>> };

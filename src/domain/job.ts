/**
 * The vocabulary of a job: what was asked, what came of it. A job is one durable piece of long work and its id is the
 * Temporal workflow id. A computation is one run of it on KTRDR (an operation); a job normally has exactly one.
 * Zod-free: workflows carry these types (zod schemas of tool inputs live beside the tools).
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

/** Tunable times, fixed when the job starts so that replays see the same values. Milliseconds. */
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

/** What stopping a computation established. */
export type StopReport =
  | { readonly stopped: true; readonly partial: PartialResult | null; readonly faultsSeen: readonly FaultSeen[] }
  /** It had finished before it could be stopped. */
  | { readonly stopped: false; readonly summary: Readonly<Record<string, unknown>> };

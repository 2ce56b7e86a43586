/** What can be seen of a computation, and what may be concluded from it. */
import type { JobSettings } from "./job.ts";
import type { FaultSeen } from "./outcome.ts";
import type { SlotKind } from "./kinds/index.ts";
import type { KtrdrWorker, Operation, WorkerHealth } from "./operation.ts";

export type ApiEvidence =
  | { readonly kind: "operation"; readonly operation: Operation }
  | { readonly kind: "not_found" }
  /** The API answered, but not with an operation. */
  | { readonly kind: "unusable" }
  | { readonly kind: "unreachable" };

/** What the worker that should compute says itself. */
export type WorkerEvidence =
  | { readonly kind: "not_asked" }
  | { readonly kind: "answers"; readonly operation: Operation | null; readonly health: WorkerHealth }
  /** Nothing listens at an address where the worker answered before. */
  | { readonly kind: "refused" }
  /** No answer in time. The worker may hang and come back, so nothing is proven. */
  | { readonly kind: "silent" };

/** The registry's entry of that worker; null when the registry does not list it (any more). */
export type RegistryEvidence = KtrdrWorker | null | "unreachable";

export interface Clock {
  readonly nowMs: number;
  /** Since when status, percent and step have not changed. */
  readonly stillSinceMs: number;
  /** Since when the API answers 404; null while it does not. */
  readonly notFoundSinceMs: number | null;
  /** Since when the worker has not computed this operation; null while it computes it or that is unknown. */
  readonly deadSinceMs: number | null;
}

export interface Evidence {
  readonly kind: SlotKind;
  readonly api: ApiEvidence;
  readonly worker: WorkerEvidence;
  readonly registry: RegistryEvidence;
  readonly clock: Clock;
  readonly patience: Omit<JobSettings, "maxComputations" | "startInFlightMs">;
}

export type Diagnosis =
  | {
      readonly kind: "wait";
      readonly phase: "running" | "stalled" | "ktrdr_unreachable" | "verifying";
      /** The newest view of the operation; null when nobody has one. */
      readonly view: Operation | null;
      readonly faults: readonly FaultSeen[];
      /** True when it looks as if nobody computes; the caller notes since when. */
      readonly looksDead: boolean;
    }
  | { readonly kind: "ask_worker" }
  | {
      readonly kind: "succeeded";
      readonly result: Readonly<Record<string, unknown>>;
      readonly faults: readonly FaultSeen[];
    }
  | {
      readonly kind: "failed";
      readonly code: "computation_failed" | "cancelled_at_ktrdr" | "computation_stalled";
      readonly what: string;
      readonly why: string | null;
      readonly view: Operation | null;
    }
  /** It is proven that nobody computes it and nobody will. */
  | { readonly kind: "lost"; readonly fault: "lost_operation" | "worker_died"; readonly why: string };

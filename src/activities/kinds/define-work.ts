import type { ComputeRequest, JobKind, JobRequest, JobResult } from "../../domain/kinds/index.ts";
import type { Operation } from "../../domain/operation.ts";
import type { Engine } from "../../domain/result.ts";
import type { Sending } from "../../ktrdr/call.ts";
import type { Ktrdr } from "../../ktrdr/ktrdr.ts";
import type { Sealed } from "../../store/holdouts.ts";
import type { ActivityDeps } from "../deps.ts";

type Request<K extends JobKind> = Extract<JobRequest, { readonly kind: K }>;
type Result<K extends JobKind> = Extract<JobResult, { readonly kind: K }>;

/** How KTRDR is made to compute. */
export interface Computed<Q> {
  /**
   * Makes KTRDR compute.
   * @param operationId of a kind whose operation ids are ours to choose
   * @throws DomainError `ktrdr_start_ambiguous` when KTRDR may have started it; any other error when it did not
   */
  start(ktrdr: Ktrdr, request: Q, operationId: string, sending: Sending): Promise<{ readonly operationId: string }>;
  /**
   * True unless an operation of KTRDR tells something that contradicts the request. Null where the operation's id is ours
   * to choose.
   */
  readonly recognises: ((operation: Operation, request: Q) => boolean) | null;
  /** Throws when something else would be computed now than was asked for. */
  assertUnchanged?(deps: Pick<ActivityDeps, "strategies" | "holdouts" | "dataDir">, request: Q): Promise<void>;
}

export interface Recording<Q> {
  readonly jobId: string;
  readonly request: Q;
  /** What KTRDR says of the finished operation. */
  readonly summary: Readonly<Record<string, unknown>>;
  readonly engine: Engine;
  /** Asks for the bars until KTRDR gives them, or refuses. */
  readonly insistOnBars: boolean;
}

/** What a kind of job needs of the world: the half of it that has side effects. `domain/kinds` has the other half. */
interface Work<Q, R> {
  /** The text of the strategy that is computed, which the record keeps. Absent: it has none. */
  strategyText?(deps: Pick<ActivityDeps, "strategies" | "jobs">, request: Q): Promise<string | null>;
  readonly computed: Computed<Q> | null;
  /** Keeps what a sealed kind must not tell, outside Temporal. */
  seal?(deps: Pick<ActivityDeps, "holdouts">, jobId: string, sealed: Sealed): Promise<void>;
  /** What must be done whenever its computing is over, however it ended. May be repeated. */
  over?(deps: Pick<ActivityDeps, "holdouts" | "dataDir" | "log">, request: Q): Promise<void>;
  /** Gathers what a result needs beside the summary. The function it gives throws when the summary is unusable. */
  result(deps: ActivityDeps, recording: Recording<Q>): Promise<() => R>;
}

export type AnyWork = Work<JobRequest, JobResult>;
export type AnyComputed = Computed<ComputeRequest>;

type WorkOf<K extends JobKind> = Work<Request<K>, Result<K>> & {
  readonly computed: Request<K> extends ComputeRequest ? Computed<Request<K>> : null;
};

/** The work of a kind, in a file of its own beside this one; `index.ts` lists them. */
export const defineWork = <const K extends JobKind>(kind: K, work: WorkOf<K>) => ({ kind, ...work });

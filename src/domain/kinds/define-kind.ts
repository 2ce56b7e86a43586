import type { z } from "zod";
import type { Detail, Facts } from "../facts.ts";
import type { Insistence } from "../insistence.ts";
import type { OperationType } from "../operation.ts";
import type { Caveat, Engine } from "../result.ts";
import type { Stored } from "../stored.ts";

/** What a job is about: lists and Temporal's Web UI filter by it. */
export interface Subject {
  /** Null when there is none, or several. */
  readonly strategy: string | null;
  readonly symbol: string;
  readonly timeframe: string;
}

/** A result as an answer tells it. */
export interface Told {
  readonly figures: Facts;
  readonly buy_and_hold?: Facts;
  readonly raw?: Facts;
  readonly curve?: Facts;
}

export interface Computing {
  /** KTRDR's name for such operations. */
  readonly operationType: OperationType;
  /** KTRDR's names for workers that compute it; none when the API computes it itself. */
  readonly workerTypes: readonly string[];
  /** True when `result_summary` holds what only a finished computation has (docs/ktrdr.md §9.2). */
  readonly holdsResult: (result: Readonly<Record<string, unknown>>) => boolean;
  /** The kind in whose queue it waits, because the same workers compute it. Absent: its own. */
  readonly slotsOf?: string;
  /** Nothing of its progress, its figures and its failure is told or passes through Temporal. */
  readonly sealed?: true;
}

/** Everything in which one kind of job differs from the others. */
interface KindOf<N extends string, Q extends z.ZodType, R extends z.ZodType> {
  /** The `kind` of requests, results and lists. */
  readonly name: N;
  /** Beginning of its job ids, which are workflow ids. */
  readonly prefix: string;
  /** Temporal's workflow type. */
  readonly workflow: string;
  /** How KTRDR computes it, in a slot; null for what only waits for its jobs, as a batch does. */
  readonly computing: Computing | null;
  readonly request: Q;
  readonly result: R;
  readonly subject: (request: Stored<Q>) => Subject;
  /** One line for operators. */
  readonly summary: (request: Stored<Q>) => string;
  /** How many computations KTRDR gets from it at the same time. */
  readonly computations: (request: Stored<Q>) => number;
  /** Errors that a check found and somebody insisted on. */
  readonly insisted: (request: Stored<Q>) => readonly Insistence[];
  /** The figures that matter first, in at most about 160 characters. */
  readonly headline: (result: Stored<R>) => string;
  readonly told: (result: Stored<R>, detail: Detail) => Told;
  /** What the result was computed from, beside its subject. */
  readonly origin: (result: Stored<R>, request: Stored<Q>) => Facts;
  /** Names of the tools that start one. */
  readonly startedBy: readonly string[];
  /** How the same thing is computed once more. */
  readonly again: string;
  /** What to do after it failed. */
  readonly mend: string;
  /** What to do with its result. */
  readonly next: string;
}

type WithKind<N extends string> = z.ZodType<{ kind: N }>;

/** A kind of job, in a file of its own beside this one; `index.ts` lists them. */
export const defineKind = <
  const N extends string,
  const C extends Computing | null,
  Q extends WithKind<N>,
  R extends z.ZodType<{ kind: N; caveats: Caveat[]; engine: Engine }>,
>(
  kind: KindOf<N, Q, R> & { readonly computing: C },
) => kind;

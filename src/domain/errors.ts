/**
 * Every error this product raises on purpose. `code` is stable: clients, tests and retry policies depend on it.
 * Errors are translated in three places only: KTRDR → domain, domain → ApplicationFailure, domain → tool error text.
 */
import { visible } from "./plain-text.ts";

/** JSON-RPC numbers of the product's specification: invalid input, a part unavailable, internal. */
export type ErrorNumber = -32602 | -32001 | -32603;

interface Nature {
  readonly number: ErrorNumber;
  /** Whether the very same call may succeed later without anybody changing anything. */
  readonly retryable: boolean;
}

const NATURE = {
  // The caller can mend these.
  invalid_input: { number: -32602, retryable: false },
  strategy_not_found: { number: -32602, retryable: false },
  strategy_exists: { number: -32602, retryable: false },
  strategy_invalid: { number: -32602, retryable: false },
  strategy_changed: { number: -32602, retryable: false },
  data_not_found: { number: -32602, retryable: false },
  bars_unsound: { number: -32602, retryable: false },
  model_not_found: { number: -32602, retryable: false },
  insight_not_found: { number: -32602, retryable: false },
  experiment_not_found: { number: -32602, retryable: false },
  experiment_concluded: { number: -32602, retryable: false },
  task_not_found: { number: -32602, retryable: false },
  task_not_finished: { number: -32602, retryable: false },
  task_conflict: { number: -32602, retryable: false },
  not_resumable: { number: -32602, retryable: false },
  holdout_locked: { number: -32602, retryable: false },
  not_eligible: { number: -32602, retryable: false },
  candidate_not_found: { number: -32602, retryable: false },
  // It was decided, has expired, or has not shown enough.
  not_waiting: { number: -32602, retryable: false },
  evidence_changed: { number: -32602, retryable: false },
  approval_refused: { number: -32602, retryable: false },
  forbidden: { number: -32602, retryable: false },
  // The client gave the call up before its turn, so nobody reads this error.
  client_gone: { number: -32001, retryable: true },
  // Limits that an operator has set: the same call may pass later.
  rate_limited: { number: -32001, retryable: true },
  overloaded: { number: -32001, retryable: true },
  too_many_jobs: { number: -32001, retryable: true },
  research_paused: { number: -32001, retryable: true },
  budget_exhausted: { number: -32001, retryable: true },
  // An operator's limit that does not renew.
  trials_used_up: { number: -32602, retryable: false },
  // KTRDR refused or failed.
  bars_refused: { number: -32602, retryable: false },
  ktrdr_rejected: { number: -32602, retryable: false },
  ktrdr_not_found: { number: -32602, retryable: false },
  ktrdr_no_worker: { number: -32001, retryable: true },
  ktrdr_unavailable: { number: -32001, retryable: true },
  ktrdr_bad_answer: { number: -32001, retryable: true },
  ktrdr_start_ambiguous: { number: -32001, retryable: true },
  computation_failed: { number: -32603, retryable: false },
  computation_lost: { number: -32603, retryable: false },
  computation_stalled: { number: -32603, retryable: false },
  cancelled_at_ktrdr: { number: -32603, retryable: false },
  // Ended in Temporal, not by us: an operator terminated the workflow, or deleted it.
  terminated: { number: -32603, retryable: false },
  workflow_lost: { number: -32603, retryable: false },
  // Our own parts.
  temporal_unavailable: { number: -32001, retryable: true },
  database_unavailable: { number: -32001, retryable: true },
  charts_missing: { number: -32602, retryable: false },
  folder_unavailable: { number: -32001, retryable: true },
  place_not_empty: { number: -32602, retryable: false },
  backup_unusable: { number: -32602, retryable: false },
  schema_newer: { number: -32603, retryable: false },
  forbidden_endpoint: { number: -32603, retryable: false },
  internal: { number: -32603, retryable: false },
} as const satisfies Record<string, Nature>;

export type ErrorCode = keyof typeof NATURE;

export const ERROR_CODES = Object.keys(NATURE) as readonly ErrorCode[];

export interface ErrorFacts {
  /** What is wrong, in one sentence of our own words. */
  readonly what: string;
  /** Why it is wrong or what was observed. */
  readonly why?: string;
  /** Values that would be valid. */
  readonly valid?: readonly string[];
  /** The call to make next. */
  readonly next?: string;
  readonly cause?: unknown;
}

export class DomainError extends Error {
  override readonly name = "DomainError";
  readonly code: ErrorCode;
  readonly what: string;
  readonly why: string | undefined;
  readonly valid: readonly string[];
  readonly next: string | undefined;

  constructor(code: ErrorCode, facts: ErrorFacts) {
    // The texts may quote what others wrote, and reach answers, logs, terminals and histories.
    const what = visible(facts.what);
    super(what, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.code = code;
    this.what = what;
    this.why = facts.why === undefined ? undefined : visible(facts.why);
    this.valid = (facts.valid ?? []).map(visible);
    this.next = facts.next === undefined ? undefined : visible(facts.next);
  }

  get number(): ErrorNumber {
    return NATURE[this.code].number;
  }

  get retryable(): boolean {
    return NATURE[this.code].retryable;
  }
}

export function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === "string" && Object.hasOwn(NATURE, value);
}

/** True for a DomainError with one of the given codes (any DomainError when none is given). */
export function isDomainError(error: unknown, ...codes: ErrorCode[]): error is DomainError {
  return error instanceof DomainError && (codes.length === 0 || codes.includes(error.code));
}

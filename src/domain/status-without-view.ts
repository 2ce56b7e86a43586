/** What may be said about a job that Temporal does not show as open: ended, unseen or forgotten. */
import { DomainError } from "./errors.ts";
import type { FinalStatus, JobOutcome } from "./outcome.ts";
import { kindOf, type JobKind } from "./kinds/index.ts";
import { blank, type JobStatus, type StatusSources } from "./job-status.ts";

const START_TEMPORAL =
  "The job is kept. Wait half a minute and ask again; if it stays so, tell the user that the Temporal server (TEMPORAL_ADDRESS) has to run.";

const WAIT_THEN_TELL = "The job is kept. Wait half a minute and ask again; if it stays so, tell the user:";

function after(status: FinalStatus, kind: JobKind): string {
  switch (status) {
    case "completed":
      return "Call get_results with this task_id.";
    case "failed":
      return `Read the failure and mend its cause. ${kindOf(kind).again}`;
    case "cancelled":
      return `Nothing is running. ${kindOf(kind).again}`;
    case "terminated":
      return `Make sure that KTRDR does not compute on (check_health shows busy workers). ${kindOf(kind).again}`;
  }
}

/** The status of a job whose outcome is known. */
export function ended(outcome: JobOutcome, kind: JobKind): JobStatus {
  return blank(outcome.status, {
    final: true,
    percent: outcome.status === "completed" ? 100 : (outcome.partial?.percent ?? null),
    step: outcome.partial?.step ?? null,
    headline: outcome.headline,
    failure: outcome.failure,
    partial: outcome.partial,
    next: outcome.failure?.next ?? after(outcome.status, kind),
  });
}

const BARE: Record<FinalStatus, string> = {
  completed: "Completed.",
  failed: "The workflow failed without recording why.",
  cancelled: "Cancelled before anything was recorded.",
  terminated: "Terminated by an operator in Temporal; KTRDR was not told and may compute on.",
};

/** The workflow is closed, and no outcome is known. */
export function endedWithoutOutcome(status: FinalStatus, kind: JobKind): JobStatus {
  return blank(status, {
    final: true,
    percent: status === "completed" ? 100 : null,
    headline: BARE[status],
    next: after(status, kind),
  });
}

/**
 * The workflow is closed, but the job's record is open or cannot be read. Until the record says how the job ended,
 * KTRDR may still compute it, and may even complete it.
 */
export function unsettled(status: FinalStatus, kind: JobKind): JobStatus {
  return {
    ...endedWithoutOutcome(status, kind),
    final: false,
    percent: null,
    next: "Ask again: within a minute a worker of ktrdr-mcp stops its computing and records how it ended.",
  };
}

/** Temporal does not answer. */
export function unseen({ what, next }: DomainError, record: StatusSources["record"]): JobStatus {
  const known =
    record instanceof DomainError
      ? "The record cannot be read either, so nothing is known about this job right now"
      : record === null
        ? "The record has no such job; it may still be waiting for admission"
        : `Last known: admitted ${record.admittedAt} and not finished in the record`;
  const told = next === undefined ? START_TEMPORAL : `${WAIT_THEN_TELL} ${next}`;
  return blank("unknown", { headline: `${what} ${known}.`, next: told });
}

/** Temporal answers and does not know the job. */
export function forgotten(record: StatusSources["record"]): JobStatus {
  if (record instanceof DomainError) {
    return blank("unknown", {
      headline: "Temporal does not know this job (any more) and the record cannot be read right now.",
      next: "Wait half a minute and ask again; if it stays so, tell the user that PostgreSQL (DATABASE_URL) has to run.",
    });
  }
  const since = record === null ? "" : ` since ${record.admittedAt}`;
  return blank("unknown", {
    headline: `The record shows this job as open${since}, but Temporal does not know it: its server may have lost its state.`,
    next: "Ask again in a minute: a worker starts it again from the record and goes on with its computation (check_health shows whether one runs). Starting it with the same arguments does the same.",
  });
}

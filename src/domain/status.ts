/**
 * What may truthfully be said about a job, from what its sources say right now: Temporal's description, the record in
 * PostgreSQL, the workflow's own word, and whether any worker process is alive. Pure; never claims more than is known.
 */
import type { FinalStatus, JobFailure, JobKind, JobOutcome, JobProgress, LiveJobState, PartialResult } from "./job.ts";

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

/** The part of Temporal's description that is needed here (src/temporal/job-view.ts has all of it). */
export interface SeenExecution {
  readonly kind: JobKind;
  readonly execution: "running" | "completed" | "failed" | "cancelled" | "terminated" | "timed_out" | "paused";
  readonly startedAt: string;
  readonly pending: {
    readonly activity: string;
    readonly attempt: number;
    readonly lastFailure: string | null;
    readonly lastHeartbeatAt: string | null;
    readonly progress: JobProgress | null;
    readonly started: boolean;
  } | null;
  readonly cancelRequested: boolean;
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
  /** Null: the source answered and does not know the job. */
  readonly view: SeenExecution | null | "unavailable";
  readonly record: SeenRecord | null | "unavailable";
  /** Null when no worker answered in time. */
  readonly live: LiveJobState | null;
  /** ISO-8601 UTC since when KTRDR computes; null when not known. */
  readonly computingSince: string | null;
  /** Null when it could not be found out. */
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
  /** Rough, from the progress since KTRDR began to compute. */
  readonly etaSeconds: number | null;
  /** Age of the last sign of life of the computing. */
  readonly heartbeatAgeSeconds: number | null;
  /** One line a reader can repeat. */
  readonly headline: string;
  readonly failure: JobFailure | null;
  readonly partial: PartialResult | null;
  /** What to do next. */
  readonly next: string;
}

/** A running step heartbeats every few seconds; silence beyond this with no worker answering is no life. */
const SILENCE_MS = 20_000;
/** A job this young is queued, whether or not a worker has looked at it. */
const FRESH_MS = 5_000;
/** Below this share the rate says nothing yet. */
const ETA_FROM_PERCENT = 3;

const WAIT_ON = "Call get_task_status with wait_seconds 45.";
const START_WORKER = "Start a worker: `bin/ktrdr-mcp worker` (or `make lab`); the job goes on where it was.";
const START_TEMPORAL =
  "Start Temporal (`make lab`, or the server behind TEMPORAL_ADDRESS) and ask again; the job is kept.";

/** A finished record wins for ever; then Temporal's own ending; then what is seen of the running job. */
export function judge(sources: StatusSources): JobStatus {
  const { view, record } = sources;
  if (record !== null && record !== "unavailable" && record.status !== "open") {
    return record.outcome === null ? endedWithoutOutcome(record.status) : ended(record.outcome);
  }
  if (view === "unavailable") return unseen(record);
  if (view === null) return forgotten(record);
  if (view.outcome !== null) return ended(view.outcome);
  if (view.execution === "running" || view.execution === "paused") return open(view, sources);
  if (view.execution === "completed") {
    return blank("unknown", {
      headline: "The job has ended, but how it ended cannot be read right now.",
      next: "Ask again; if it stays, check_health shows which part is down.",
    });
  }
  return endedWithoutOutcome(view.execution === "timed_out" ? "failed" : view.execution);
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

type Said = Partial<JobStatus> & Pick<JobStatus, "headline" | "next">;

const blank = (state: JobState, said: Said): JobStatus => ({ ...BLANK, ...said, state });

const AFTER: Record<FinalStatus, string> = {
  completed: "Call get_results with this task_id.",
  failed:
    "Read the failure; mend its cause, then start again (with force_new_reason when nothing in the request changes).",
  cancelled: "Nothing is running. Start it again with force_new_reason if it is wanted after all.",
  terminated:
    "Make sure that KTRDR does not compute on (check_health shows busy workers); start again with force_new_reason.",
};

function ended(outcome: JobOutcome): JobStatus {
  return blank(outcome.status, {
    final: true,
    percent: outcome.status === "completed" ? 100 : (outcome.partial?.percent ?? null),
    step: outcome.partial?.step ?? null,
    headline: outcome.headline,
    failure: outcome.failure,
    partial: outcome.partial,
    next: outcome.failure?.next ?? AFTER[outcome.status],
  });
}

const BARE: Record<FinalStatus, string> = {
  completed: "Completed.",
  failed: "The workflow failed without recording why.",
  cancelled: "Cancelled before anything was recorded.",
  terminated: "Terminated by an operator in Temporal; KTRDR was not told and may compute on.",
};

function endedWithoutOutcome(status: FinalStatus): JobStatus {
  return blank(status, {
    final: true,
    percent: status === "completed" ? 100 : null,
    headline: BARE[status],
    next: AFTER[status],
  });
}

function unseen(record: StatusSources["record"]): JobStatus {
  const known =
    record === "unavailable"
      ? "The record cannot be read either, so nothing is known about this job right now"
      : record === null
        ? "The record has no such job; it may still be waiting for admission"
        : `Last known: admitted ${record.admittedAt} and not finished in the record`;
  return blank("unknown", { headline: `Temporal does not answer. ${known}.`, next: START_TEMPORAL });
}

function forgotten(record: StatusSources["record"]): JobStatus {
  if (record === "unavailable") {
    return blank("unknown", {
      headline: "Temporal does not know this job (any more) and the record cannot be read right now.",
      next: "Start PostgreSQL (`make lab`, or the server behind DATABASE_URL) and ask again.",
    });
  }
  const since = record === null ? "" : ` since ${record.admittedAt}`;
  return blank("unknown", {
    headline: `The record shows this job as open${since}, but Temporal does not know it: its server may have lost its state.`,
    next: "Start the job again with the same arguments; it keeps its task_id.",
  });
}

function open(view: SeenExecution, sources: StatusSources): JobStatus {
  const seen = observed(view, sources);
  if (view.execution === "paused") {
    return blank("stalled", {
      ...seen,
      headline: "Paused by an operator in Temporal.",
      next: "Ask the operator to resume it in the Temporal Web UI.",
    });
  }
  const idle = idleWorkers(sources, seen.heartbeatAgeSeconds);
  if (idle !== null) {
    const cancel = view.cancelRequested ? "The cancellation is requested but not carried out. " : "";
    const last = seen.percent === null ? "" : ` Last seen at ${percentText(seen.percent)}${ageText(seen)}.`;
    return blank("worker_down", { ...seen, etaSeconds: null, headline: `${cancel}${idle}${last}`, next: START_WORKER });
  }
  if (view.cancelRequested || sources.live?.phase === "stopping" || view.pending?.activity === "stopComputation") {
    return blank("cancelling", {
      ...seen,
      etaSeconds: null,
      headline: "Cancelling: the computing is being stopped.",
      next: WAIT_ON,
    });
  }
  return moving(view, sources, seen);
}

interface Observed {
  readonly percent: number | null;
  readonly step: string | null;
  readonly heartbeatAgeSeconds: number | null;
  readonly etaSeconds: number | null;
}

function observed(view: SeenExecution, { now, computingSince }: StatusSources): Observed {
  const progress = view.pending?.progress ?? null;
  const percent = progress === null ? null : Math.min(100, Math.max(0, progress.percent));
  // A killed worker's heartbeat time goes with its attempt; what it reported last stays.
  const heartbeat = view.pending?.lastHeartbeatAt ?? progress?.at ?? null;
  return {
    percent,
    step: progress === null || progress.step === "" ? null : progress.step,
    heartbeatAgeSeconds: heartbeat === null ? null : Math.round(age(heartbeat, now) / 1000),
    etaSeconds: percent === null || progress === null ? null : eta(percent, computingSince, progress.at),
  };
}

function eta(percent: number, computingSince: string | null, observedAt: string): number | null {
  if (computingSince === null || percent < ETA_FROM_PERCENT || percent >= 100) return null;
  const elapsed = age(computingSince, new Date(observedAt));
  const seconds = Math.round(((elapsed / percent) * (100 - percent)) / 1000);
  return Number.isFinite(seconds) ? seconds : null;
}

/** Milliseconds since an instant, never negative (clocks differ between machines). */
const age = (at: string, now: Date): number => Math.max(0, now.getTime() - Date.parse(at));

/** Why nobody of ours works on the job, or null when somebody may. */
function idleWorkers(sources: StatusSources, heartbeatAge: number | null): string | null {
  if (sources.live !== null) return null;
  if (sources.workersPolling === false) return "No worker process of ktrdr-mcp is running, so nothing moves on.";
  // Temporal counts a killed worker as polling for up to a minute: silence tells sooner.
  const silent = heartbeatAge !== null && heartbeatAge * 1000 > SILENCE_MS;
  return silent ? `No worker has reported on this job for ${heartbeatAge} s.` : null;
}

function moving(view: SeenExecution, sources: StatusSources, seen: Observed): JobStatus {
  const { live } = sources;
  if (live?.phase === "queued") {
    const place = live.queuePosition === null ? "" : ` at place ${live.queuePosition}`;
    const reason = live.waitingFor === null || live.waitingFor === "" ? "" : ` (${live.waitingFor})`;
    return blank("queued", { position: live.queuePosition, headline: `Queued${place}${reason}.`, next: WAIT_ON });
  }
  if (live?.phase === "recording" || live?.phase === "closed" || view.pending?.activity === "recordOutcome") {
    return blank("recording", { ...seen, headline: "Over; how it ended is being recorded.", next: WAIT_ON });
  }
  const progress = view.pending?.progress ?? null;
  if (progress !== null) return computing(progress, sources, seen);
  if (lostKtrdr(view)) return unreachable(seen);
  if (view.kind === "training_set") {
    return blank("running", { headline: "Waiting for the trainings of the set.", next: WAIT_ON });
  }
  if (live?.phase === "running") {
    return blank("running", { ...seen, headline: "Computing; no progress reported yet.", next: WAIT_ON });
  }
  return live?.phase === "starting" || view.pending !== null ? beginning(view) : between(view, sources);
}

function between(view: SeenExecution, { record, computingSince, now }: StatusSources): JobStatus {
  const since = age(view.startedAt, now);
  // Being young is not enough: a worker that ended just now may have started the computing before.
  if (since < FRESH_MS && computingSince === null && record !== "unavailable") {
    const headline = `Accepted ${Math.round(since / 1000)} s ago; no worker has said yet what it does about it.`;
    return blank("queued", { headline, next: WAIT_ON });
  }
  return blank("unknown", {
    headline: "The job is open: queued or between two steps; no worker answered in time to say which.",
    next: WAIT_ON,
  });
}

function beginning(view: SeenExecution): JobStatus {
  const attempt = view.pending?.attempt ?? 1;
  const retried = attempt > 1 ? ` (attempt ${attempt})` : "";
  return blank("starting", { headline: `Starting${retried}: no progress reported yet.`, next: WAIT_ON });
}

function computing(progress: JobProgress, sources: StatusSources, seen: Observed): JobStatus {
  const still = age(progress.since, sources.now);
  if (progress.phase === "ktrdr_unreachable") return unreachable(seen);
  if (progress.phase === "stalled" || (progress.phase === "running" && still >= sources.stallAfterMs)) {
    return blank("stalled", {
      ...seen,
      etaSeconds: null,
      headline: `Stalled: no progress for ${Math.round(still / 60_000)} min at ${percentText(progress.percent)}.`,
      next: `${WAIT_ON} It fails by itself if it stays so; cancel_task stops it earlier.`,
    });
  }
  const what = progress.phase === "verifying" ? "Checking how the computation ended" : "Computing";
  const step = seen.step === null ? "" : `, ${seen.step}`;
  const rest = seen.etaSeconds === null ? "" : `, about ${seen.etaSeconds} s left`;
  return blank("running", {
    ...seen,
    headline: `${what}: ${percentText(progress.percent)}${step}${rest}.`,
    next: WAIT_ON,
  });
}

function lostKtrdr(view: SeenExecution): boolean {
  return view.pending !== null && view.pending.attempt > 1 && /ktrdr_unavailable/.test(view.pending.lastFailure ?? "");
}

function unreachable(seen: Observed): JobStatus {
  return blank("ktrdr_unreachable", {
    ...seen,
    etaSeconds: null,
    headline: `KTRDR does not answer${seen.percent === null ? "" : `; last seen at ${percentText(seen.percent)}`}. The job waits for it.`,
    next: "Start KTRDR (`make lab`, or the one behind KTRDR_API_URL); the job goes on by itself.",
  });
}

const percentText = (percent: number): string => `${Math.round(percent)} %`;

const ageText = ({ heartbeatAgeSeconds }: Observed): string =>
  heartbeatAgeSeconds === null ? "" : ` ${heartbeatAgeSeconds} s ago`;

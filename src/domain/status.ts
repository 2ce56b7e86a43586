/**
 * The status of a job, from what its sources say right now: Temporal's description, the record in PostgreSQL, the
 * workflow's own answer, and whether any worker process lives. Pure; never claims more than is known.
 */
import { DomainError } from "./errors.ts";
import type { JobProgress } from "./job.ts";
import { WAITING_KINDS } from "./kinds/index.ts";
import { leftMs } from "./pace.ts";
import { blank, knownOf, type JobStatus, type SeenExecution, type StatusSources } from "./job-status.ts";
import { ended, endedWithoutOutcome, forgotten, unseen, unsettled } from "./status-without-view.ts";

/** A running step heartbeats every few seconds: after this silence, and without an answer, no worker is at work. */
const SILENCE_MS = 20_000;
/** A job this young is queued, whether or not a worker has looked at it. */
const FRESH_MS = 5_000;
/** Below this progress the pace says nothing about the time left. */
const ETA_FROM_PERCENT = 3;

/** A step may still write for this long after its workflow was closed; its attempts end much sooner. */
const ADMITTED_LATE_MS = 60_000;

const WAIT_ON = "Call get_task_status with wait_seconds 45.";
const START_WORKER =
  "The job goes on where it was once a worker runs. Wait a minute; then tell the user to start one: `bin/ktrdr-mcp worker`.";

/** The recorded outcome counts first, then how the workflow ended in Temporal, then what is seen of the running job. */
export function jobStatusOf(sources: StatusSources): JobStatus {
  const { view } = sources;
  const record = knownOf(sources.record);
  if (record !== null && record.status !== "open") {
    return record.outcome === null
      ? endedWithoutOutcome(record.status, record.kind)
      : ended(record.outcome, record.kind);
  }
  if (view instanceof DomainError) return unseen(view, sources.record);
  if (view === null) return forgotten(sources.record);
  if (view.outcome !== null) return ended(view.outcome, view.kind);
  if (view.execution === "running" || view.execution === "paused") return open(view, sources);
  if (view.execution === "completed") {
    return blank("unknown", {
      headline: "The job has ended, but how it ended cannot be read right now.",
      next: "Ask again; if it stays, check_health shows which part is down.",
    });
  }
  const closedAs = view.execution === "timed_out" ? "failed" : view.execution;
  return sources.record === null && !mayBeAdmitted(view, sources.now)
    ? endedWithoutOutcome(closedAs, view.kind)
    : unsettled(closedAs, view.kind);
}

/** It was closed so recently that its admission may still reach the record; the job is then settled like any other. */
function mayBeAdmitted({ execution, closedAt }: SeenExecution, now: Date): boolean {
  const cutOff = execution === "terminated" || execution === "timed_out";
  return cutOff && (closedAt === null || age(closedAt, now) < ADMITTED_LATE_MS);
}

function open(view: SeenExecution, sources: StatusSources): JobStatus {
  const seen = observed(view, sources);
  if (view.execution === "paused") {
    return blank("stalled", {
      ...seen,
      headline: view.cancelRequested
        ? "Paused by an operator in Temporal: the cancellation is requested, and is carried out when it is resumed."
        : "Paused by an operator in Temporal. KTRDR computes on if it was computing; nothing is recorded meanwhile.",
      next: "Ask the operator to resume it (`temporal workflow unpause`, or the Temporal Web UI). cancel_task resumes and cancels it.",
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
      // A failing job first stops what KTRDR may still compute; nobody asked for a cancellation.
      headline: view.cancelRequested
        ? "Cancelling: KTRDR is being stopped."
        : "Failing: KTRDR is stopped first, then the reason is recorded.",
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
  // The heartbeat time of a killed worker is lost with its attempt; its last report stays.
  const heartbeat = view.pending?.lastHeartbeatAt ?? progress?.at ?? null;
  return {
    percent,
    step: progress === null || progress.step === "" ? null : progress.step,
    heartbeatAgeSeconds: heartbeat === null ? null : Math.round(age(heartbeat, now) / 1000),
    etaSeconds: percent === null || progress === null ? null : eta(progress, percent, computingSince),
  };
}

function eta({ at: observedAt, paceFrom, since }: JobProgress, percent: number, computingSince: string | null) {
  const left = paceFrom === undefined ? null : leftMs(paceFrom, percent, Date.parse(since));
  if (left !== null) return Math.round(Math.max(0, left - age(since, new Date(observedAt))) / 1000);
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
  if (sources.workersPolling === false) return "No worker of ktrdr-mcp asks Temporal for work, so the job waits.";
  // Temporal counts a killed worker as polling for up to a minute; missing heartbeats show it sooner.
  const silent = heartbeatAge !== null && heartbeatAge * 1000 > SILENCE_MS;
  return silent ? `No worker has reported on this job for ${heartbeatAge} s.` : null;
}

function moving(view: SeenExecution, sources: StatusSources, seen: Observed): JobStatus {
  const { live } = sources;
  if (live?.phase === "queued") {
    const place = live.queuePosition === null ? "" : ` at place ${live.queuePosition}`;
    const reason = live.waitingFor === null || live.waitingFor === "" ? troubleOf(view) : ` (${live.waitingFor})`;
    return blank("queued", { position: live.queuePosition, headline: `Queued${place}${reason}.`, next: WAIT_ON });
  }
  if (live?.phase === "recording" || live?.phase === "closed" || view.pending?.activity === "recordOutcome") {
    return blank("recording", {
      ...seen,
      headline: `Over; how it ended is being recorded${troubleOf(view)}.`,
      next: WAIT_ON,
    });
  }
  const progress = view.pending?.progress ?? null;
  if (progress !== null) return computing(progress, sources, seen);
  if (lostKtrdr(view)) return unreachable(seen);
  if (view.kind !== null && WAITING_KINDS.includes(view.kind)) {
    return blank("running", { headline: `Waiting for the jobs of the ${view.kind.replace("_", "-")}.`, next: WAIT_ON });
  }
  if (live?.phase === "running") {
    return blank("running", { ...seen, headline: "Computing; no progress reported yet.", next: WAIT_ON });
  }
  return live?.phase === "starting" || view.pending !== null ? beginning(view) : between(view, sources);
}

function between(view: SeenExecution, { record, begun, now }: StatusSources): JobStatus {
  const since = age(view.startedAt, now);
  // A young run is not enough: in an earlier run a worker that has ended since may have started the computing.
  if (since < FRESH_MS && !begun && !(record instanceof DomainError)) {
    const headline = `Accepted ${Math.round(since / 1000)} s ago; no worker has taken it up yet.`;
    return blank("queued", { headline, next: WAIT_ON });
  }
  return blank("unknown", {
    headline: "The job is open: queued or between two steps; no worker answered in time to say which.",
    next: WAIT_ON,
  });
}

/** Why the last attempt of the present step failed: the job waits for that to be mended. */
function troubleOf({ pending }: SeenExecution): string {
  const said = pending?.lastFailure ?? "";
  return said === "" ? "" : ` (${said.replace(/\.$/, "")})`;
}

function beginning(view: SeenExecution): JobStatus {
  const attempt = view.pending?.attempt ?? 1;
  const retried = attempt > 1 ? ` (attempt ${attempt})` : "";
  const headline = `Starting${retried}: no progress reported yet${troubleOf(view)}.`;
  return blank("starting", { headline, next: WAIT_ON });
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
    next: "The job goes on by itself once KTRDR answers. Wait a minute; then tell the user that it has to run (KTRDR_API_URL).",
  });
}

const percentText = (percent: number): string => `${Math.round(percent)} %`;

const ageText = ({ heartbeatAgeSeconds }: Observed): string =>
  heartbeatAgeSeconds === null ? "" : ` ${heartbeatAgeSeconds} s ago`;

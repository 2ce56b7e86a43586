import { jobInWebUi, jobsInWebUi } from "../../domain/web-ui.ts";
import { DomainError, isDomainError } from "../../domain/errors.ts";
import type { LiveJobState } from "../../domain/job.ts";
import { isSealed, type JobKind } from "../../domain/kinds/index.ts";
import { knownOf, sealedStatus, type JobStatus, type Said } from "../../domain/job-status.ts";
import { jobStatusOf } from "../../domain/status.ts";
import type { JobRecord } from "../../store/job-row.ts";
import type { JobView } from "../../temporal/job-view.ts";
import type { Deps, Links } from "../ports.ts";
import { wayOn } from "./resume-training.ts";

/** The workflow's own answer only adds to the status, and must not delay it for longer. */
const LIVE_DEADLINE_MS = 300;
/** Heartbeats come at least every 3 s; one older than this may be the last of a killed worker. */
const FRESH_HEARTBEAT_MS = 8_000;

export interface TaskStatus {
  readonly status: JobStatus;
  readonly kind: JobKind | null;
  readonly view: Said<JobView>;
  readonly record: Said<JobRecord>;
}

/**
 * The status of a job: asks all sources in parallel and judges what they say.
 * @throws DomainError `task_not_found` when both sources answer and neither knows the job
 */
export async function statusOf(deps: Deps, jobId: string): Promise<TaskStatus> {
  const [{ view, record, computingSince, begun }, now] = await Promise.all([look(deps, jobId), deps.now()]);
  if (view === null && record === null) throw taskNotFound(jobId);
  const [seen, recorded] = [knownOf(view), knownOf(record)];
  const running = seen !== null && seen.outcome === null && isOpen(seen, recorded);
  const [live, workersPolling] = running
    ? await Promise.all([speaksForItself(seen, now) ? null : liveOf(deps, seen), workers(deps)])
    : [null, null];
  const judged = jobStatusOf({
    view,
    record,
    live,
    workersPolling,
    computingSince,
    begun,
    now,
    stallAfterMs: deps.stallAfterMs,
  });
  const kind = seen?.kind ?? recorded?.kind ?? null;
  const told = kind !== null && isSealed({ kind }) ? sealedStatus(judged) : judged;
  const way = recorded === null ? null : await wayOn(deps, recorded);
  const status = way === null ? told : { ...told, next: `${told.next} ${way}` };
  return { status, kind, view, record };
}

/** Asks Temporal and the record in parallel; only Temporal when the remembered record of the job is still valid. */
async function look({ jobs, records, lastLooks }: Deps, jobId: string) {
  const early = lastLooks.has(jobId) ? null : orUnavailable(records.jobs.seen(jobId));
  const [view] = await Promise.all([orUnavailable(jobs.view(jobId)), early]);
  const shown = knownOf(view);
  const recalled = early === null && shown !== null ? lastLooks.recall(shown) : undefined;
  const seen = recalled ?? (await (early ?? orUnavailable(records.jobs.seen(jobId))));
  if (seen === null || seen instanceof DomainError) return { view, record: seen, computingSince: null, begun: false };
  if (shown !== null) lastLooks.note(shown, seen);
  return { view, record: seen.job, computingSince: seen.computingSince, begun: seen.begun };
}

function isOpen(view: JobView, record: JobRecord | null): boolean {
  return (record === null || record.status === "open") && (view.execution === "running" || view.execution === "paused");
}

export function taskNotFound(jobId: string): DomainError {
  return new DomainError("task_not_found", {
    what: `No job is called "${jobId}".`,
    why: "neither Temporal nor the record knows it",
    next: "list_tasks shows the jobs there are; a start tool gives the task_id of a new one",
  });
}

async function orUnavailable<T>(asked: Promise<T>): Promise<T | DomainError> {
  try {
    return await asked;
  } catch (error) {
    if (isDomainError(error, "temporal_unavailable", "database_unavailable")) return error;
    throw error;
  }
}

/** A fresh heartbeat with progress tells all that the workflow could, so the workflow is not asked. */
function speaksForItself({ pending, cancelRequested }: JobView, now: Date): boolean {
  if (pending === null || pending.progress === null || pending.lastHeartbeatAt === null || cancelRequested)
    return false;
  return now.getTime() - Date.parse(pending.lastHeartbeatAt) < FRESH_HEARTBEAT_MS;
}

const liveOf = (deps: Deps, { jobId, historyEvents }: JobView): Promise<LiveJobState | null> =>
  deps.jobs.live(jobId, LIVE_DEADLINE_MS, historyEvents).catch(() => null);

const workers = (deps: Deps): Promise<boolean | null> => deps.jobs.workersPolling().catch(() => null);

/** Address of the job in the Temporal Web UI, or undefined when none is configured. */
export function uiLink(links: Links, jobId: string): string | undefined {
  if (links.temporalUi === null) return undefined;
  return jobInWebUi(links.temporalUi, links.temporalNamespace, jobId);
}

/** Address of the list of all jobs there. */
export function jobsLink({ temporalUi, temporalNamespace }: Links): string | undefined {
  return temporalUi === null ? undefined : jobsInWebUi(temporalUi, temporalNamespace);
}

/** The facts every answer about a job carries (fields.ts `statusFields`). */
export function statusFacts(jobId: string, { status, kind }: TaskStatus) {
  const { state, final, headline, next } = status;
  return { task_id: jobId, kind, state, final, headline, next };
}

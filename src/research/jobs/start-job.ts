import { DomainError, isDomainError } from "../../domain/errors.ts";
import { codesOf, insistenceCaveats } from "../../domain/insistence.ts";
import { cannotCount } from "../../domain/experiment.ts";
import { insistedOn, kindOf, type JobRequest } from "../../domain/kinds/index.ts";
import { compact } from "../../domain/facts.ts";
import { knownOf } from "../../domain/job-status.ts";
import { assertUnkept } from "../holdout/unkept.ts";
import { statusFacts, statusOf, type TaskStatus } from "./task-status.ts";
import { trialOutlook, type TrialOutlook } from "./trial-outlook.ts";
import type { Asking } from "../asking.ts";

interface StartWish {
  readonly request: JobRequest;
  readonly forceReason: string | null;
  /** 1 (first) .. 5 (last); 3 unless told. */
  readonly priority?: number;
  /** The experiment that the job becomes a run of, before it is started. */
  readonly experimentId: string | undefined;
  /** All checks before computing. What they refuse stops no job that exists. */
  readonly preflight: () => Promise<Cleared>;
}

/** A request that may be started. */
export interface Cleared {
  /** The request with what was insisted on. */
  readonly request: JobRequest;
  readonly warnings: readonly string[];
}

/**
 * Starts a job, or finds the one with this very request: running, finished or failed. A known job is answered even
 * while KTRDR is down.
 * @throws DomainError of the admission or the preflight, or `temporal_unavailable`
 */
export async function startJob(context: Asking, wish: StartWish) {
  const { deps, caller } = context;
  const { jobId } = deps.jobs.idOf(wish.request, wish.forceReason);
  const claim = { jobId, computations: kindOf(wish.request.kind).computations(wish.request) };
  const room = settled(context.admission.job(deps.records, caller.name, claim));
  const outlook = trialOutlook(deps, wish.request);
  try {
    const answer = await findOrStart(context, wish, jobId, { room, outlook });
    if (answer.existing) await unclaim(room);
    // A known job tries nothing.
    return answer.existing ? answer : { ...answer, ...compact({ power: (await outlook).power }) };
  } catch (error) {
    await unclaim(room);
    throw error;
  }
}

type Room = Promise<PromiseSettledResult<() => void>>;

/** Gives the job's place back, because it was not started. */
async function unclaim(room: Room): Promise<void> {
  const claimed = await room;
  if (claimed.status === "fulfilled") claimed.value();
}

/** What is found out while the job is looked for. */
interface Meanwhile {
  readonly room: Room;
  readonly outlook: Promise<TrialOutlook>;
}

async function findOrStart(context: Asking, wish: StartWish, jobId: string, { room, outlook }: Meanwhile) {
  const { deps, caller } = context;
  // In parallel: all of these only read, and a new job needs all. A known job is answered whatever the checks say.
  const checking = assertUnkept(deps, wish.request).then(async () => {
    const [cleared, { refusal, warnings }] = await Promise.all([wish.preflight(), outlook]);
    if (refusal !== null) throw refusal;
    return { ...cleared, warnings: [...warnings, ...cleared.warnings] };
  });
  const [isNew, ...checks] = await Promise.all([isUnrecorded(context, jobId), room, settled(checking)]);
  const refusal = checks.find((check) => check.status === "rejected");
  // Temporal itself refuses to start a known job, so it is asked beforehand only when the job may not be started.
  const known = isNew && refusal === undefined ? null : await knownJob(context, jobId);
  if (known === null && refusal !== undefined) throw refusal.reason;
  const { experimentId, forceReason } = wish;
  const attached = experimentId !== undefined && (await deps.records.experiments.attach(experimentId, jobId));
  const misfit = experimentId === undefined ? [] : await misfitWarnings(context, experimentId, wish.request);
  const [, checked] = checks;
  const late = (status: TaskStatus) => [
    ...misfit,
    ...todaysWarnings(checked, status),
    ...lateWarnings(attached, status),
  ];
  if (known !== null) return { ...statusFacts(jobId, known), existing: true, warnings: late(known) };
  const toStart = checked.status === "fulfilled" ? checked.value : { request: wish.request, warnings: [] };
  const [started, polling] = await Promise.all([
    deps.jobs.start(toStart.request, {
      forceReason,
      client: caller.name,
      ...compact({ experimentId, priority: wish.priority }),
    }),
    deps.jobs.workersPolling().catch(() => null),
  ]);
  if (started.existing) {
    const status = await statusOf(deps, started.jobId);
    return { ...statusFacts(started.jobId, status), existing: true, warnings: late(status) };
  }
  const idle = polling === false;
  return {
    task_id: started.jobId,
    kind: wish.request.kind,
    state: idle ? ("worker_down" as const) : ("queued" as const),
    final: false,
    headline: idle
      ? "Accepted and kept, but no worker process of ktrdr-mcp is running: the job waits for one."
      : "Accepted: the job is durable from now on and starts as soon as KTRDR has a free worker.",
    next: idle
      ? "Tell the user to start a worker (`bin/ktrdr-mcp worker`), then call get_task_status."
      : "Call get_task_status with this task_id and wait_seconds 45 until final is true.",
    existing: false,
    warnings: [...misfit, ...toStart.warnings],
  };
}

/** Warnings for a known job: what was insisted on then, and what today's checks find that the checks of then did not. */
function todaysWarnings(checked: PromiseSettledResult<Cleared>, { record }: TaskStatus): string[] {
  const request = knownOf(record)?.request;
  const then = request === undefined ? [] : insistedOn(request);
  const kept = insistenceCaveats(then).map(({ text }) => text);
  if (checked.status === "rejected") {
    const refused = isDomainError(checked.reason, "strategy_invalid", "bars_unsound") && kept.length === 0;
    return refused ? [`It was computed before; now it would be refused: ${checked.reason.why ?? ""}`] : kept;
  }
  const known = codesOf(then);
  const unseen = codesOf(insistedOn(checked.value.request)).filter((code) => !known.includes(code));
  return unseen.length === 0
    ? kept
    : [...kept, `It was computed before ${unseen.join(", ")} was checked; force_new_reason computes it anew.`];
}

/** A result that was known before its job became a run of an experiment does not count there. */
const lateWarnings = (attached: boolean, { status }: TaskStatus): string[] =>
  attached && status.final ? ["Its result was known before: the experiment lists this run and does not count it."] : [];

/** Said before anything is computed: the run will be listed by the experiment, and never count. */
async function misfitWarnings({ deps }: Asking, experimentId: string, request: JobRequest): Promise<string[]> {
  const why = cannotCount(await deps.records.experiments.get(experimentId), request);
  return why === null ? [] : [`It will not count in ${experimentId}: ${why}.`];
}

async function settled<T>(work: Promise<T>): Promise<PromiseSettledResult<T>> {
  const [result] = await Promise.allSettled([work]);
  return result;
}

/** True when the record answers and has no such job. */
async function isUnrecorded({ deps }: Asking, jobId: string): Promise<boolean> {
  try {
    return (await deps.records.jobs.seen(jobId)) === null;
  } catch (error) {
    if (isDomainError(error, "database_unavailable")) return false;
    throw error;
  }
}

/** The job with this identity, or null when it has to be started. */
async function knownJob({ deps }: Asking, jobId: string): Promise<TaskStatus | null> {
  const known = await statusOf(deps, jobId).catch((error: unknown) => {
    if (error instanceof DomainError && error.code === "task_not_found") return null;
    throw error;
  });
  if (known === null) return null;
  const recorded = knownOf(known.record) !== null;
  if (known.view instanceof DomainError) {
    if (recorded) return known;
    throw new DomainError("temporal_unavailable", {
      what: `The job cannot be started. ${known.view.what}`,
      why: "jobs are kept by Temporal, and no earlier job for this request is on record",
      ...(known.view.next === undefined ? {} : { next: known.view.next }),
    });
  }
  // Temporal has no such job, and none that ended is on record: a start uses the same id again.
  if (known.view === null && !(recorded && known.status.final)) return null;
  return known;
}

/** Asks every worker of KTRDR itself whether it computes: after a restart of KTRDR's API the registry is wrong. */
import { isDomainError } from "../../domain/errors.ts";
import type { KtrdrWorker } from "../../domain/operation.ts";
import { isGone, noAnswerFrom } from "../../domain/worker-gone.ts";
import type { ResearchParts } from "./parts.ts";

export interface WorkerState {
  readonly worker: string;
  /** `gone`: proven, so nothing computes there. `unreachable`: it may compute. */
  readonly state: "idle" | "busy" | "unreachable" | "gone";
  readonly operationId: string | null;
  /** The job of ours that it computes; null when that is not ours, or not known. */
  readonly jobId: string | null;
  /** True when one of the stopped jobs computed there: an unknown operation there may belong to that job. */
  readonly askedForStopped: boolean;
}

export interface IdleProof {
  readonly workers: readonly WorkerState[];
  /** Data loads that run in KTRDR's API process. */
  readonly dataLoads: readonly string[];
}

/**
 * @param stopped jobs whose workers are asked too, even when the registry does not know them any more
 * @throws DomainError `ktrdr_unavailable` or `ktrdr_bad_answer` when KTRDR's API cannot list its workers
 */
export async function askWorkers(parts: ResearchParts, stopped: readonly string[]): Promise<IdleProof> {
  const { ktrdr, work } = parts;
  const [registry, endpoints, operations] = await Promise.all([
    ktrdr.workers.list(),
    work.endpointsOf(stopped),
    ktrdr.operations.list({ type: "data_load", limit: 1_000 }),
  ]);
  const listed = new Map(registry.map((worker) => [worker.endpointUrl, worker]));
  const all = [...new Set([...listed.keys(), ...endpoints])];
  const workers = await Promise.all(
    all.map(async (endpoint) => ({
      ...(await ask(parts, endpoint, listed.get(endpoint) ?? null, endpoints.includes(endpoint))),
      askedForStopped: endpoints.includes(endpoint),
    })),
  );
  const loading = operations.filter(({ status }) => status === "running" || status === "pending");
  return { workers, dataLoads: loading.map(({ operationId }) => operationId) };
}

async function ask(
  parts: ResearchParts,
  endpoint: string,
  line: KtrdrWorker | null,
  hasAnsweredThere: boolean,
): Promise<Omit<WorkerState, "askedForStopped">> {
  const worker = line === null ? endpoint : `${line.workerId} (${endpoint})`;
  try {
    const { busy, currentOperationId } = await parts.ktrdr.workers.at(endpoint).health();
    if (!busy && currentOperationId === null) return { worker, state: "idle", operationId: null, jobId: null };
    const jobId = currentOperationId === null ? null : await parts.records.ownerOf(currentOperationId);
    return { worker, state: "busy", operationId: currentOperationId, jobId };
  } catch (error) {
    if (!isDomainError(error, "ktrdr_unavailable", "ktrdr_bad_answer", "ktrdr_not_found", "ktrdr_rejected"))
      throw error;
    const gone = isGone(noAnswerFrom(error, hasAnsweredThere), line);
    return { worker, state: gone ? "gone" : "unreachable", operationId: null, jobId: null };
  }
}

/**
 * After a restart of KTRDR's API the registry is empty for half a minute, while the workers compute on
 * (docs/ktrdr.md §9.6).
 */
const NOBODY_ASKED =
  "KTRDR names no worker, so none was asked: repeat this in a minute, when they have registered again";

/** What contradicts the proof that nothing computes, one line each. Empty when it is proven. */
export function doubtsOf(
  { workers, dataLoads }: IdleProof,
  stopped: ReadonlySet<string>,
  everything: boolean,
): string[] {
  const doubts: string[] = [];
  if (everything && workers.length === 0) doubts.push(NOBODY_ASKED);
  for (const { worker, state, operationId, jobId, askedForStopped } of workers) {
    if (state === "unreachable") doubts.push(`${worker} cannot be reached: it may compute`);
    if (state !== "busy") continue;
    const what = operationId === null ? "something it does not name" : operationId;
    if (jobId !== null && stopped.has(jobId))
      doubts.push(`${worker} still computes ${what} of the stopped job ${jobId}`);
    else if (everything || (jobId === null && askedForStopped)) {
      const whose = jobId === null ? "which belongs to no job on record" : `of the job ${jobId}`;
      doubts.push(`${worker} is busy with ${what}, ${whose}`);
    }
  }
  if (everything) doubts.push(...dataLoads.map((id) => `KTRDR's API runs the data load ${id}`));
  return doubts;
}

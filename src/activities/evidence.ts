/** Gathers what KTRDR's API, its registry and its workers say about one operation. */
import { isDomainError } from "../domain/errors.ts";
import { computingOf, type SlotKind } from "../domain/kinds/index.ts";
import type { KtrdrWorker, Operation, WorkerHealth } from "../domain/operation.ts";
import type { ApiEvidence, RegistryEvidence, WorkerEvidence } from "../domain/evidence.ts";
import { noAnswerFrom } from "../domain/worker-gone.ts";
import type { Ktrdr } from "../ktrdr/ktrdr.ts";
import type { ComputationRecord } from "../store/job-row.ts";

/** How old a cached registry may be (milliseconds): all jobs of a process share one read per interval. */
const REGISTRY_AGE_MS = 2_000;

export interface Workplace {
  readonly workerId: string | null;
  /** Where the registry or the record says that the worker listens. */
  readonly endpoint: string | null;
  /** The address at which the worker has answered us: only silence there proves that it is gone. */
  readonly reached: string | null;
  /**
   * True for an operation that KTRDR resumed: KTRDR names the worker of the first computation, whichever computes now
   * (docs/ktrdr.md §3.5).
   */
  readonly resumed: boolean;
}

/** The workplace from the record, which has only addresses that have answered. */
export function workplaceOf(
  row: Pick<ComputationRecord, "workerId" | "workerEndpoint" | "resumedFrom"> | null,
): Workplace {
  const endpoint = row?.workerEndpoint ?? null;
  return { workerId: row?.workerId ?? null, endpoint, reached: endpoint, resumed: row?.resumedFrom != null };
}

/** The workplace, corrected by what the API says. */
export function corrected(place: Workplace, operation: Operation | null): Workplace {
  if (place.resumed || operation === null) return place;
  return { ...place, workerId: operation.workerId ?? place.workerId };
}

export async function askApi(ktrdr: Ktrdr, operationId: string, signal?: AbortSignal): Promise<ApiEvidence> {
  try {
    return { kind: "operation", operation: await ktrdr.operations.get(operationId, signal) };
  } catch (error) {
    if (isDomainError(error, "ktrdr_not_found")) return { kind: "not_found" };
    if (isDomainError(error, "ktrdr_bad_answer")) return { kind: "unusable" };
    if (isDomainError(error) && error.retryable) return { kind: "unreachable" };
    throw error;
  }
}

/** Workers of the kind that the registry lists, or "unreachable". */
export async function registered(
  ktrdr: Ktrdr,
  kind: SlotKind,
  signal?: AbortSignal,
  maxAgeMs = REGISTRY_AGE_MS,
): Promise<readonly KtrdrWorker[] | "unreachable"> {
  const types = computingOf(kind).workerTypes;
  if (types.length === 0) return [];
  try {
    const workers = await ktrdr.workers.snapshot(maxAgeMs, signal);
    return workers.filter(({ workerType }) => types.includes(workerType));
  } catch (error) {
    if (isDomainError(error) && error.retryable) return "unreachable";
    throw error;
  }
}

/** The registry's entry of the worker that computes, and where it listens, also when the registry has forgotten it. */
export function locate(
  workers: readonly KtrdrWorker[] | "unreachable",
  known: Pick<Workplace, "workerId" | "endpoint">,
): { readonly registry: RegistryEvidence; readonly endpoint: string | null } {
  if (workers === "unreachable") return { registry: "unreachable", endpoint: known.endpoint };
  const line =
    workers.find(({ workerId }) => workerId === known.workerId) ??
    (known.workerId === null && workers.length === 1 ? workers[0] : undefined);
  return { registry: line ?? null, endpoint: line?.endpointUrl ?? known.endpoint };
}

interface Answer {
  readonly worker: WorkerEvidence;
  readonly registry: RegistryEvidence;
  readonly place: Workplace;
}

/**
 * What the worker that computes says itself, and what the registry says about it. Nobody knows which worker computes a
 * resumed operation, so every worker is asked; while one does not answer, the others' answers prove nothing.
 */
export async function inquire(
  ktrdr: Ktrdr,
  kind: SlotKind,
  place: Workplace,
  operationId: string,
  signal?: AbortSignal,
): Promise<Answer> {
  const workers = await registered(ktrdr, kind, signal);
  const { registry, endpoint } = locate(workers, place);
  const here = { ...place, endpoint };
  const worker = await askWorker(ktrdr, here, operationId, signal);
  const answer = { worker, registry, place: worker.kind === "answers" ? { ...here, reached: endpoint } : here };
  if (!place.resumed || knows(worker, operationId)) return answer;
  const unsure = { ...answer, worker: { kind: "silent" }, registry: "unreachable" } as const;
  if (workers === "unreachable") return unsure;
  const others = workers.filter(({ endpointUrl }) => endpointUrl !== endpoint);
  const healths = await Promise.all(others.map(({ endpointUrl }) => healthAt(ktrdr, endpointUrl, signal)));
  const found = others.find((_, index) => healths[index]?.currentOperationId === operationId);
  if (found === undefined) return healths.includes(null) ? unsure : answer;
  const there = { ...place, workerId: found.workerId, endpoint: found.endpointUrl, reached: found.endpointUrl };
  return { worker: await askWorker(ktrdr, there, operationId, signal), registry: found, place: there };
}

/** The worker computes the operation, or knows its end. Anything else it says may be a copy of KTRDR's row. */
function knows(worker: WorkerEvidence, operationId: string): boolean {
  if (worker.kind !== "answers") return false;
  return worker.health.currentOperationId === operationId || worker.operation?.status === "completed";
}

/** A worker that is asked about an operation it does not compute keeps a copy of it. Asking for its health is harmless. */
async function healthAt(ktrdr: Ktrdr, endpoint: string, signal?: AbortSignal): Promise<WorkerHealth | null> {
  try {
    return await ktrdr.workers.at(endpoint).health(signal);
  } catch (error) {
    signal?.throwIfAborted();
    if (isDomainError(error)) return null;
    throw error;
  }
}

/** Asks a worker itself about an operation. */
export async function askWorker(
  ktrdr: Ktrdr,
  { endpoint, reached }: Pick<Workplace, "endpoint" | "reached">,
  operationId: string,
  signal?: AbortSignal,
): Promise<WorkerEvidence> {
  if (endpoint === null) return { kind: "silent" };
  const worker = ktrdr.workers.at(endpoint);
  try {
    const health = await worker.health(signal);
    const operation = await worker.operation(operationId, signal).catch((error: unknown) => {
      if (isDomainError(error, "ktrdr_not_found")) return null;
      throw error;
    });
    return { kind: "answers", health, operation };
  } catch (error) {
    signal?.throwIfAborted();
    if (isDomainError(error)) return noAnswerFrom(error, endpoint === reached);
    throw error;
  }
}

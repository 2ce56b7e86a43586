/** One rule for "this worker is gone": the judging of a job, the stopping of one and `stop-research` ask here. */
import type { RegistryEvidence, WorkerEvidence } from "./evidence.ts";

/** The port refuses, or the name went with its container. A time-out proves nothing. */
const NOBODY_LISTENS = new Set<unknown>(["ECONNREFUSED", "ENOTFOUND"]);

/**
 * What the failure of a question to a worker shows. Only where it has answered before does a refusal mean anything: the
 * registry's addresses may be meant for KTRDR's own network, where we would find nobody, or somebody else.
 */
export function noAnswerFrom(error: Error, hasAnsweredThere: boolean): WorkerEvidence {
  return { kind: hasAnsweredThere && nobodyListens(error) ? "refused" : "silent" };
}

const nobodyListens = (error: unknown): boolean =>
  error instanceof Error && (NOBODY_LISTENS.has(Reflect.get(error, "code")) || nobodyListens(error.cause));

/** Nobody listens where it has answered, and the registry has lost it as well: a process that closes computes on. */
export function isGone(worker: WorkerEvidence, registry: RegistryEvidence): boolean {
  if (worker.kind !== "refused" || registry === "unreachable") return false;
  return registry === null || !isHealthy(registry);
}

/** The registry's own word: it reached the worker not long ago. */
export function isHealthy({ status }: Exclude<RegistryEvidence, null | "unreachable">): boolean {
  return status !== "temporarily_unavailable";
}

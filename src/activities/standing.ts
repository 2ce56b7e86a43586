import type { SlotClaim } from "../domain/slots.ts";
import type { ComputationRecord } from "../store/job-row.ts";

/** The fate of a computation that is computed again. */
export const LOST = "lost";

export type Standing = Required<Pick<SlotClaim, "computation" | "slot">>;

/**
 * Where the record says that a job stands: at which computation, and whether that one was given its slot.
 * @param computations oldest first
 */
export function standingOf(computations: readonly ComputationRecord[]): Standing {
  const last = computations.at(-1);
  if (last === undefined) return { computation: 1, slot: "queued" };
  if (last.fate === LOST) return { computation: last.n + 1, slot: "queued" };
  return { computation: last.n, slot: last.operationId === null ? "granted" : "in_use" };
}

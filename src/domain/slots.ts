/** Names and messages around the slot keeper, shared by workflow, activities and client. Zod-free. */
import type { SlotKind } from "./job.ts";

export interface SlotClaim {
  readonly jobId: string;
  readonly priority: number;
}

/** What the keeper shows to a query. */
export interface SlotState {
  readonly kind: SlotKind;
  readonly held: readonly string[];
  /** Job ids in the order they will be served. */
  readonly queue: readonly string[];
  /** Why the head of the queue waits, in one line; empty when nothing waits. */
  readonly waitingFor: string;
}

export const slotKeeperId = (kind: SlotKind): string => `slots-${kind}`;

/** Names and messages around the slot keeper, shared by workflow, activities and client. Zod-free. */
import type { SlotKind } from "./kinds/index.ts";

export interface SlotClaim {
  readonly jobId: string;
  readonly priority: number;
  /** 1-based: a job whose computation was lost claims again with the next number. */
  readonly computation: number;
  /** Where the job stands when a keeper is rebuilt; absent: queued. */
  readonly slot?: "queued" | "granted" | "in_use";
}

/** What the activity that watches KTRDR and the holders found. */
export interface SlotNews {
  /** True when one more computation may start right now. */
  readonly free: boolean;
  /** Holding or waiting jobs whose workflow is closed and did not release its slot. */
  readonly closed: readonly string[];
  /** Why none is free, in one line. */
  readonly waitingFor: string;
}

export interface SlotWatch {
  readonly kind: SlotKind;
  readonly held: readonly string[];
  /** Closed jobs whose computing is being stopped; they still hold their slots. Absent from older keepers. */
  readonly settling?: readonly string[];
  readonly queued: readonly string[];
  /** False while the job that was granted last has not begun to compute: starts are made one at a time. */
  readonly mayGrant: boolean;
  /** Why the keeper's queue waits, as the keeper knows it; another reason is news. Absent from older keepers. */
  readonly knownReason?: string;
}

/** What the keeper shows to a query. */
export interface SlotState {
  readonly kind: SlotKind;
  readonly held: readonly string[];
  /** Job ids in the order they will be served. */
  readonly queue: readonly string[];
  /** Why the head of the queue waits, in one line; empty only when nothing waits. */
  readonly waitingFor: string;
}

export const slotKeeperId = (kind: SlotKind): string => `slots-${kind}`;

/** Where a candidate stands in the registry of champions. Zod-free. */

/** `waiting`: for a human. The last five are ends; all but `rejected` may be proposed again. */
export const STAGES = [
  "candidate",
  "validated",
  "waiting",
  "champion",
  "rejected",
  "withdrawn",
  "expired",
  "replaced",
  "demoted",
] as const;
export type Stage = (typeof STAGES)[number];

/** Stages in which nobody has decided, and evidence still counts. */
export const OPEN_STAGES = ["candidate", "validated", "waiting"] as const satisfies readonly Stage[];

export const isOpen = (stage: Stage): boolean => OPEN_STAGES.some((open) => open === stage);

/** Evidence that nobody approved for so long is old: it must be gathered anew. */
export const WAIT_DAYS = 14;

/** What a human may decide. */
export const DECISIONS = ["approve", "reject"] as const;
export type Decision = (typeof DECISIONS)[number];

/** One wait of a candidate for a human. One that was proposed again after it ended waits in another round. */
export interface Round {
  readonly jobId: string;
  /** From 1. */
  readonly round: number;
}

/** The workflow that waits. */
export const waitId = ({ jobId, round }: Round): string => `approval-${jobId}-${round}`;

/** The workflow that watches what was approved in that round. */
export const watchId = ({ jobId, round }: Round): string => `watch-${jobId}-${round}`;

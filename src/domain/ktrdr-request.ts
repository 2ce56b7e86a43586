/** One finished request to KTRDR (retries included), as those who watch see it. */
export interface KtrdrRequest {
  /** The line of the allow-list that allowed it; there are few. */
  readonly endpoint: string;
  /** HTTP status; null when no answer came. */
  readonly status: number | null;
  /** True when the caller stopped waiting before an answer came. */
  readonly aborted: boolean;
  readonly durationMs: number;
}

/** Of the breaker around KTRDR. Closed: requests pass. Half open: one is let through to look. */
export const BREAKER_STATES = ["closed", "half_open", "open"] as const;
export type BreakerState = (typeof BREAKER_STATES)[number];

/** How much one client, and all together, may ask of this process. 0 switches a limit off. */
export interface Limits {
  /** Per client and tool. */
  readonly callsPerMinute: number;
  /** Calls of one client that are answered at once; a few more wait for their turn. */
  readonly callsAtOnce: number;
  /** Calls of one client that wait for a job to end, counted apart: they cost next to nothing. */
  readonly waitingCalls: number;
  readonly openJobs: PerClientAndAll;
  readonly queuedJobs: PerClientAndAll;
  /** Resident memory of this process from which on it takes no new job. Megabytes (2^20 bytes). */
  readonly memoryMb: number;
}

export interface PerClientAndAll {
  readonly perClient: number;
  readonly all: number;
}

/** Whether a figure that counts the newcomer is beyond a limit. */
export const exceeds = (count: number, limit: number): boolean => limit > 0 && count > limit;

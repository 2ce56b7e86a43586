/** How much one client, and all clients together, may ask of this process. 0 switches a limit off. */
export interface Limits {
  /** Per client and tool. */
  readonly callsPerMinute: number;
  /** Calls of one client that are answered at once; a few more wait for their turn. */
  readonly callsAtOnce: number;
  /** Calls of one client that wait for a job to end, counted apart: they cost next to nothing. */
  readonly waitingCalls: number;
  readonly openJobs: PerClientAndAll;
  readonly queuedJobs: PerClientAndAll;
  /** Above this resident memory the process takes no new job. Megabytes (2^20 bytes). */
  readonly memoryMb: number;
}

export interface PerClientAndAll {
  readonly perClient: number;
  readonly all: number;
}

/** @param count includes the call or job that asks */
export const exceeds = (count: number, limit: number): boolean => limit > 0 && count > limit;

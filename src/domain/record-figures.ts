/** What PostgreSQL knows about all jobs of the installation. */
export interface RecordFigures {
  /** Whether the record could be written as well as read. */
  readonly writable: boolean;
  /** How far this process's clock is ahead of the database's for certain, in seconds. */
  readonly clockAheadSeconds: number;
  /** Seconds since the last backup; null when there was none. */
  readonly backupAgeSeconds: number | null;
  /** How many jobs are in each state, and for how long the oldest of them (`oldestSeconds`). */
  readonly open: readonly {
    readonly kind: string;
    readonly state: string;
    readonly jobs: number;
    readonly oldestSeconds: number;
  }[];
  readonly finished: readonly { readonly kind: string; readonly status: string; readonly jobs: number }[];
  /** Sums over all jobs: how many began to compute, how long they had waited, how long they computed. Seconds. */
  readonly computed: readonly {
    readonly kind: string;
    readonly starts: number;
    readonly waitedSeconds: number;
    readonly computedSeconds: number;
  }[];
  readonly faults: readonly { readonly fault: string; readonly jobs: number }[];
}

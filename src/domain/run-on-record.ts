import type { JobKind, JobResult } from "./kinds/index.ts";
import type { DateWindow } from "./market-data.ts";
import type { FinalStatus } from "./outcome.ts";

/** A job as it is weighed: by an experiment that it belongs to, or by an insight that cites it. */
export interface RunOnRecord {
  readonly jobId: string;
  /** Null for a job that was announced and never admitted. */
  readonly job: {
    readonly kind: JobKind;
    readonly status: "open" | FinalStatus;
    /** Null for a batch, which is on several markets. */
    readonly symbol: string | null;
    readonly timeframe: string | null;
    /** ISO-8601 UTC. */
    readonly finishedAt: string | null;
    /** The days its model was trained on; null when they are not known, or there is no model. */
    readonly trainedOn: DateWindow | null;
  } | null;
  readonly result: JobResult | null;
}

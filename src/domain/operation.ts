/**
 * What KTRDR says about an operation, normalised from the wire (docs/ktrdr.md §2.10). KTRDR may be wrong: `diagnosis.ts`
 * judges what it says.
 */

export type OperationType = "training" | "backtesting" | "data_load";

export type OperationStatus = "pending" | "resuming" | "running" | "completed" | "failed" | "cancelled";

/** One epoch of a training, de-duplicated from KTRDR's growing metrics (docs/ktrdr.md §2.10). `epoch` is 0-based. */
export interface EpochFigures {
  readonly epoch: number;
  readonly valLoss: number;
  readonly valAccuracy: number | null;
}

export interface Operation {
  readonly operationId: string;
  /** KTRDR's own word for the type; types we do not know are kept as they are. */
  readonly operationType: string;
  readonly status: OperationStatus;
  /** Percent 0..100. */
  readonly percent: number;
  readonly step: string;
  /**
   * True when KTRDR calls the operation running but names no step. Then the answer is a copy of KTRDR's database row,
   * from an API or worker that knows nothing of the computing: whatever computes names a step, if only an empty one
   * (recordings 05b, 08).
   */
  readonly fromRow?: boolean;
  readonly symbol: string | null;
  readonly timeframe: string | null;
  readonly startDate: string | null;
  readonly endDate: string | null;
  /** `metadata.parameters` as KTRDR sent it: the worker and, for backtests, capital and costs. */
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly workerId: string | null;
  readonly errorMessage: string | null;
  /** `result_summary` (API) untouched, or null. */
  readonly result: Readonly<Record<string, unknown>> | null;
  /** Epochs seen so far, one entry per epoch number, ascending. Empty for anything but a training. */
  readonly epochs: readonly EpochFigures[];
}

export interface OperationListItem {
  readonly operationId: string;
  readonly status: OperationStatus;
}

export type WorkerStatus = "available" | "busy" | "temporarily_unavailable";

/** A KTRDR worker as the registry of the API shows it (docs/ktrdr.md §2.11). */
export interface KtrdrWorker {
  readonly workerId: string;
  readonly workerType: string;
  readonly endpointUrl: string;
  readonly status: WorkerStatus;
  readonly currentOperationId: string | null;
  readonly healthCheckFailures: number;
}

/** What a KTRDR worker says that it computes now. */
export interface WorkerHealth {
  readonly busy: boolean;
  readonly currentOperationId: string | null;
}

/** What a DELETE of an operation said (docs/ktrdr.md §2.10 Cancellation). */
export interface CancelReceipt {
  /** False when the worker was not told: the computing goes on until the worker is told directly. */
  readonly remoteCancelled: boolean;
}

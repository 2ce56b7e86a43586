import type { FaultStore } from "../faults.ts";
import type { ComputationLog } from "../state/computation-log.ts";
import type { Database } from "../state/database.ts";
import type { StateFolder } from "../state/folder.ts";
import type { JobKind } from "../state/operation.ts";
import type { OperationsMemory } from "./operations-memory.ts";

/** Settings of one worker process. */
export interface WorkerSettings {
  readonly workerId: string;
  readonly kind: JobKind;
  /** Fixes the random draw of trainings; undefined: every run differs. */
  readonly seed: number | undefined;
  readonly epochDelayMs: number;
  readonly barDelayMs: number;
}

/** The parts of a worker process that its routes and runs share. */
export interface WorkerContext {
  readonly settings: WorkerSettings;
  readonly folder: StateFolder;
  readonly database: Database;
  readonly faults: FaultStore;
  readonly log: ComputationLog;
  readonly memory: OperationsMemory;
}

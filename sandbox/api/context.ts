import type { Hono } from "hono";
import type { FaultStore } from "../faults.ts";
import type { SandboxEnv } from "../http/env.ts";
import type { ComputationLog } from "../state/computation-log.ts";
import type { Database } from "../state/database.ts";
import type { StateFolder } from "../state/folder.ts";
import type { Timers } from "../timers.ts";
import type { KnownIndicators } from "./known-indicators.ts";
import type { OperationsView } from "./operations-view.ts";
import type { OrphanDetector } from "./orphan-detector.ts";
import type { WorkerClient } from "./worker-client.ts";
import type { WorkerRegistry } from "./worker-registry.ts";

/** The parts of the API process that its routes share. */
export interface ApiContext {
  readonly folder: StateFolder;
  readonly database: Database;
  readonly faults: FaultStore;
  readonly log: ComputationLog;
  readonly timers: Timers;
  readonly registry: WorkerRegistry;
  readonly view: OperationsView;
  readonly orphans: OrphanDetector;
  readonly workers: WorkerClient;
  readonly indicators: KnownIndicators;
  /** Operations that run inside the API process; cancelling one aborts its controller. */
  readonly localRuns: Map<string, AbortController>;
}

export type SandboxApp = Hono<SandboxEnv>;

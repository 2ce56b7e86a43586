import { TestWorkflowEnvironment } from "@temporalio/testing";
import { DefaultLogger, Runtime } from "@temporalio/worker";
import { defineSearchAttributeKey } from "@temporalio/common";

import type { Activities } from "../../src/activities/activities.ts";
import type {
  BacktestRequest,
  ComputeRequest,
  JobInput,
  JobOutcome,
  TrainingRequest,
  TrainingSetRequest,
} from "../../src/domain/job.ts";
import { findDevServer } from "../../src/lab/temporal-binary.ts";

import { SEARCH_ATTRIBUTES } from "../../src/temporal/search-attributes.ts";
import { OPENS_AS_WE_DO } from "./temporal.ts";
import { bundleWorkflows, createWorker, type JobWorker } from "../../src/temporal/worker.ts";

/** A real Temporal dev server of this file's own. */
export async function startWorkflowEnvironment(): Promise<TestWorkflowEnvironment> {
  const { path } = await findDevServer({
    env: process.env,
    cacheDir: new URL("../../.cache", import.meta.url).pathname,
    configuredPath: process.env["TEMPORAL_CLI_PATH"],
  });
  return await TestWorkflowEnvironment.createLocal({
    server: {
      executable: { type: "existing-path", path },
      searchAttributes: SEARCH_ATTRIBUTES.map((name) => defineSearchAttributeKey(name, "KEYWORD")),
      extraArgs: ["--headless"],
    },
    plugins: [OPENS_AS_WE_DO],
  });
}

// The servers' and Core's chatter belongs to no test.
Runtime.install({
  logger: new DefaultLogger("ERROR"),
  telemetryOptions: { logging: { filter: "ERROR" } },
  shutdownSignals: [],
});

let bundle: ReturnType<typeof bundleWorkflows> | undefined;

/** Workers like those of the product, around activities that the test scripts. */
export async function startScriptedWorker(
  env: TestWorkflowEnvironment,
  activities: Activities,
): Promise<RunningWorker> {
  bundle ??= bundleWorkflows();
  const worker = await createWorker({
    connection: env.nativeConnection,
    namespace: env.namespace ?? "default",
    activities,
    workflowBundle: await bundle,
  });
  return new RunningWorker(worker);
}

export class RunningWorker {
  private readonly worker: JobWorker;
  private readonly running: Promise<void>;

  constructor(worker: JobWorker) {
    this.worker = worker;
    this.running = worker.run();
  }

  async stop(): Promise<void> {
    this.worker.shutdown();
    await this.running;
  }
}

export const SETTINGS: JobInput["settings"] = {
  pollIntervalMs: 100,
  stallAfterMs: 60_000,
  stallFailAfterMs: 120_000,
  maxComputations: 3,
  notFoundGraceMs: 500,
  deadGraceMs: 500,
  startInFlightMs: 2_000,
};

export const TRAINING: TrainingRequest = {
  kind: "training",
  strategy: "probe",
  strategySha256: "0".repeat(64),
  symbol: "SPX",
  timeframe: "1d",
  startDate: "2000-01-03",
  endDate: "2014-12-31",
  draw: 1,
};

export const BACKTEST: BacktestRequest = {
  kind: "backtest",
  strategy: "probe",
  symbol: "SPX",
  timeframe: "1d",
  startDate: "2015-01-02",
  endDate: "2019-12-31",
  modelPath: "models/probe/1d_v1",
  trainingJobId: null,
  initialCapital: 100_000,
  commission: 0.001,
  slippage: 0.0005,
};

export function inputOf<R extends ComputeRequest>(jobId: string, request: R, priority = 3): JobInput<R> {
  return {
    jobId,
    requestHash: jobId,
    request,
    forceReason: null,
    parentJobId: null,
    priority,
    client: "test",
    settings: SETTINGS,
  };
}

export function setInputOf(jobId: string, repeats: number): JobInput<TrainingSetRequest> {
  const { draw: _, ...training } = TRAINING;
  return { ...inputOf(jobId, TRAINING), request: { kind: "training_set", training, repeats } };
}

export function outcomeOf(jobId: string, status: JobOutcome["status"]): JobOutcome {
  return { jobId, status, failure: null, partial: null, faultsSeen: [], operationIds: [], headline: status };
}

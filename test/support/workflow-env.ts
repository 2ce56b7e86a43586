import { TestWorkflowEnvironment } from "@temporalio/testing";
import { DefaultLogger, Runtime } from "@temporalio/worker";
import { defineSearchAttributeKey } from "@temporalio/common";
import type { Activities } from "../../src/activities/activities.ts";
import { findDevServer } from "../../lab/temporal-binary.ts";
import { SEARCH_ATTRIBUTES } from "../../src/temporal/search-attributes.ts";
import { OPENS_AS_WE_DO } from "./temporal.ts";
import { createWorker, loadWorkflows, type JobWorker } from "../../src/temporal/worker.ts";

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

// No test needs what the server and Temporal's Core log.
Runtime.install({
  logger: new DefaultLogger("ERROR"),
  telemetryOptions: { logging: { filter: "ERROR" } },
  shutdownSignals: [],
});

/** Workers like those of the product, around activities that the test scripts. */
export async function startScriptedWorker(
  env: TestWorkflowEnvironment,
  activities: Activities,
): Promise<RunningWorker> {
  const worker = await createWorker({
    connection: env.nativeConnection,
    namespace: env.namespace ?? "default",
    activities,
    workflowBundle: await loadWorkflows(),
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

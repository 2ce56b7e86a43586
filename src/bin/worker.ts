/** The worker process: runs workflows and activities until it is told to stop. */
import { whenToldToEnd } from "./told-to-end.ts";
import { hostname } from "node:os";
import { DefaultLogger, NativeConnection, Runtime, type LogLevel } from "@temporalio/worker";
import type { Client } from "@temporalio/client";
import { adoptBegun } from "../activities/adopt.ts";
import { createActivities } from "../activities/activities.ts";
import { systemClock } from "../activities/clock.ts";
import { loadConfig, type Config } from "../config.ts";
import type { JobInput } from "../domain/job.ts";
import { createKtrdr } from "../ktrdr/ktrdr.ts";
import { createStrategyLibrary, type NewStrategy, type SavedBy } from "../strategies/strategy-library.ts";
import { createStrategyFolder } from "../strategies/strategy-folder.ts";
import { labEnvironment } from "../running-lab/lab-environment.ts";
import { createLogger, type Logger } from "../logger.ts";
import { createBatchStore } from "../store/batches.ts";
import { begunComputations } from "../store/begun-computations.ts";
import { experimentOf } from "../store/experiments.ts";
import { createCampaignReader, createCampaignWriter } from "../store/campaigns.ts";
import { createCandidateDecisions } from "../store/candidate-decisions.ts";
import { createCandidateWatches } from "../store/candidate-watches.ts";
import { createHoldoutStore } from "../store/holdouts.ts";
import { createLedger, ledgerHead } from "../store/ledger.ts";
import { createJobReader } from "../store/job-reader.ts";
import { createJobWriter } from "../store/job-writer.ts";
import { followDatabase, type FollowedClock } from "../store/clocks.ts";
import { createPool, type Pool } from "../store/pool.ts";
import { createResearchControl } from "../store/research-control.ts";
import { createResultReader } from "../store/result-reader.ts";
import { schemaMisfit } from "../store/migrate.ts";
import { tryRecord } from "../store/try-record.ts";
import { explained, isNamespaceMissing, lazyClient } from "../temporal/connection.ts";
import { temporalSettings, type TemporalSettings } from "../temporal/settings.ts";
import { createCandidateWaits } from "../temporal/candidate-waits.ts";
import { createExecutions } from "../temporal/executions.ts";
import { furnishNamespace, watchNamespace } from "../temporal/namespace.ts";
import { idOf } from "../temporal/jobs.ts";
import { labelsOf } from "../temporal/start-options.ts";
import { createSlots } from "../temporal/slots.ts";
import { loadWorkflows, createWorker, type JobWorker } from "../temporal/worker.ts";
import { errorText } from "../error-text.ts";
import { within } from "../within.ts";
import { noArguments, runCommand } from "./command.ts";
import { jobSettingsOf } from "./job-settings.ts";
import type { Tracing } from "../tracing.ts";
import { tracingOf } from "./tracing-of.ts";
import { workerWatch, type WorkerWatch } from "./watch.ts";

/** Which of our search attributes the namespace has; undefined before it was asked. */
let usable: readonly string[] | undefined;
const LACKING =
  "the namespace has no room for these search attributes, or holds them as another type: jobs run without";
const RETRY_CONNECTION_MS = 1_000;
const HEAD_START_MS = 500;
/** A worker that ends waits this long for a collector of traces that does not answer. */
const FLUSH_MS = 2_000;

async function main(): Promise<void> {
  noArguments();
  const env = await labEnvironment(process.env);
  const config = loadConfig(env);
  const log = createLogger("worker", config.LOG_LEVEL);
  const unfit = schemaMisfit(config.DATABASE_URL);
  const watch = await workerWatch(config, log);
  installRuntime(log, watch);
  const tracing = await tracingOf(config, "ktrdr-mcp-worker");
  const plugins = tracing === null ? [] : [tracing.plugin];
  const settings = temporalSettings(env, { address: config.TEMPORAL_ADDRESS, namespace: config.TEMPORAL_NAMESPACE });
  const stop = new AbortController();
  let worker: JobWorker | null = null;
  whenToldToEnd((signal) => {
    if (stop.signal.aborted) return;
    log.info({ signal }, "shutting down");
    stop.abort();
    // Without a worker there is no work to finish.
    if (worker === null) process.exit(0);
    worker.shutdown();
  });
  await watch?.serve(() => worker?.polling() === true);
  const pool = createPool(config.DATABASE_URL);
  const clock = followedClock(pool, log);
  const deps = activityDeps(config, settings, log, { watch, tracing, pool, clock });
  const adopting = adoptBegun(deps, deps.begun, stop.signal);
  // With tracing, bundling keeps the process busy for two seconds; by then KTRDR's lists may have lost operations that
  // `adopting` looks for.
  await within(adopting, HEAD_START_MS, () => undefined);
  const workflowBundle = await loadWorkflows(plugins, stop.signal);
  const misfit = await unfit;
  if (misfit !== null) throw misfit;
  await keepLooking(clock, log);
  const activities = createActivities(deps);
  while (!stop.signal.aborted) {
    const home = await connect(settings, log, stop.signal);
    if (home === null) break;
    const { connection } = home;
    worker = await createWorker({ connection, namespace: settings.namespace, activities, workflowBundle, plugins });
    if (stop.signal.aborted) worker.shutdown();
    log.info({ address: settings.connection.address, namespace: settings.namespace }, "worker runs");
    await runAt(home, worker, log, stop.signal);
    await connection.close();
  }
  await adopting;
  await Promise.all([tracing?.close(FLUSH_MS), watch?.close()]);
  log.info("worker stopped");
  // Idle connections must not keep the process alive.
  process.exit(0);
}

interface Home {
  readonly connection: NativeConnection;
  readonly client: Client;
  readonly namespaceId: string;
}

/** Runs until the worker ends. When another namespace takes the name of its own, the worker is made to end. */
async function runAt(home: Home, worker: JobWorker, log: Logger, stop: AbortSignal): Promise<void> {
  const ended = new AbortController();
  const { namespace } = home.client.options;
  const watching = watchNamespace(home.client, {
    id: home.namespaceId,
    signal: AbortSignal.any([ended.signal, stop]),
    onMissing: (error) => log.error({ err: error, namespace }, `Temporal has no namespace ${namespace} any more`),
    onError: (error) => log.debug({ err: error, namespace }, "cannot look after the namespace now"),
  }).then(() => {
    if (ended.signal.aborted || stop.aborted) return;
    log.warn({ namespace }, "another namespace has this name now: beginning anew in it");
    worker.shutdown();
  });
  try {
    await worker.run();
  } finally {
    ended.abort();
    await watching;
    await home.client.connection.close();
  }
}

/** Waits for the server and the namespace, however long it takes: a worker may start before Temporal. */
async function connect(settings: TemporalSettings, log: Logger, stop: AbortSignal): Promise<Home | null> {
  while (!stop.aborted) {
    const client = lazyClient(settings);
    try {
      const { id: namespaceId, attributes } = await furnishNamespace(client);
      usable = attributes.usable;
      const lacking = [...attributes.missing, ...attributes.otherType];
      if (lacking.length > 0) log.warn({ namespace: settings.namespace, lacking }, LACKING);
      const { address, tls, apiKey, metadata } = settings.connection;
      const connection = await NativeConnection.connect({
        ...(address === undefined ? {} : { address }),
        ...(tls === undefined ? {} : { tls }),
        ...(typeof apiKey === "string" ? { apiKey } : {}),
        ...(metadata === undefined ? {} : { metadata }),
      });
      return { connection, client, namespaceId };
    } catch (error) {
      await client.connection.close();
      const { namespace } = settings;
      const told = await explained(client, error);
      const why = isNamespaceMissing(error) ? `Temporal has no namespace ${namespace}` : errorText(told ?? error);
      log.warn({ err: error, address: settings.connection.address, namespace }, `${why}; trying again`);
      await new Promise((resolve) => setTimeout(resolve, RETRY_CONNECTION_MS));
    }
  }
  return null;
}

const LOOK_EVERY_MS = 60_000;

function followedClock(pool: Pool, log: Logger): FollowedClock {
  return followDatabase({
    pool,
    process: `${process.pid}@${hostname()}`,
    now: () => systemClock.now(),
    onChange(offsetSeconds) {
      if (offsetSeconds === 0) log.info("the clock agrees with PostgreSQL's again");
      else log.warn({ offsetSeconds }, "the clock of this machine is off: computing with PostgreSQL's time");
    },
  });
}

/** Looks now, and every `LOOK_EVERY_MS` from then on. */
async function keepLooking(clock: FollowedClock, log: Logger): Promise<void> {
  const look = () =>
    clock.look().catch((error: unknown) => log.debug({ err: error }, "PostgreSQL's clock is not seen"));
  await look();
  setInterval(() => void look(), LOOK_EVERY_MS).unref();
}

interface Parts {
  readonly watch: WorkerWatch | null;
  readonly tracing: Tracing | null;
  readonly pool: Pool;
  readonly clock: FollowedClock;
}

function activityDeps(config: Config, settings: TemporalSettings, log: Logger, parts: Parts) {
  const { watch, tracing, pool, clock } = parts;
  const client = lazyClient(settings, tracing === null ? [] : [tracing.plugin]);
  const strategies = createStrategyFolder(config.KTRDR_STRATEGIES_DIR);
  const library = createStrategyLibrary(config.KTRDR_STRATEGIES_DIR, strategies, log, {
    ledger: () => ledgerHead(pool),
  });
  return {
    ktrdr: createKtrdr({
      baseUrl: config.KTRDR_API_URL,
      requestTimeoutMs: config.KTRDR_REQUEST_TIMEOUT_MS,
      ...(watch === null ? {} : { onRequest: (info) => watch.metrics.observeRequest(info) }),
      ...(tracing === null ? {} : { traceRequest: tracing.ktrdrRequest }),
    }),
    strategies,
    jobs: { ...createJobReader(pool), ...createJobWriter(pool) },
    results: createResultReader(pool),
    batches: createBatchStore(pool),
    campaigns: { ...createCampaignReader(pool), ...createCampaignWriter(pool) },
    ledger: createLedger(pool),
    saveStrategies: async (given: readonly NewStrategy[], by: SavedBy) => await library.save(given, by),
    holdouts: createHoldoutStore(pool),
    decisions: createCandidateDecisions(pool),
    waits: createCandidateWaits(client),
    watches: createCandidateWatches(pool),
    jobSettings: jobSettingsOf(config),
    dataDir: config.KTRDR_DATA_DIR,
    identify: idOf,
    labelsOf: (input: Omit<JobInput, "settings">, experimentId: string | null = null) =>
      labelsOf(input, experimentId, usable),
    research: createResearchControl(pool),
    slots: createSlots(client),
    executions: createExecutions(client, jobSettingsOf(config)),
    experimentOf: (jobId: string) => experimentOf(pool, jobId),
    tryRecord: () => tryRecord(pool),
    clock: { ...systemClock, now: () => clock.now() },
    log,
    begun: () => begunComputations(pool),
  };
}

/** Gives the SDK's metrics the names that Prometheus expects. */
const UNITS = { countersTotalSuffix: true, unitSuffix: true, useSecondsForDurations: true };

function installRuntime(log: Logger, watch: WorkerWatch | null): void {
  Runtime.install({
    logger: new DefaultLogger("INFO", ({ level, message, meta }) => {
      // pino prints an error only under the name `err`.
      const { error: err, ...facts } = { ...meta };
      log[level.toLowerCase() as Lowercase<LogLevel>](err === undefined ? facts : { ...facts, err }, message);
    }),
    // The SDK's core warns of every long poll that runs into its time limit; real trouble reaches us as failures.
    telemetryOptions: {
      logging: { filter: "ERROR", forward: {} },
      ...(watch === null ? {} : { metrics: { prometheus: { bindAddress: watch.sdkAddress, ...UNITS } } }),
    },
    // `whenToldToEnd` handles the signals.
    shutdownSignals: [],
  });
}

await runCommand("Usage: ktrdr-mcp worker", main);
// A worker that could not start has idle connections too.
process.exit();

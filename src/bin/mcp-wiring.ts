/** Puts the real parts behind the ports of the MCP server, and follows a lab that starts later. */
import { LRUCache } from "lru-cache";
import { loadConfig, type Config } from "../config.ts";
import type { BreakerState } from "../domain/ktrdr-request.ts";
import { createCharts } from "../charts/charts.ts";
import { createCachedReads } from "../ktrdr/cached-reads.ts";
import { guardReads } from "../ktrdr/guarded-reads.ts";
import { createKtrdr } from "../ktrdr/ktrdr.ts";
import { createModelFolder } from "../ktrdr/model-folder.ts";
import { createPriceFiles } from "../ktrdr/price-files.ts";
import type { RequestInfo } from "../ktrdr/transport.ts";
import { createStrategyFolder } from "../strategies/strategy-folder.ts";
import { createStrategyLibrary } from "../strategies/strategy-library.ts";
import { labEnvironment } from "../running-lab/lab-environment.ts";
import type { Logger } from "../logger.ts";
import { createLastLooks } from "../research/jobs/last-looks.ts";
import { createLedgerCheck } from "../research/overview/ledger-check.ts";
import type { Deps, RecordsPort } from "../research/ports.ts";
import { createCampaignReader, createCampaignSteering } from "../store/campaigns.ts";
import { createStrategyTexts } from "../research/strategies/strategy-texts.ts";
import { databaseTime, offClocks } from "../store/clocks.ts";
import { createExecutionLog, type ExecutionLog } from "../store/execution-log.ts";
import type { RecordFigures } from "../domain/record-figures.ts";
import { jobFigures } from "../store/job-figures.ts";
import { followCuts } from "../store/cuts.ts";
import { createBatchStore } from "../store/batches.ts";
import { createExperimentStore } from "../store/experiments.ts";
import { createHoldoutReader } from "../store/holdouts.ts";
import { createInsightSearch } from "../store/insight-search.ts";
import { createInsightStore } from "../store/insights.ts";
import { createJobReader } from "../store/job-reader.ts";
import { createLedger, type Ledger } from "../store/ledger.ts";
import { createJudgedRuns } from "../store/judged-runs.ts";
import { createOpenWork } from "../store/open-work.ts";
import { createOverview } from "../store/overview.ts";
import { createPageAccess, type PageAccess } from "../store/page-access.ts";
import { createPool, type Pool } from "../store/pool.ts";
import { createRegistry } from "../store/registry.ts";
import { createResearchControl } from "../store/research-control.ts";
import { createResultReader } from "../store/result-reader.ts";
import { createKeptUntilTrial, keptCounts } from "../store/kept-until-trial.ts";
import { createStrategyRuns } from "../store/strategy-runs.ts";
import { createTrialReader } from "../store/trials.ts";
import { assertUp } from "../store/try-writing.ts";
import { lazyClient } from "../temporal/connection.ts";
import { temporalSettings, type TemporalSettings } from "../temporal/settings.ts";
import { createCandidateWaits } from "../temporal/candidate-waits.ts";
import { createJobs } from "../temporal/jobs.ts";
import type { Tracing } from "../tracing.ts";
import { jobSettingsOf } from "./job-settings.ts";
import { createPageApprovals, type PageApprovals } from "./page-approvals.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** How long calls may use old addresses after a lab has changed them. */
const LOOK_AGAIN_MS = 2_000;
/** Old parts are closed after this time, so that open calls can end. */
const CLOSE_AFTER_MS = 60_000;

interface Wired {
  readonly deps: Deps;
  readonly executions: ExecutionLog;
  /** Who may read the page. */
  readonly readers: PageAccess;
  /** By which a human decides on the page. No tool is given it. */
  readonly approvals: PageApprovals;
  /** Figures of jobs, for the metrics. */
  figures(): Promise<RecordFigures>;
  close(): Promise<void>;
}

/** Tracing and metrics of the parts, none by default, and whether everything is read-only. */
export interface Onlookers {
  readonly readOnly?: boolean;
  readonly tracing?: Tracing | null;
  readonly onRequest?: (info: RequestInfo) => void;
  readonly onBreaker?: (state: BreakerState) => void;
}

export interface Wiring {
  /** The parts as they are now. Never rejects. */
  current(): Promise<Wired>;
}

/**
 * @param env the process's own environment; it wins over the lab's
 * @throws DomainError `invalid_input` when the configuration cannot be used
 */
export async function createWiring(env: Environment, log: Logger, onlookers: Onlookers = {}): Promise<Wiring> {
  let known = await labEnvironment(env);
  let wired = wire(known, log, onlookers);
  let lookedAt = performance.now();

  function rewire(found: Environment): void {
    const old = wired;
    wired = wire(found, log, onlookers);
    known = found;
    setTimeout(() => void old.close(), CLOSE_AFTER_MS).unref();
    log.info("the lab's addresses changed; using the new ones");
  }

  return {
    async current() {
      if (performance.now() - lookedAt < LOOK_AGAIN_MS) return wired;
      lookedAt = performance.now();
      try {
        const found = await labEnvironment(env);
        // A lab that is gone comes back at the same addresses: they are kept, so that its files can still be read.
        if (found !== env && !same(found, known)) rewire(found);
      } catch (error) {
        log.warn({ err: error }, "the lab's file cannot be used");
      }
      return wired;
    },
  };
}

function same(a: Environment, b: Environment): boolean {
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...names].every((name) => a[name] === b[name]);
}

/** Everything connects at its first use. */
function wire(env: Environment, log: Logger, { tracing = null, onRequest, onBreaker, readOnly }: Onlookers): Wired {
  const config = loadConfig(env);
  const settings = temporalSettings(env, { address: config.TEMPORAL_ADDRESS, namespace: config.TEMPORAL_NAMESPACE });
  const client = lazyClient(settings, tracing === null ? [] : [tracing.plugin]);
  const pool = createPool(config.DATABASE_URL, {
    applicationName: "ktrdr-mcp server",
    onError: (error) => log.debug({ err: error }, "an idle connection to PostgreSQL was lost"),
  });
  const ledger = createLedger(pool);
  const now = timeFor(pool, log);
  const waits = createCandidateWaits(client);
  // Tools must answer soon: a read that KTRDR answers slowly fails.
  const requestTimeoutMs = Math.min(config.KTRDR_REQUEST_TIMEOUT_MS, 10_000);
  const transport = {
    baseUrl: config.KTRDR_API_URL,
    requestTimeoutMs,
    logger: log,
    ...(onRequest === undefined ? {} : { onRequest }),
    ...(tracing === null ? {} : { traceRequest: tracing.ktrdrRequest }),
  };
  const records = recordsOf(pool, ledger, readOnly);
  const strategies = strategiesOf(config, log, { readOnly, ledger: ledger.head });
  const ktrdr = createKtrdr(transport);
  // Only these readers have a breaker: a check whether KTRDR is up must always ask it.
  const readers = createKtrdr({
    ...transport,
    breakerFailures: config.KTRDR_BREAKER_FAILURES,
    ...(onBreaker === undefined ? {} : { onBreaker }),
  });
  return {
    deps: {
      jobs: createJobs(client, jobSettingsOf(config), now),
      waits,
      records,
      ktrdr,
      reads: guardReads(createCachedReads(readers, { files: priceFilesOf(config, log) }), followCuts(pool)),
      strategies,
      ...remembered(),
      checkLedger: createLedgerCheck({ records, strategies }),
      models: createModelFolder(config.KTRDR_MODELS_DIR),
      charts: createCharts(),
      links: linksOf(config, settings),
      now,
      stallAfterMs: config.JOB_STALL_AFTER_MS,
    },
    executions: createExecutionLog(pool),
    readers: createPageAccess(pool),
    approvals: createPageApprovals(pool, waits),
    figures: () => jobFigures(pool),
    async close() {
      ktrdr.close();
      readers.close();
      await Promise.allSettled([pool.end(), client.connection.close()]);
    },
  };
}

/** What calls have read, kept for the next ones. */
const remembered = (): Pick<Deps, "lastLooks" | "failurePatterns" | "texts" | "versionHashes"> => ({
  lastLooks: createLastLooks(),
  failurePatterns: new LRUCache({ max: 50, ttl: 60_000 }),
  texts: createStrategyTexts(),
  versionHashes: new LRUCache({ max: 5_000 }),
});

function recordsOf(pool: Pool, ledger: Ledger, readOnly: Onlookers["readOnly"]): RecordsPort {
  const kept = createKeptUntilTrial(ledger.head);
  return {
    jobs: createJobReader(pool),
    results: createResultReader(pool),
    judged: createJudgedRuns(pool),
    ledger: keptCounts(ledger, kept),
    trials: createTrialReader(pool, kept),
    strategyRuns: createStrategyRuns(pool, kept),
    overview: createOverview(pool),
    holdouts: createHoldoutReader(pool),
    registry: createRegistry(pool),
    calls: createExecutionLog(pool),
    batches: createBatchStore(pool),
    campaigns: { ...createCampaignReader(pool), ...createCampaignSteering(pool) },
    experiments: createExperimentStore(pool),
    insights: { ...createInsightStore(pool), ...createInsightSearch(pool) },
    research: createResearchControl(pool),
    work: createOpenWork(pool),
    offClocks: () => offClocks(pool),
    ping: () => assertUp(pool, { readOnly }),
  };
}

const strategiesOf = (
  { KTRDR_STRATEGIES_DIR: dir }: Config,
  log: Logger,
  options: { readonly readOnly: Onlookers["readOnly"]; readonly ledger: Ledger["head"] },
) => createStrategyLibrary(dir, createStrategyFolder(dir), log, options);

const timeFor = (pool: Pool, log: Logger) =>
  databaseTime(pool, (offsetSeconds) =>
    log.warn({ offsetSeconds }, "the clock of this machine is off: answers go by PostgreSQL's"),
  );

const priceFilesOf = ({ KTRDR_DATA_DIR: dir }: Config, log: Logger) =>
  dir === undefined ? undefined : createPriceFiles(dir, log);

const linksOf = (config: Config, { namespace }: TemporalSettings): Deps["links"] => ({
  temporalUi: config.TEMPORAL_UI_URL ?? null,
  temporalNamespace: namespace,
});

/** Wires the metrics of a process to its real parts. */
import type { Config } from "../config.ts";
import { ERROR_CODES } from "../domain/errors.ts";
import { freePort } from "../machine/free-port.ts";
import type { BreakerState } from "../domain/ktrdr-request.ts";
import type { Logger } from "../logger.ts";
import { ALL_TOOLS } from "../mcp/tools/index.ts";
import { createMetrics, type Metrics, type MetricSources } from "../metrics/metrics.ts";
import { serveWatch, type WatchServer } from "../metrics/serve.ts";
import { jobFigures, OPEN_STATES } from "../store/job-figures.ts";
import { FAULTS_SEEN, FINAL_STATUSES } from "../domain/outcome.ts";
import { JOB_KINDS } from "../domain/kinds/index.ts";
import { createPool, type Pool } from "../store/pool.ts";
import { assertUp } from "../store/try-writing.ts";

const NAMES = { kinds: JOB_KINDS, openStates: OPEN_STATES, statuses: FINAL_STATUSES, faults: FAULTS_SEEN };

/**
 * Metrics of the process that serves tools.
 * @param figures reads PostgreSQL
 * @param dropped number of entries that the execution log dropped
 * @param breaker state of the breaker around KTRDR
 * @param folders whose disks may fill, path by name
 */
export function mcpMetrics(
  figures: MetricSources["figures"],
  dropped: () => number,
  breaker: () => BreakerState,
  folders: MetricSources["folders"] = {},
): Metrics {
  const tools = { names: ALL_TOOLS.map(({ name }) => name), codes: ERROR_CODES };
  return createMetrics({ names: NAMES, tools, figures, executionsDropped: dropped, breaker, folders });
}

/** Where this process and a lab beside it write, path by name. */
export const foldersOf = ({ KTRDR_STRATEGIES_DIR: strategies, LAB_DIR: lab }: Config) => ({ strategies, lab });

export interface WorkerWatch {
  readonly metrics: Metrics;
  /** Loopback address at which the Temporal SDK serves its metrics; we serve them with ours. */
  readonly sdkAddress: string;
  /** Begins to serve. @throws DomainError `invalid_input` when the address cannot be used */
  serve(polling: () => boolean): Promise<void>;
  /** Must be called for the process to end. */
  close(): Promise<void>;
}

/** The metrics and health of a worker; null unless WORKER_HTTP_PORT is set. */
export async function workerWatch(config: Config, log: Logger): Promise<WorkerWatch | null> {
  const { WORKER_HTTP_HOST: host, WORKER_HTTP_PORT: wanted } = config;
  if (wanted === undefined) return null;
  const sdkAddress = `127.0.0.1:${await freePort()}`;
  const pool = createPool(config.DATABASE_URL, { applicationName: "ktrdr-mcp metrics", max: 2 });
  const metrics = createMetrics({
    names: NAMES,
    figures: () => jobFigures(pool),
    folders: foldersOf(config),
    others: () => textOf(`http://${sdkAddress}/metrics`),
  });
  let server: WatchServer | null = null;
  return {
    metrics,
    sdkAddress,
    async serve(polling) {
      const missing = () => missingParts(pool, polling);
      server = await serveWatch({ host, port: wanted }, { missing, metrics: () => metrics.text() });
      log.info({ host, port: server.port }, "serving /health, /ready and /metrics");
    },
    async close() {
      server?.close();
      await pool.end();
    },
  };
}

async function missingParts(pool: Pool, polling: () => boolean): Promise<string[]> {
  const postgresql = await assertUp(pool).then(
    () => [],
    () => ["postgresql"],
  );
  return [...(polling() ? [] : ["temporal"]), ...postgresql];
}

async function textOf(url: string): Promise<string> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(2_000) });
  return answer.ok ? await answer.text() : "";
}

import { hostname } from "node:os";
import { missingPollers, pollsOf, QUEUES } from "../src/temporal/pollers.ts";
import { processPart, type Part } from "./part.ts";
import { lazyConnection } from "./temporal-connection.ts";
import { until } from "./until.ts";

export interface WorkerPartOptions {
  readonly execPath: string;
  /** The worker's source or build. */
  readonly entry: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly address: string;
  readonly namespace: string;
  /** The environment for connecting to a Temporal server that is not the lab's own. */
  readonly clientEnv: Readonly<Record<string, string | undefined>>;
}

/** As in docker-compose.yml. Without a bound Node collects late, and a worker grows to a gigabyte that it does not need. */
const HEAP_MB = 320;
/**
 * As in docker-compose.yml. Node gives new objects up to 72 MB twice, in the main thread and again in that of the workflows,
 * and fills all of it before it collects. A worker is no busier with 8.
 */
const NEW_OBJECTS_MB = 8;
/** As in docker-compose.yml. With a pool for each thread, the C library keeps twice the memory that is in use. */
const MALLOC_POOLS = "2";
/** As in docker-compose.yml, in bytes: the C library's first value. Else it raises it with use, and keeps what is free. */
const MALLOC_KEEPS = "131072";

/** The worker process; ready when Temporal sees it polling on every task queue. */
export function workerPart(options: WorkerPartOptions): Part {
  return processPart({
    name: "worker",
    command: options.execPath,
    args: [`--max-old-space-size=${HEAP_MB}`, `--max-semi-space-size=${NEW_OBJECTS_MB}`, options.entry],
    env: { MALLOC_ARENA_MAX: MALLOC_POOLS, MALLOC_TRIM_THRESHOLD_: MALLOC_KEEPS, ...options.env },
    // A worker first lets running activities end.
    graceMs: 15_000,
    ready: (signal, pid) => waitForPollers(options, signal, pid),
    answers: (_, pid) => polledLately(options, pid),
  });
}

/** A poll lasts up to a minute, so a worker that works was seen within this (ms). */
const POLLED_WITHIN_MS = 90_000;

/** @throws when Temporal lists this process and it has not asked for work lately; when it is not listed, nothing is proven */
async function polledLately(options: WorkerPartOptions, pid: number): Promise<void> {
  const { address, namespace, clientEnv } = options;
  const connection = lazyConnection(address, clientEnv);
  try {
    const polls = await pollsOf(connection, namespace).catch(() => null);
    const own = polls?.filter(({ identity }) => identity === `${pid}@${hostname()}`) ?? [];
    const latest = Math.max(...own.map(({ seen }) => seen));
    if (own.length > 0 && Date.now() - latest > POLLED_WITHIN_MS) throw new Error("it does not ask for work");
  } finally {
    await connection.close();
  }
}

async function waitForPollers(options: WorkerPartOptions, signal: AbortSignal, pid: number): Promise<void> {
  const { address, namespace, clientEnv } = options;
  const connection = lazyConnection(address, clientEnv);
  const since = Date.now();
  try {
    await until(async () => (await missingPollers(connection, namespace, { pid, since })).length === 0, {
      what: `a worker on ${QUEUES.map(({ name }) => name).join(", ")}`,
      timeoutMs: 60_000,
      everyMs: 200,
      signal,
    });
  } finally {
    await connection.close();
  }
}

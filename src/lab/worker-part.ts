import { hostname } from "node:os";
import type { Connection } from "@temporalio/client";
import { processPart, type Part } from "./part.ts";
import { lazyConnection } from "./temporal-connection.ts";
import { until } from "./until.ts";

/** Task queues a worker process serves, with what it takes from each (numbers of Temporal's TaskQueueType). */
const QUEUES = [
  { name: "ktrdr-jobs", type: 1, takes: "workflows" },
  { name: "ktrdr-control", type: 2, takes: "activities" },
  { name: "ktrdr-poll", type: 2, takes: "activities" },
] as const;

export interface WorkerPartOptions {
  readonly execPath: string;
  /** The worker's source or build. */
  readonly entry: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly address: string;
  readonly namespace: string;
  /** The environment that says how to connect to a server that is not the lab's own. */
  readonly clientEnv: Readonly<Record<string, string | undefined>>;
}

/** The worker process; ready when Temporal sees it polling on every task queue. */
export function workerPart(options: WorkerPartOptions): Part {
  return processPart({
    name: "worker",
    command: options.execPath,
    args: [options.entry],
    env: options.env,
    // It lets running activities come to a good end first.
    graceMs: 15_000,
    ready: (signal, pid) => waitForPollers(options, signal, pid),
  });
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

/**
 * Task queues that nobody polls.
 * @throws the error of the connection when the server does not answer within 2 s.
 */
export async function missingPollers(
  connection: Connection,
  namespace: string,
  fresh: Fresh,
): Promise<readonly string[]> {
  const queues = await pollersOf(connection, namespace, fresh);
  return queues.filter(({ pollers }) => pollers === 0).map(({ queue }) => queue);
}

/** Temporal remembers pollers for minutes after their end: counted are those of a process or seen since (ms since 1970). */
interface Fresh {
  readonly pid?: number;
  readonly since: number;
}

/**
 * How many poll each of our task queues.
 * @throws the error of the connection when the server does not answer within 2 s.
 */
export async function pollersOf(
  connection: Connection,
  namespace: string,
  fresh: Fresh,
): Promise<readonly { readonly queue: string; readonly pollers: number }[]> {
  const counted = QUEUES.map(async ({ name, type, takes }) => {
    const { pollers } = await connection.withDeadline(Date.now() + 2_000, () =>
      connection.workflowService.describeTaskQueue({ namespace, taskQueue: { name }, taskQueueType: type }),
    );
    const alive = (pollers ?? []).filter(({ identity, lastAccessTime }) => {
      const seen = Number(lastAccessTime?.seconds ?? 0) * 1_000 + (lastAccessTime?.nanos ?? 0) / 1e6;
      return identity === `${fresh.pid}@${hostname()}` || seen >= fresh.since;
    });
    return { queue: `${name} (${takes})`, pollers: new Set(alive.map(({ identity }) => identity)).size };
  });
  return await Promise.all(counted);
}

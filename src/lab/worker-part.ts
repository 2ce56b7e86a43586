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
    answers: (_, pid) => polledLately(options, pid),
  });
}

/** A poll lasts up to a minute, so a worker that works was seen within this (ms). */
const POLLED_WITHIN_MS = 90_000;

/** @throws when Temporal has not been asked for work by this process for a while; what Temporal does not say is no proof. */
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
  const polls = await pollsOf(connection, namespace);
  const alive = polls.filter(({ identity, seen }) => identity === `${fresh.pid}@${hostname()}` || seen >= fresh.since);
  return QUEUES.map(({ name, takes }) => {
    const here = alive.filter(({ queue }) => queue === name);
    return { queue: `${name} (${takes})`, pollers: new Set(here.map(({ identity }) => identity)).size };
  });
}

/** Who polled our task queues when last (ms since 1970), as Temporal remembers it for some minutes. */
async function pollsOf(connection: Connection, namespace: string) {
  const asked = QUEUES.map(async ({ name, type }) => {
    const { pollers } = await connection.withDeadline(Date.now() + 2_000, () =>
      connection.workflowService.describeTaskQueue({ namespace, taskQueue: { name }, taskQueueType: type }),
    );
    return (pollers ?? []).map(({ identity, lastAccessTime }) => {
      const seen = Number(lastAccessTime?.seconds ?? 0) * 1_000 + (lastAccessTime?.nanos ?? 0) / 1e6;
      return { queue: name, identity: identity ?? "", seen };
    });
  });
  return (await Promise.all(asked)).flat();
}

/** Who asks Temporal for our work. */
import { hostname } from "node:os";
import type { Client, Connection } from "@temporalio/client";

/** Task queues a worker process serves, with what it takes from each (numbers of Temporal's TaskQueueType). */
export const QUEUES = [
  { name: "ktrdr-jobs", type: 1, takes: "workflows" },
  { name: "ktrdr-control", type: 2, takes: "activities" },
  { name: "ktrdr-poll", type: 2, takes: "activities" },
] as const;

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
export async function pollsOf(connection: Connection, namespace: string) {
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

/** A long poll lasts a minute: a poller that was not seen for longer is gone. */
const POLL_LASTS_MS = 70_000;

interface Asked {
  /** Counts only workers of that host (in a container: of that container). */
  readonly host?: string;
  /** A clock that agrees with Temporal's, which tells when a poller was last seen. */
  readonly now?: () => Promise<Date>;
}

/**
 * Whether somebody polls the task queue. A poller that was killed is still counted for up to a minute.
 * @throws the error of the client.
 */
export async function isPolled(client: Client, queue: string, { host, now }: Asked = {}): Promise<boolean> {
  const [{ pollers }, time = new Date()] = await Promise.all([
    client.workflowService.describeTaskQueue({
      namespace: client.options.namespace,
      taskQueue: { name: queue },
      taskQueueType: WORKFLOW_TASKS,
    }),
    now?.(),
  ]);
  return (pollers ?? []).some(({ identity, lastAccessTime }) => {
    if (host !== undefined && identity?.endsWith(`@${host}`) !== true) return false;
    const seconds = Number(lastAccessTime?.seconds ?? 0);
    return time.getTime() - seconds * 1_000 < POLL_LASTS_MS;
  });
}

/** `TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW` of the Temporal API. */
const WORKFLOW_TASKS = 1;

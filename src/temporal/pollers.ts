/** Who asks Temporal for our work: one reading of it for whoever wants to know whether a worker is there. */
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
  connection: Pick<Connection, "withDeadline" | "workflowService">,
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
export async function pollsOf(
  connection: Pick<Connection, "withDeadline" | "workflowService">,
  namespace: string,
  queues: readonly { readonly name: string; readonly type: number }[] = QUEUES,
) {
  const asked = queues.map(async ({ name, type }) => {
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
export const POLL_LASTS_MS = 70_000;

interface Asked {
  /** Counts only workers of that host (in a container: of that container). */
  readonly host?: string;
  /** A clock that agrees with Temporal's, which tells when a poller was last seen. */
  readonly now?: () => Promise<Date>;
}

/**
 * Checks that a worker is up: somebody polls for workflows. A worker that is full does not poll for activities. Temporal
 * counts a killed poller for up to a minute.
 * @throws the error of the client.
 */
export async function isPolled(client: Client, { host, now }: Asked = {}): Promise<boolean> {
  const [polls, time = new Date()] = await Promise.all([
    pollsOf(client.connection, client.options.namespace, [QUEUES[0]]),
    now?.(),
  ]);
  return polls.some(
    ({ identity, seen }) =>
      (host === undefined || identity.endsWith(`@${host}`)) && time.getTime() - seen < POLL_LASTS_MS,
  );
}

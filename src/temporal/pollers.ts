import type { Client } from "@temporalio/client";

/** A long poll lasts a minute: a poller that was not heard of for longer is gone. */
const POLL_LASTS_MS = 70_000;

interface Asked {
  /** Counts only workers of that host (in a container: of that container). */
  readonly host?: string;
  /** Temporal's clock tells when a poller was heard of: this one should agree with it. */
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

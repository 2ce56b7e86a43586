import { setTimeout as delay } from "node:timers/promises";
import { openLazily } from "../src/temporal/open-connection.ts";
import { msToTs } from "@temporalio/common/lib/time.js";
import { isNamespaceMissing } from "../src/temporal/connection.ts";
import { mayBeListening } from "../src/machine/port-holder.ts";

const LOOK_EVERY_MS = 3_000;
const ANSWER_WITHIN_MS = 2_000;
/** Closed workflows stay readable for so long; a dev server gives its namespaces a day. */
const RETENTION = "30 days";

/**
 * Makes the lab's namespace again when somebody deleted it, with a retention that is long enough. It does so only on
 * the lab's own server, because something else may listen at the address.
 * @param pid process id of the lab's server; undefined while it is down
 * @returns the function that ends it
 */
export function keepNamespace(port: number, namespace: string, pid: () => number | undefined): () => Promise<void> {
  const stop = new AbortController();
  const connection = openLazily({ address: `127.0.0.1:${port}` });
  const { workflowService } = connection;
  const retention = msToTs(RETENTION);
  const isOurs = async (): Promise<boolean> => {
    const server = pid();
    // A server that is away is restarted by the supervisor.
    return server !== undefined && (await mayBeListening(server, port));
  };
  const look = async (): Promise<void> => {
    try {
      const { config } = await connection.withDeadline(Date.now() + ANSWER_WITHIN_MS, () =>
        workflowService.describeNamespace({ namespace }),
      );
      const short = Number(config?.workflowExecutionRetentionTtl?.seconds) < Number(retention.seconds);
      if (short && (await isOurs())) {
        await connection.withDeadline(Date.now() + ANSWER_WITHIN_MS, () =>
          workflowService.updateNamespace({ namespace, config: { workflowExecutionRetentionTtl: retention } }),
        );
      }
    } catch (error) {
      if (!isNamespaceMissing(error) || !(await isOurs())) return;
      await connection
        .withDeadline(Date.now() + ANSWER_WITHIN_MS, () =>
          workflowService.registerNamespace({ namespace, workflowExecutionRetentionPeriod: retention }),
        )
        .catch(() => undefined); // tried again
    }
  };
  const looking = (async () => {
    while (!stop.signal.aborted) {
      await look();
      await delay(LOOK_EVERY_MS, undefined, { signal: stop.signal }).catch(() => undefined);
    }
  })();
  return async () => {
    stop.abort();
    await looking;
    await connection.close();
  };
}

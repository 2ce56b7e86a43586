import { setTimeout as wait } from "node:timers/promises";
import type { WorkerContext } from "./context.ts";

/** Why a computation is aborted when the process is told to end. It gives the checkpoint another type. */
export const SHUTDOWN = "shutdown";

const PATIENCE_MS = 2_000;

/** What SIGTERM does to KTRDR's worker in its container: computing stops with a checkpoint, the row says cancelled. */
export async function shutDown({ memory }: WorkerContext, apiUrl: string): Promise<void> {
  for (const { operation, controller, ended } of memory.computing()) {
    controller.abort(SHUTDOWN);
    await Promise.race([ended.promise, wait(PATIENCE_MS)]);
    await fetch(`${apiUrl}/api/v1/operations/${encodeURIComponent(operation.operation_id)}/status`, {
      method: "PATCH",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ status: "CANCELLED", error_message: "Worker shutdown" }),
      signal: AbortSignal.timeout(PATIENCE_MS),
    }).catch(() => undefined); // the API may be gone already
  }
}

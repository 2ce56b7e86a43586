import { setTimeout as wait } from "node:timers/promises";
import type { WorkerContext } from "./context.ts";

/** Why a computation is aborted when the process is told to end: its checkpoint is of another type then. */
export const SHUTDOWN = "shutdown";

const PATIENCE_MS = 2_000;

/** What SIGTERM does to the real worker in its container: computing stops with a checkpoint, the books say cancelled. */
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

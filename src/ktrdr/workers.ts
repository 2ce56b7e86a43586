import { z } from "zod";
import type { KtrdrWorker, Operation, OperationListItem, WorkerHealth } from "../domain/operation.ts";
import { segment } from "./allow-list.ts";
import { createCoalescer } from "./coalesce.ts";
import { fetchOperation, fetchOperations } from "./operations.ts";
import { oneLine } from "../domain/plain-text.ts";
import type { Transport } from "./transport.ts";

/** A worker that is asked directly: it knows more than the API when the API's view is old (docs/ktrdr.md §2.16). */
export interface WorkerLink {
  /**
   * Read from its list of active operations. Its `/health` tells the same two facts, but the worker takes every caller
   * there for KTRDR's API, and does not register again while anybody calls (docs/ktrdr.md §11.1).
   */
  health(signal?: AbortSignal): Promise<WorkerHealth>;
  /** @throws DomainError `ktrdr_not_found` when the worker does not know the id. */
  operation(id: string, signal?: AbortSignal): Promise<Operation>;
  operations(signal?: AbortSignal): Promise<OperationListItem[]>;
  /** Says nothing of whether there was anything to stop (docs/ktrdr.md §9.16). */
  cancel(id: string, reason: string, signal?: AbortSignal): Promise<void>;
}

export interface Workers {
  list(signal?: AbortSignal): Promise<KtrdrWorker[]>;
  at(endpointUrl: string): WorkerLink;
  /**
   * The registry as it was at most `maxAgeMs` ago. Callers share requests, so their number does not grow with the
   * number of jobs.
   */
  snapshot(maxAgeMs: number, signal?: AbortSignal): Promise<readonly KtrdrWorker[]>;
}

const WorkerWire = z.looseObject({
  worker_id: z.string(),
  worker_type: z.string(),
  endpoint_url: z.string(),
  status: z.enum(["available", "busy", "temporarily_unavailable"]),
  current_operation_id: z.string().nullish(),
  health_check_failures: z.number().nullish(),
});

const WorkerCancelWire = z.looseObject({ data: z.looseObject({ success: z.boolean() }) });

function toWorker(wire: z.infer<typeof WorkerWire>): KtrdrWorker {
  return {
    workerId: wire.worker_id,
    workerType: oneLine(wire.worker_type, 60),
    endpointUrl: wire.endpoint_url,
    status: wire.status,
    currentOperationId: wire.current_operation_id ?? null,
    healthCheckFailures: wire.health_check_failures ?? 0,
  };
}

function linkTo(transport: Transport, endpointUrl: string): WorkerLink {
  const send: Transport["api"] = (call) => transport.worker(endpointUrl, call);
  return {
    async health(signal) {
      const [current] = await fetchOperations(send, { activeOnly: true }, signal);
      return { busy: current !== undefined, currentOperationId: current?.operationId ?? null };
    },
    operation: (id, signal) => fetchOperation(send, id, signal),
    operations: (signal) => fetchOperations(send, {}, signal),
    async cancel(id, reason, signal) {
      await send({
        method: "DELETE",
        path: `/api/v1/operations/${segment(id, "operation id")}/cancel`,
        query: { reason: oneLine(reason) },
        nature: "command",
        what: `The operation ${id} at its worker`,
        answer: WorkerCancelWire,
        signal,
      });
    },
  };
}

/** `now` is a monotonic clock in milliseconds. */
export function createWorkers(transport: Transport, now: () => number = () => performance.now()): Workers {
  const { api } = transport;
  const shared = createCoalescer<readonly KtrdrWorker[]>();
  let latest: { readonly askedAt: number; readonly workers: readonly KtrdrWorker[] } | null = null;
  let runningSince = Number.NEGATIVE_INFINITY;

  const list = async (signal?: AbortSignal): Promise<KtrdrWorker[]> => {
    const answer = await api({
      method: "GET",
      path: "/api/v1/workers",
      nature: "read",
      what: "KTRDR's list of workers",
      answer: z.array(WorkerWire),
      signal,
    });
    return answer.map((worker) => toWorker(worker));
  };

  return {
    list,
    at: (endpointUrl) => linkTo(transport, endpointUrl),
    async snapshot(maxAgeMs, signal) {
      signal?.throwIfAborted();
      const oldest = now() - maxAgeMs;
      // The age counts from the request: the answer cannot be older.
      if (latest !== null && latest.askedAt >= oldest) return latest.workers;
      if (runningSince < oldest) shared.forget("workers");
      return shared.run(
        "workers",
        async (abandoned) => {
          const askedAt = now();
          runningSince = askedAt;
          const workers = await list(abandoned);
          if (latest === null || latest.askedAt < askedAt) latest = { askedAt, workers };
          return workers;
        },
        signal,
      );
    },
  };
}

import { z } from "zod";
import { DomainError } from "../domain/errors.ts";
import type {
  CancelReceipt,
  Operation,
  OperationListItem,
  OperationStatus,
  OperationType,
} from "../domain/operation.ts";
import { segment } from "./allow-list.ts";
import { OperationListItemWire, OperationWire, toOperation } from "./operation-wire.ts";
import { badAnswer, type Refusal } from "./refusal.ts";
import type { Sending } from "./call.ts";
import type { Transport } from "./transport.ts";

/** Status answers carry every epoch again for every poll (docs/ktrdr.md §2.10, 23 MB seen). */
const OPERATION_BYTES = 64 * 1024 * 1024;

export interface ListFilter {
  readonly type?: OperationType;
  /** Only operations that are pending or running. */
  readonly activeOnly?: boolean;
  /** 1..1000, default 100. */
  readonly limit?: number;
}

export interface Operations {
  /** @throws DomainError `ktrdr_not_found` when KTRDR itself says that it does not know the id. */
  get(id: string, signal?: AbortSignal): Promise<Operation>;
  /** The operations that the API has in memory, newest first; not all there are (docs/ktrdr.md §2.10). */
  list(filter: ListFilter, signal?: AbortSignal): Promise<OperationListItem[]>;
  /** @throws DomainError `ktrdr_rejected` when there is nothing left to cancel. */
  cancel(id: string, reason: string, signal?: AbortSignal): Promise<CancelReceipt>;
  /**
   * KTRDR's result object untouched (docs/ktrdr.md §6.2, §6.3); empty when it kept none.
   * @throws DomainError `task_not_finished` while it runs; `ktrdr_rejected` for a cancelled one.
   */
  results(id: string, signal?: AbortSignal): Promise<Readonly<Record<string, unknown>>>;
  /**
   * Sets computing going again: an unclear answer is `ktrdr_start_ambiguous`, a busy pool `ktrdr_no_worker`.
   * @returns the 0-based epoch of the checkpoint; null for a backtest.
   */
  resume(id: string, sending?: Sending): Promise<number | null>;
}

const FINISHED: readonly OperationStatus[] = ["completed", "failed", "cancelled"];

function cancelRefused(id: string, refusal: Refusal): DomainError | undefined {
  const said = /cannot be cancelled \(status: (?:OperationStatus\.)?(\w+)\)/i.exec(refusal.message)?.[1]?.toLowerCase();
  const status = FINISHED.find((known) => known === said);
  if (refusal.status !== 400 || status === undefined) return undefined;
  return new DomainError("ktrdr_rejected", {
    what: `The operation ${id} is finished; there is nothing to cancel.`,
    why: `KTRDR shows it as ${status}.`,
  });
}

function resultsRefused(id: string, refusal: Refusal): DomainError | undefined {
  const said = /not finished \(status: (?:OperationStatus\.)?(\w+)\)/i.exec(refusal.message)?.[1]?.toLowerCase();
  if (refusal.status !== 400 || said === undefined || said === "cancelled") return undefined;
  return new DomainError("task_not_finished", {
    what: `The operation ${id} has no results yet.`,
    why: `KTRDR shows it as ${said.slice(0, 20)}.`,
  });
}

const ListWire = z.looseObject({ data: z.array(OperationListItemWire) });
const OneWire = z.looseObject({ data: OperationWire });
const CancelWire = z.looseObject({ data: z.looseObject({ remote_cancelled: z.boolean().nullish() }) });
const ResultsWire = z.looseObject({
  status: z.enum(["completed", "failed"]),
  results: z.record(z.string(), z.unknown()).nullish(),
});
const ResumeWire = z.looseObject({
  data: z.looseObject({
    resumed_from: z.looseObject({ epoch: z.number().nullish() }).nullish(),
  }),
});

type Send = Transport["api"];

/** Reads one operation, at the API or at a worker. */
export async function fetchOperation(send: Send, id: string, signal?: AbortSignal): Promise<Operation> {
  const what = `The operation ${id}`;
  const { data } = await send({
    method: "GET",
    path: `/api/v1/operations/${segment(id, "operation id")}`,
    nature: "read",
    what,
    answer: OneWire,
    maxBytes: OPERATION_BYTES,
    signal,
  });
  if (data.operation_id !== id) throw badAnswer("read", what, "The answer is about another operation.");
  return toOperation(data);
}

/** Lists the operations the API or a worker has in memory. */
export async function fetchOperations(
  send: Send,
  filter: ListFilter,
  signal?: AbortSignal,
): Promise<OperationListItem[]> {
  const { data } = await send({
    method: "GET",
    path: "/api/v1/operations",
    query: { operation_type: filter.type, active_only: filter.activeOnly, limit: filter.limit ?? 100 },
    nature: "read",
    what: "The list of operations",
    answer: ListWire,
    signal,
  });
  return data.map(({ operation_id: operationId, status }) => ({ operationId, status }));
}

export function createOperations({ api }: Transport): Operations {
  return {
    get: (id, signal) => fetchOperation(api, id, signal),
    list: (filter, signal) => fetchOperations(api, filter, signal),

    async cancel(id, reason, signal) {
      const { data } = await api({
        method: "DELETE",
        path: `/api/v1/operations/${segment(id, "operation id")}`,
        body: { reason },
        nature: "command",
        what: `The operation ${id}`,
        answer: CancelWire,
        refine: (refusal) => cancelRefused(id, refusal),
        signal,
      });
      return { remoteCancelled: data.remote_cancelled === true };
    },

    async results(id, signal) {
      const answer = await api({
        method: "GET",
        path: `/api/v1/operations/${segment(id, "operation id")}/results`,
        nature: "read",
        what: `The results of operation ${id}`,
        answer: ResultsWire,
        maxBytes: OPERATION_BYTES,
        refine: (refusal) => resultsRefused(id, refusal),
        signal,
      });
      return answer.results ?? {};
    },

    async resume(id, sending) {
      const { data } = await api({
        method: "POST",
        path: `/api/v1/operations/${segment(id, "operation id")}/resume`,
        nature: "start",
        what: `The resumption of operation ${id}`,
        answer: ResumeWire,
        ...sending,
      });
      return data.resumed_from?.epoch ?? null;
    },
  };
}

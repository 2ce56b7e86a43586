import { z } from "zod";
import { segment } from "./allow-list.ts";
import { isoUtc, oneLine } from "./text.ts";
import type { Transport } from "./transport.ts";

export interface CheckpointStats {
  readonly count: number;
  readonly bytes: number;
}

export interface Checkpoint {
  readonly operationId: string;
  /** "periodic", "cancellation", "failure" or "shutdown". */
  readonly type: string;
  /** ISO-8601 UTC. */
  readonly createdAt: string;
  /** 0-based last finished epoch of a training; null for a backtest. */
  readonly epoch: number | null;
  readonly bestValLoss: number | null;
}

export interface Checkpoints {
  /** The cheapest question that needs KTRDR's database: proves that it is up (contract §2.1). */
  stats(signal?: AbortSignal): Promise<CheckpointStats>;
  /** @throws DomainError `ktrdr_not_found` when there is none */
  get(operationId: string, signal?: AbortSignal): Promise<Checkpoint>;
}

const StatsWire = z.looseObject({ total_checkpoints: z.number(), total_size_bytes: z.number().nullish() });
const CheckpointWire = z.looseObject({
  data: z.looseObject({
    operation_id: z.string(),
    checkpoint_type: z.string(),
    created_at: z.string(),
    state: z.looseObject({ epoch: z.number().nullish(), best_val_loss: z.number().nullish() }).nullish(),
  }),
});

export function createCheckpoints({ api }: Transport): Checkpoints {
  return {
    async stats(signal) {
      const answer = await api({
        method: "GET",
        path: "/api/v1/checkpoints/stats",
        nature: "read",
        what: "KTRDR's checkpoint statistics",
        answer: StatsWire,
        maxBytes: 64 * 1024,
        signal,
      });
      return { count: answer.total_checkpoints, bytes: answer.total_size_bytes ?? 0 };
    },

    async get(operationId, signal) {
      const { data } = await api({
        method: "GET",
        path: `/api/v1/checkpoints/${segment(operationId, "operation id")}`,
        nature: "read",
        what: `The checkpoint of ${operationId}`,
        answer: CheckpointWire,
        signal,
      });
      return {
        operationId: data.operation_id,
        type: oneLine(data.checkpoint_type, 40),
        createdAt: isoUtc(data.created_at),
        epoch: data.state?.epoch ?? null,
        bestValLoss: data.state?.best_val_loss ?? null,
      };
    },
  };
}

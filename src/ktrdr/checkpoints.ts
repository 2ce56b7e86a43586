import { z } from "zod";
import { isDomainError } from "../domain/errors.ts";
import type { Reached } from "../domain/resume-point.ts";
import { segment } from "./allow-list.ts";
import { oneLine } from "../domain/plain-text.ts";
import { isoUtc } from "./text.ts";
import type { Transport } from "./transport.ts";

export interface Checkpoint {
  /** "periodic", "cancellation", "failure" or "shutdown". */
  readonly type: string;
  /** How far a training came; null for anything else, and when the checkpoint does not tell. */
  readonly reached: Reached | null;
}

export interface ListedCheckpoint extends Pick<Checkpoint, "type"> {
  readonly operationId: string;
  /** ISO-8601 UTC. */
  readonly createdAt: string;
  /** Size of its files. */
  readonly bytes: number;
}

export interface Checkpoints {
  /** Checkpoints older than so many days, oldest first. */
  olderThan(days: number, signal?: AbortSignal): Promise<ListedCheckpoint[]>;
  /** Removes a checkpoint and its files; the operation cannot be resumed any more. A missing one is no error. */
  remove(operationId: string, signal?: AbortSignal): Promise<void>;
  /** @throws DomainError `ktrdr_not_found` when there is none */
  get(operationId: string, signal?: AbortSignal): Promise<Checkpoint>;
}

const series = z.array(z.number());
const StateWire = z.looseObject({
  epoch: z.number().nullish(),
  best_val_loss: z.number().nullish(),
  training_history: z
    .looseObject({
      train_loss: series,
      val_loss: series.default([]), // left out without a validation part
      train_accuracy: series,
      val_accuracy: series.default([]),
    })
    .nullish()
    .catch(null),
});

/** Each item carries its whole state, 3 to 100 kB (docs/ktrdr.md §2.12), which is ignored. */
const ListWire = z.looseObject({
  data: z.array(
    z.object({
      operation_id: z.string(),
      checkpoint_type: z.string(),
      created_at: z.string(),
      artifacts_size_bytes: z.number().nullish(),
    }),
  ),
});
const LIST_BYTES = 512 * 1024 * 1024;
const RemovedWire = z.looseObject({ success: z.boolean() });

const CheckpointWire = z.looseObject({
  data: z.looseObject({ checkpoint_type: z.string(), state: StateWire.nullish() }),
});

function reachedOf(state: z.infer<typeof StateWire> | null | undefined): Reached | null {
  const { epoch, training_history: history } = state ?? {};
  if (epoch == null || history == null) return null;
  const curve = {
    trainLoss: history.train_loss,
    valLoss: history.val_loss,
    trainAccuracy: history.train_accuracy,
    valAccuracy: history.val_accuracy,
  };
  return { epoch, curve, bestValLoss: state?.best_val_loss ?? null };
}

type Send = Transport["api"];

async function olderThan(api: Send, days: number, signal?: AbortSignal): Promise<ListedCheckpoint[]> {
  const { data } = await api({
    method: "GET",
    path: "/api/v1/checkpoints",
    query: { older_than_days: days },
    nature: "read",
    what: "The list of KTRDR's checkpoints",
    answer: ListWire,
    maxBytes: LIST_BYTES,
    signal,
  });
  return data
    .map((one) => ({
      operationId: one.operation_id,
      type: oneLine(one.checkpoint_type, 40),
      createdAt: isoUtc(one.created_at),
      bytes: one.artifacts_size_bytes ?? 0,
    }))
    .toSorted((a, b) => Date.parse(a.createdAt) - Date.parse(b.createdAt));
}

async function remove(api: Send, operationId: string, signal?: AbortSignal): Promise<void> {
  await api({
    method: "DELETE",
    path: `/api/v1/checkpoints/${segment(operationId, "operation id")}`,
    nature: "command",
    what: `The checkpoint of ${operationId}`,
    answer: RemovedWire,
    signal,
  }).catch((error: unknown) => {
    if (!isDomainError(error, "ktrdr_not_found")) throw error;
  });
}

export function createCheckpoints({ api }: Transport): Checkpoints {
  return {
    olderThan: (days, signal) => olderThan(api, days, signal),
    remove: (operationId, signal) => remove(api, operationId, signal),

    async get(operationId, signal) {
      const { data } = await api({
        method: "GET",
        path: `/api/v1/checkpoints/${segment(operationId, "operation id")}`,
        nature: "read",
        what: `The checkpoint of ${operationId}`,
        answer: CheckpointWire,
        signal,
      });
      return { type: oneLine(data.checkpoint_type, 40), reached: reachedOf(data.state) };
    },
  };
}

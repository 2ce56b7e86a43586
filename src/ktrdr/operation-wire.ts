import { z } from "zod";
import type { Operation } from "../domain/operation.ts";
import { readEpochs } from "./epochs.ts";
import { oneLine } from "../domain/plain-text.ts";
import { isoUtc } from "./text.ts";

const StatusWire = z.enum(["pending", "resuming", "running", "completed", "failed", "cancelled"]);
const textOrNull = z.string().nullish();
const record = z.record(z.string(), z.unknown());

/** `data` of `GET /operations/{id}`, at the API and at a worker alike (docs/ktrdr.md §2.10). */
export const OperationWire = z.looseObject({
  operation_id: z.string(),
  operation_type: z.string(),
  status: StatusWire,
  progress: z
    .looseObject({
      percentage: z.number().nullish(),
      current_step: textOrNull,
    })
    .nullish(),
  metadata: z
    .looseObject({
      symbol: textOrNull,
      timeframe: textOrNull,
      start_date: textOrNull,
      end_date: textOrNull,
      parameters: record.nullish(),
    })
    .nullish(),
  error_message: textOrNull,
  result_summary: record.nullish(),
  // May hold half a megabyte of copies: only readEpochs reads it.
  metrics: z.unknown().optional(),
});

/** An item of `GET /operations`. */
export const OperationListItemWire = z.looseObject({
  operation_id: z.string(),
  status: StatusWire,
});

const percent = (value: number | null | undefined): number => Math.min(100, Math.max(0, value ?? 0));
const stamp = (value: string | null | undefined): string | null => (value ? isoUtc(value) : null);

/** The operation of an answer, with texts cut, percent within 0..100, ISO stamps and each epoch once. */
export function toOperation(wire: z.infer<typeof OperationWire>): Operation {
  const { progress, metadata } = wire;
  const parameters = metadata?.parameters ?? {};
  const workerId = parameters["worker_id"];
  return {
    operationId: wire.operation_id,
    operationType: oneLine(wire.operation_type, 60),
    status: wire.status,
    percent: percent(progress?.percentage),
    step: oneLine(progress?.current_step ?? "", 200),
    ...(wire.status === "running" && progress?.current_step == null ? { fromRow: true } : {}),
    symbol: metadata?.symbol ?? null,
    timeframe: metadata?.timeframe ?? null,
    startDate: stamp(metadata?.start_date),
    endDate: stamp(metadata?.end_date),
    parameters,
    workerId: typeof workerId === "string" && workerId !== "" ? workerId : null,
    errorMessage: wire.error_message ? withoutKeys(oneLine(wire.error_message, 1_000)) : null,
    result: wire.result_summary ?? null,
    epochs: readEpochs(wire.metrics),
  };
}

/** Removes keys: KTRDR's errors quote addresses that it asked, with its operator's keys in them. */
const withoutKeys = (text: string): string => text.replaceAll(/\b(api_?key|token|secret)=[^&\s'"]+/gi, "$1=...");

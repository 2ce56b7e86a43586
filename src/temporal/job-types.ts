/** How each kind of job appears in Temporal: workflow type, id prefix, one-line summary. */
import { sizeOf } from "../domain/batch.ts";
import { markdownCell } from "../domain/plain-text.ts";
import type { BatchRequest, JobKind, JobRequest, SlotKind } from "../domain/job.ts";

export { CONTROL_QUEUE, JOB_QUEUE, POLL_QUEUE } from "../workflows/queues.ts";

export const WORKFLOW_TYPE = {
  training: "trainModel",
  backtest: "runBacktest",
  data_load: "loadMarketData",
  batch: "runBatch",
} as const satisfies Record<JobKind, string>;

const PREFIX: Readonly<Record<JobKind, string>> = {
  training: "train",
  backtest: "backtest",
  data_load: "load",
  batch: "batch",
};

/** What the request is about, whatever its kind. */
export function subjectOf(request: JobRequest): { strategy: string | null; symbol: string; timeframe: string } {
  switch (request.kind) {
    case "data_load":
      return { strategy: null, symbol: request.symbol, timeframe: request.timeframe };
    case "batch":
      return batchSubject(request);
    case "training":
    case "backtest":
      return request;
  }
}

/** Of a batch only what all its items have in common. */
function batchSubject({ strategies, models }: BatchRequest): {
  strategy: string | null;
  symbol: string;
  timeframe: string;
} {
  const parts = [...strategies, ...models];
  const shared = (of: (part: (typeof parts)[number]) => string) => {
    const values = new Set(parts.map(of));
    return values.size === 1 ? ([...values][0] ?? null) : null;
  };
  return {
    strategy: shared(({ strategy }) => strategy),
    symbol: shared(({ symbol }) => symbol) ?? "several",
    timeframe: shared(({ timeframe }) => timeframe) ?? "several",
  };
}

/** Readable, and derived from the content alone: `train-rsi_reversion-7f3a2c10`. At most 120 characters. */
export function jobIdOf(request: JobRequest, requestHash: string): string {
  const { strategy, symbol, timeframe } = subjectOf(request);
  const subject = strategy ?? `${symbol}_${timeframe}`;
  return `${PREFIX[request.kind]}-${subject.slice(0, 80)}-${requestHash.slice(0, 8)}`;
}

/** The slots a job of this id queues for; null when it queues for none. */
export function slotKindOf(jobId: string): SlotKind | null {
  const kinds = ["training", "backtest", "data_load"] as const;
  return kinds.find((kind) => jobId.startsWith(`${PREFIX[kind]}-`)) ?? null;
}

export function summaryOf(request: JobRequest): string {
  const { strategy, symbol, timeframe } = subjectOf(request);
  switch (request.kind) {
    case "training":
      return `train ${strategy} on ${symbol} ${timeframe}, ${request.startDate}..${request.endDate}`;
    case "backtest":
      return `backtest ${strategy} on ${symbol} ${timeframe}, ${request.startDate}..${request.endDate}`;
    case "data_load":
      return `load ${symbol} ${timeframe} (${request.mode})`;
    case "batch":
      return `batch: ${request.work.replaceAll("_", " ")}, ${sizeOf(request)} items on ${symbol} ${timeframe}`;
  }
}

/** Markdown for the Temporal Web UI. */
export function detailsOf(
  request: JobRequest,
  {
    client,
    forceReason,
    experimentId,
  }: Readonly<Record<"forceReason" | "experimentId", string | null>> & {
    readonly client: string;
  },
): string {
  const facts = { client, force_new_reason: forceReason, experiment: experimentId, ...request };
  const rows = Object.entries(facts).flatMap(([name, value]) =>
    value === null ? [] : [`| ${name} | ${cell(value)} |`],
  );
  return ["| | |", "|---|---|", ...rows].join("\n");
}

function cell(value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return markdownCell(text, 300);
}

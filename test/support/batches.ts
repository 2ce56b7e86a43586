import type { JobInput } from "../../src/domain/job.ts";
import type { ManyRequest } from "../../src/domain/batch.ts";
import type { BatchRequest } from "../../src/domain/kinds/batch.ts";
import type { MeasurementRequest } from "../../src/domain/kinds/measurement.ts";
import { createBatchStore } from "../../src/store/batches.ts";
import { createPool } from "../../src/store/pool.ts";
import type { Stack } from "./mcp-stack.ts";
import { BACKTEST, inputOf, TRAINING } from "./job-inputs.ts";

/** A batch of so many strategies on one market and one period. */
export function batchRequest(strategies: number, more: Partial<BatchRequest> = {}): BatchRequest {
  return {
    kind: "batch",
    work: "train",
    strategies: Array.from({ length: strategies }, (_, at) => ({
      strategy: `s${at}`,
      strategySha256: String(at % 10).repeat(64),
      symbol: "SPX",
      timeframe: "1d",
    })),
    models: [],
    periods: [
      {
        train: { startDate: "2000-01-03", endDate: "2010-12-31" },
        test: { startDate: "2011-01-03", endDate: "2015-12-31" },
      },
    ],
    draws: 1,
    costs: { initialCapital: 100_000, commission: 0.001, slippage: 0.0005 },
    atOnce: 2,
    maxFailures: 3,
    ...more,
  };
}

export const batchInput = <R extends ManyRequest>(jobId: string, request: R): JobInput<R> => ({
  ...inputOf(jobId, TRAINING, 4),
  request,
});

/** A measurement of one backtest by so many prefixes. */
export const measurementRequest = (prefixes: number, more: Partial<MeasurementRequest> = {}): MeasurementRequest => ({
  ...BACKTEST,
  kind: "measurement",
  measures: "backtest-measured-1",
  ends: Array.from({ length: prefixes }, (_, at) => `2019-12-${String(32 - prefixes + at).padStart(2, "0")}`),
  ...more,
});

/** Records an open batch with the jobs of its items, by stage. */
export async function recordBatch(
  stack: Pick<Stack, "writer" | "databaseUrl">,
  batchId: string,
  request: BatchRequest,
  items: readonly Partial<Record<"training" | "backtest", string>>[],
): Promise<void> {
  await stack.writer.admit(batchInput(batchId, request), null);
  const pool = createPool(stack.databaseUrl, { max: 1 });
  const batches = createBatchStore(pool);
  for (const [n, item] of items.entries()) {
    for (const stage of ["training", "backtest"] as const) {
      const jobId = item[stage];
      if (jobId !== undefined) await batches.note({ batchId, n, stage }, jobId, false);
    }
  }
  await pool.end();
}

import { sizeOf } from "../batch.ts";
import type { BatchRequest } from "../job.ts";
import type { BatchResult, Engine } from "../result.ts";

/** How many items of a batch stand where. */
export interface BatchCounts {
  readonly completed: number;
  readonly failed: number;
  readonly cancelled: number;
  readonly running: number;
  /** Of those completed: answered by earlier runs alone. */
  readonly reused: number;
}

export function summariseBatch(request: BatchRequest, counts: BatchCounts, engine: Engine): BatchResult {
  const { completed, failed, cancelled, reused } = counts;
  const items = sizeOf(request);
  const begun = completed + failed + cancelled;
  return {
    kind: "batch",
    items,
    completed,
    failed,
    cancelled,
    reused,
    caveats: [
      ...(begun < items
        ? [{ code: "incomplete_batch", text: `${items - begun} of ${items} items were not begun.` }]
        : []),
      ...(completed > 1
        ? [
            {
              code: "best_of_many",
              text: "The best of many looks better than it is: confirm it on days that none of them saw.",
            },
          ]
        : []),
    ],
    engine,
  };
}

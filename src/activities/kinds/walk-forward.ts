import { MOST_ITEMS } from "../../domain/batch.ts";
import { walkedForward, type Walked } from "../../domain/walk-forward/result.ts";
import { askedText } from "./asked-text.ts";
import { defineWork } from "./define-work.ts";

export const walkForward = defineWork("walk_forward", {
  strategyText: askedText,
  computed: null,
  result: async ({ batches, results }, { jobId, request, engine }) => {
    const rows = await batches.rows(jobId, { limit: MOST_ITEMS, offset: 0 });
    const found = await Promise.all(
      rows.map(async ({ n, backtestJobId }): Promise<Walked[]> => {
        const result = backtestJobId === null ? null : await results.get(backtestJobId);
        return backtestJobId === null || result?.kind !== "backtest" ? [] : [{ n, jobId: backtestJobId, result }];
      }),
    );
    return () => walkedForward(request, found.flat(), engine);
  },
});

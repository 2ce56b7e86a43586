import { MOST_ITEMS } from "../../domain/batch.ts";
import { summariseBatch } from "../../domain/results/batch.ts";
import { defineWork } from "./define-work.ts";

export const batch = defineWork("batch", {
  computed: null,
  result: async ({ batches }, { jobId, request, engine }) => {
    const [counts, items] = await Promise.all([
      batches.counts(jobId),
      batches.rows(jobId, { limit: MOST_ITEMS, offset: 0 }),
    ]);
    return () => summariseBatch(request, counts, items, engine);
  },
});

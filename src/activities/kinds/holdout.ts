import { lookResult } from "../../domain/holdout/look-result.ts";
import { holdoutOf } from "../../domain/holdout/symbol.ts";
import { backtestOf, type HoldoutRequest } from "../../domain/kinds/holdout.ts";
import { HOLDOUT_PASS } from "../../ktrdr/holdout-guard.ts";
import { recognisesBacktest } from "./recognise.ts";
import { defineWork } from "./define-work.ts";

/** The backtest that KTRDR computes: on the bars that are kept back. */
const asked = (request: HoldoutRequest) => backtestOf(request, holdoutOf(request.symbol));

/** A look at a holdout. Only this work may name one. */
export const holdout = defineWork("holdout", {
  strategyText: async ({ jobs }, { trainingJobId }) => await jobs.strategyText(trainingJobId),
  computed: {
    start: async ({ backtests }, request, _operationId, sending) =>
      await backtests.start(
        { ...asked(request), strategyName: request.strategy },
        { ...sending, holdoutPass: HOLDOUT_PASS },
      ),
    recognises: (operation, request) => recognisesBacktest(operation, asked(request)),
  },
  seal: async ({ holdouts }, jobId, sealed) => await holdouts.seal(jobId, sealed),
  result: async ({ holdouts }, { jobId, request, engine }) => {
    const standing = await holdouts.standing(jobId);
    return () => lookResult(request, asked(request), standing, engine);
  },
});

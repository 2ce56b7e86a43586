import { normaliseBacktest } from "../../domain/results/backtest.ts";
import { barsOf, fingerprintOf } from "./bars.ts";
import { defineWork } from "./define-work.ts";
import { recognisesBacktest } from "./recognise.ts";

export const backtest = defineWork("backtest", {
  /** A backtest computes with the strategy in the model, not with the file (docs/ktrdr.md §2.9). */
  strategyText: async ({ jobs }, { trainingJobId }) =>
    trainingJobId === null ? null : await jobs.strategyText(trainingJobId),
  computed: {
    start: async ({ backtests }, request, _operationId, sending) =>
      await backtests.start({ ...request, strategyName: request.strategy }, sending),
    recognises: recognisesBacktest,
  },
  result: async (deps, { request, summary, engine, insistOnBars }) => {
    const { bars, refused } = await barsOf(deps.ktrdr, request, insistOnBars);
    const data = fingerprintOf(bars);
    return () => ({ ...normaliseBacktest(summary, request, bars, engine, refused), data });
  },
});

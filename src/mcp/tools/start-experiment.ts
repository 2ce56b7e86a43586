import { z } from "zod";
import { DIRECTIONS } from "../../domain/experiment.ts";
import { FIGURES_TO_CHOOSE } from "../../domain/results/figures.ts";
import { defineTool } from "../define-tool.ts";
import { criterionText, needsOf } from "../../research/memory/experiment-facts.ts";
import { freeText, isoDate, symbol, timeframe } from "../fields.ts";
import { assertOpenDays } from "../../research/holdout/unkept.ts";
import { checkOrder } from "../../research/strategies/preflight.ts";

export const startExperiment = defineTool({
  name: "start_experiment",
  title: "Start an experiment",
  description: `Writes down what you expect BEFORE you run it: a hypothesis and the figure that decides (excess_*: over holding). conclude_experiment later judges exactly this, by code. It starts no job: give its experiment_id to train_model and run_backtest.

Decisive is the median of the metric over the first "runs" runs attached. Only runs that were attached before their result was known count, on this symbol and timeframe, inside these dates; backtests only out-of-sample. Several trainings (repeats), each backtested, are several runs.

The verdict also needs 30 trades in the median run, and luck of at most 5 % among all backtests shown of these days: "needs" says what that takes.

Example: {"hypothesis": "RSI dips on SPX pay after costs", "metric": "excess_sharpe", "threshold": 0.2, "runs": 5, "symbol": "SPX", "timeframe": "1d", "start_date": "2015-01-02", "end_date": "2019-12-31"}`,
  input: z.strictObject({
    hypothesis: freeText(2_000).describe("What you expect, and why."),
    metric: z.enum(FIGURES_TO_CHOOSE).describe("The figure that decides."),
    direction: z.enum(DIRECTIONS).default("at_least").describe("Which side of the threshold."),
    threshold: z.number().min(-1e9).max(1e9).describe("In the metric's unit; ratios are ratios."),
    runs: z.number().int().min(1).max(100).default(3).describe("How many runs decide."),
    symbol: symbol.describe("Where it is measured."),
    timeframe: timeframe.describe("Bars it is measured on."),
    start_date: isoDate.describe("First day of the sample."),
    end_date: isoDate.describe("Last day of the sample."),
  }),
  output: z.object({
    experiment_id: z.string(),
    existing: z.boolean(),
    criterion: z.string(),
    needs: z.array(z.string()).describe("What else the verdict needs."),
    started_at: z.string(),
    next: z.string(),
  }),
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  async handle({ start_date: startDate, end_date: endDate, symbol: market, timeframe: bars, ...rest }, context) {
    checkOrder({ startDate, endDate });
    await assertOpenDays(context.deps, { symbol: market, timeframe: bars }, { endDate });
    const wanted = { ...rest, sample: { symbol: market, timeframe: bars, startDate, endDate } };
    const { experiment, existing } = await context.deps.records.experiments.start(wanted, context.caller.name);
    return {
      experiment_id: experiment.experimentId,
      existing,
      criterion: criterionText(experiment),
      needs: needsOf(experiment),
      started_at: experiment.startedAt,
      next:
        experiment.conclusion === null
          ? "train_model and run_backtest with this experiment_id; conclude_experiment when its runs have ended."
          : "It is concluded already: get_experiment shows how. For another attempt write down another hypothesis.",
    };
  },
});

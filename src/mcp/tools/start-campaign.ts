import { z } from "zod";
import { Dimension, DIMENSION_OPS } from "../../domain/campaign/dimension.ts";
import { FEWEST_WINDOWS, MOST_WINDOWS } from "../../domain/walk-forward/windows.ts";
import { startCampaign as start } from "../../research/jobs/start-campaign.ts";
import { defineTool } from "../define-tool.ts";
import { costs, forceNewReason, insisting, isoDate, moment, statusFields, strategyName } from "../fields.ts";

/** Its ranges are told by the description: their schema would cost every client 150 tokens. */
const dimension = z.looseObject({ op: z.enum(DIMENSION_OPS), target: z.string() }).pipe(Dimension);

const window = z.array(isoDate).length(2, "two dates: the first day and the last");

export const startCampaign = defineTool({
  name: "start_campaign",
  title: "Start a campaign",
  description: `Searches variations of a strategy with few trials: points of a space are trained, the best third by validation loss longer; only finalists are backtested: several draws, twice the costs, walk-forward, measurement.

dimensions: op and target as of mutate_strategy (the key for set_architecture, set_labels, set_training), or shift_membership and widen_membership of fuzzy_set[.member]; each with int, float, log ([from, to]) or choice.

It says why it ended. After: get_task_status, steer_campaign, get_results.

Example: {"strategy": "spx_dip", "train": ["2000-01-03", "2014-12-31"], "test": ["2015-01-02", "2019-12-31"], "dimensions": [{"op": "set_parameter", "target": "dip.period", "int": [3, 21]}], "trainings": 200}`,
  input: z.strictObject({
    strategy: strategyName.describe("The base."),
    train: window.describe("First and last day."),
    test: window.describe("After train."),
    dimensions: z.array(dimension).min(1).max(12).describe("What is varied."),
    method: z.enum(["spread", "adaptive"]).default("spread").describe("adaptive: where losses are low."),
    trainings: z.number().int().min(1).max(2_000).describe("Budget, all included."),
    trials: z.number().int().min(1).max(500).optional().describe("Budget; else what finalists need."),
    hours: z.number().positive().max(10_000).optional().describe("Budget of computing."),
    deadline: moment.optional().describe("No step begins after it."),
    finalists: z.number().int().min(1).max(8).default(4).describe("At most."),
    draws: z.number().int().min(1).max(20).default(5).describe("Of each finalist."),
    walk_windows: z
      .number()
      .int()
      .min(0)
      .max(MOST_WINDOWS)
      .refine((windows) => windows === 0 || windows >= FEWEST_WINDOWS, `0, or ${FEWEST_WINDOWS} to ${MOST_WINDOWS}`)
      .default(6)
      .describe("Of each finalist; 0: no walk-forward."),
    walk_draws: z.number().int().min(1).max(10).default(3).describe("Of each window."),
    seed: z.number().int().min(1).max(1_000_000).default(1).describe("For other points. Trainings differ by chance."),
    at_once: z.number().int().min(1).max(50).default(4).describe("Open jobs."),
    ...costs,
    ...insisting,
    force_new_reason: forceNewReason,
  }),
  output: z.object({
    ...statusFields,
    existing: z.boolean(),
    plan: z.looseObject({}).optional().describe("What the budget pays."),
    power: z.string().optional(),
    warnings: z.array(z.string()),
  }),
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  async handle(args, context) {
    const {
      strategy,
      dimensions,
      method,
      trainings,
      trials,
      hours = null,
      deadline = null,
      finalists,
      draws,
      seed,
    } = args;
    const { request: _request, ...answer } = await start(context, {
      ...args,
      strategy,
      train: days(args.train),
      test: days(args.test),
      dimensions,
      method,
      seed,
      finalists,
      draws,
      atOnce: args.at_once,
      budget: { trainings, trials, hours, deadline },
      walk: { windows: args.walk_windows, draws: args.walk_draws },
      costs: { initialCapital: args.initial_capital, commission: args.commission, slippage: args.slippage },
      forceReason: args.force_new_reason ?? null,
    });
    return answer;
  },
});

const days = ([startDate = "", endDate = ""]: readonly string[]) => ({ startDate, endDate });

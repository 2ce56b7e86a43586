import { z } from "zod";
import { pictureOf, toldResult } from "../../research/results/told-result.ts";
import { defineTool } from "../define-tool.ts";
import { chart, taskId } from "../fields.ts";

export const getResults = defineTool({
  name: "get_results",
  title: "Get results",
  description: `The recorded result of a finished job, for ever, with what produced it.

detail: brief = headline figures; standard = all corrected figures and caveats; full = also KTRDR's raw figures, the learning curve, thinned out, and the manifest: strategy text, bars, version, request and call that produced it.

Backtests: total and annual return, Sharpe, drawdown (positive ratio), trades, beside buy_and_hold over the same bars. A strategy that does not beat buy_and_hold after risk has shown nothing. luck: how often the best of all worthless strategies tried on this symbol would look this good; above 5 % nothing is shown. "in_sample" true means the window overlaps the training: do not quote the figures. Trainings: figures of the saved model, which is the LAST epoch's (best_* are of an epoch that was not kept; epochs count from 1).

Figures that KTRDR misnames are corrected, with a caveat. Read the caveats before concluding. Failed or cancelled jobs answer with the reason and what was learnt until then. A batch answers at any time: median, min and max by strategy, then its items. A measurement says first whether its model is still the one on record.

Example: {"task_id": "backtest-spx_trend-1b2c3d"}`,
  input: z.strictObject({
    task_id: taskId,
    detail: z.enum(["brief", "standard", "full"]).default("standard").describe("How much."),
    chart: chart.describe("Also the learning curve, or a measurement's equity beside holding, as a picture."),
  }),
  output: z.object({
    task_id: z.string(),
    kind: z.string(),
    status: z.string(),
    headline: z.string(),
    engine: z.string().optional(),
    part_of: z.string().optional(),
    figures: z.looseObject({}).optional().describe("Ratios are ratios, money is account currency."),
    buy_and_hold: z.looseObject({}).optional(),
    luck: z.looseObject({ trials: z.number(), says: z.string() }).optional(),
    rule: z.string().optional(),
    in_sample: z.union([z.boolean(), z.literal("unknown")]).optional(),
    caveats: z.array(z.string()).optional(),
    produced_by: z.looseObject({}).optional(),
    leaderboard: z.array(z.looseObject({ strategy: z.string() })).optional(),
    groups: z.array(z.looseObject({ strategy: z.string() })).optional(),
    more_groups: z.number().optional(),
    items: z.array(z.looseObject({ item: z.number() })).optional(),
    experiments: z.array(z.string()).optional(),
    manifest: z.looseObject({}).optional(),
    raw: z.looseObject({}).optional(),
    curve: z.looseObject({}).optional(),
    failure: z.looseObject({}).optional(),
    partial: z.looseObject({}).optional(),
    next: z.string(),
  }),
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  quotes: true,
  page: ({ task_id }) => `/runs/${encodeURIComponent(task_id)}`,
  async handle({ task_id, detail, chart: drawn }, { deps, attach }) {
    const told = await toldResult(deps, task_id, detail);
    const picture = drawn ? pictureOf(deps, await deps.records.results.get(task_id)) : null;
    if (picture !== null) attach(await picture.png());
    return told;
  },
});

import { z } from "zod";
import { prefixOf } from "../../domain/batch.ts";
import { DomainError } from "../../domain/errors.ts";
import type { BacktestResult } from "../../domain/kinds/backtest.ts";
import { ruleText } from "../../domain/kinds/holdout.ts";
import { honestHeadline, isSealed, kindOf } from "../../domain/kinds/index.ts";
import { compact, enginesText, engineText } from "../../domain/facts.ts";
import { batchResults } from "../batch-facts.ts";
import { defineTool } from "../define-tool.ts";
import { linesBesideHolding } from "../equity-lines.ts";
import { chart, taskId } from "../fields.ts";
import { manifestOf } from "../../research/memory/manifest.ts";
import { resultFacts, type Beside } from "../result-facts.ts";
import type { JobRecord } from "../../store/job-row.ts";
import type { Deps } from "../../research/ports.ts";
import { luckOfBacktest } from "../../research/jobs/luck-of.ts";
import { inSample } from "../../research/jobs/in-sample.ts";
import { statusOf } from "../../research/jobs/task-status.ts";

export const getResults = defineTool({
  name: "get_results",
  title: "Get results",
  description: `The recorded result of a finished job, for ever, with what produced it.

detail: brief = headline figures; standard (default) = all corrected figures and caveats; full = also KTRDR's raw figures, the learning curve, thinned out, and the manifest: strategy text, bars, version, request and call that produced it.

Backtests: total and annual return, Sharpe, drawdown (positive ratio), trades, beside buy_and_hold over the same bars. A strategy that does not beat buy_and_hold after risk has shown nothing. luck: how often the best of all worthless strategies tried on this symbol would look this good; above 5 % nothing is shown. "in_sample" true means the window overlaps the training: do not quote the figures. Trainings: figures of the saved model, which is the LAST epoch's (best_* are of an epoch that was not kept; epochs count from 1).

Figures that KTRDR misnames are corrected; a caveat says so, detail full has the raw ones. Read the caveats before concluding. Failed or cancelled jobs answer with the reason and what was learnt until then. A batch answers at any time: median, min and max by strategy, then its items. A measurement says first whether its model is still the one on record.

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
  async handle({ task_id, detail, chart: drawn }, { deps, attach }) {
    const [job, result] = await Promise.all([deps.records.jobs.get(task_id), deps.records.results.get(task_id)]);
    if (job?.request.kind === "batch") {
      return await batchResults(deps, job, job.request, result?.kind === "batch" ? result : null, detail);
    }
    if (job === null || job.status === "open") {
      const { status } = await statusOf(deps, task_id);
      throw new DomainError("task_not_finished", {
        what: `The job ${task_id} has no result yet: ${status.headline}`,
        next: `get_task_status with task_id ${task_id} and wait_seconds 45 until final`,
      });
    }
    const head = {
      task_id,
      kind: job.kind,
      status: job.status,
      headline: job.outcome?.headline ?? `Ended as ${job.status}.`,
      ...compact({ engine: enginesText([result?.engine ?? null]), part_of: job.parentJobId }),
    };
    if (result === null) {
      const { failure = null, partial = null } = job.outcome ?? {};
      return {
        ...head,
        ...(failure === null ? {} : { failure: compact({ ...failure }) }),
        ...(partial === null ? {} : { partial: compact({ ...partial }) }),
        ...(job.engine === null || isSealed(job) ? {} : { produced_by: { engine: engineText(job.engine) } }),
        next: failure?.next ?? kindOf(job.kind).again,
      };
    }
    if (result.kind === "holdout") {
      const { figures } = kindOf("holdout").told(result, detail);
      return { ...head, figures, rule: ruleText(result), next: kindOf("holdout").next };
    }
    if (drawn && result.kind === "training") attach(await deps.charts.learningCurve(result.curve));
    if (drawn && result.kind === "measurement" && result.blocks.length > 0) {
      attach(await deps.charts.equity(linesBesideHolding(result)));
    }
    const own = result.kind === "backtest" && prefixOf(job.request) === null;
    const beside = own ? await besideBacktest(deps, job, result) : null;
    const said = await measuringText(deps, job);
    const headline = honestHeadline(head.headline, beside?.sample.inSample ?? false);
    const manifest = detail === "full" ? { manifest: await manifestOf(deps, job, result) } : {};
    return { ...head, headline, ...resultFacts(result, job, detail, beside, said), ...manifest };
  },
});

/** What a measurement or one of its prefixes says before all else. */
async function measuringText(deps: Deps, { request }: JobRecord): Promise<readonly string[]> {
  const measures = prefixOf(request);
  if (measures !== null) {
    return [
      `A prefix that measures ${measures}: no trial, and no run of its own. Its figures are those of a part of the days.`,
    ];
  }
  if (request.kind !== "measurement") return [];
  const { caveat } = await inSample(deps, request, request);
  return caveat === null ? [] : [caveat];
}

async function besideBacktest(deps: Deps, job: JobRecord, result: BacktestResult): Promise<Beside> {
  const [sample, twins, draws] = await Promise.all([
    inSample(deps, result, job.request),
    deps.records.results.twins(job.jobId),
    deps.records.results.draws(job.jobId),
  ]);
  return { sample, luck: await luckOfBacktest(deps, result, sample), twins, draws };
}

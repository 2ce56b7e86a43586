/** The recorded result of a job, as answers and the page tell it. */
import type { Picture } from "../../charts/draw.ts";
import { championOf, partOf, prefixOf } from "../../domain/batch.ts";
import { DomainError } from "../../domain/errors.ts";
import { compact, enginesText, engineText, type Detail } from "../../domain/facts.ts";
import type { BacktestResult } from "../../domain/kinds/backtest.ts";
import { ruleText } from "../../domain/kinds/holdout.ts";
import { honestHeadline, isSealed, kindOf, type JobResult } from "../../domain/kinds/index.ts";
import type { JobRecord } from "../../store/job-row.ts";
import { inSample } from "../jobs/in-sample.ts";
import { luckOfBacktest, luckOfWalk } from "../jobs/luck-of.ts";
import { statusOf } from "../jobs/task-status.ts";
import { manifestOf } from "../memory/manifest.ts";
import type { Deps } from "../ports.ts";
import { batchResults } from "./batch-facts.ts";
import { campaignResults } from "./campaign-facts.ts";
import { linesBesideHolding } from "./equity-lines.ts";
import { resultFacts, type Beside } from "./result-facts.ts";

/**
 * What is on record of a job that ended, or of a batch at any time.
 * @throws DomainError `task_not_finished`, `task_not_found`
 */
export async function toldResult(deps: Deps, jobId: string, detail: Detail) {
  const [job, result] = await Promise.all([deps.records.jobs.get(jobId), deps.records.results.get(jobId)]);
  if (job?.request.kind === "batch") {
    return await batchResults(deps, job, job.request, result?.kind === "batch" ? result : null, detail);
  }
  if (job?.request.kind === "campaign") {
    const told = result?.kind === "campaign" ? result : null;
    return await campaignResults(deps, job, job.request, told, detail);
  }
  if (job === null || job.status === "open") {
    const { status } = await statusOf(deps, jobId);
    throw new DomainError("task_not_finished", {
      what: `The job ${jobId} has no result yet: ${status.headline}`,
      next: `get_task_status with task_id ${jobId} and wait_seconds 45 until final`,
    });
  }
  const head = {
    task_id: jobId,
    kind: job.kind,
    status: job.status,
    headline: job.outcome?.headline ?? `Ended as ${job.status}.`,
    ...compact({ engine: enginesText([result?.engine ?? null]), part_of: job.parentJobId }),
  };
  if (result === null) return { ...head, ...withoutResult(job) };
  if (result.kind === "holdout") {
    const { figures } = kindOf("holdout").told(result, detail);
    return { ...head, figures, rule: ruleText(result), next: kindOf("holdout").next };
  }
  const beside = await besideOf(deps, job, result);
  const said = await measuringText(deps, job);
  const headline = honestHeadline(head.headline, beside?.sample.inSample ?? false);
  const manifest = detail === "full" ? { manifest: await manifestOf(deps, job, result) } : {};
  return { ...head, headline, ...resultFacts(result, job, detail, beside, said), ...manifest };
}

/** A training's learning curve, or a measurement's equity beside holding; null for what has no picture. */
export function pictureOf({ charts }: Deps, result: JobResult | null): Picture | null {
  if (result?.kind === "training") return charts.learningCurve(result.curve);
  if (result?.kind === "measurement" && result.blocks.length > 0) return charts.equity(linesBesideHolding(result));
  return null;
}

function withoutResult(job: JobRecord) {
  const { failure = null, partial = null } = job.outcome ?? {};
  return {
    ...(failure === null ? {} : { failure: compact({ ...failure }) }),
    ...(partial === null ? {} : { partial: compact({ ...partial }) }),
    ...(job.engine === null || isSealed(job) ? {} : { produced_by: { engine: engineText(job.engine) } }),
    next: failure?.next ?? kindOf(job.kind).again,
  };
}

/** What a measurement or a part says before all else. */
async function measuringText(deps: Deps, { request }: JobRecord): Promise<readonly string[]> {
  const measures = prefixOf(request);
  if (measures !== null) {
    return [
      `A prefix that measures ${measures}: no trial, and no run of its own. Its figures are those of a part of the days.`,
    ];
  }
  if (partOf(request) === "window") return [OF_WINDOW];
  const champion = championOf(request);
  if (champion !== null) return [watchText(champion)];
  if (request.kind !== "measurement") return [];
  const { caveat } = await inSample(deps, request, request);
  return caveat === null ? [] : [caveat];
}

const OF_WINDOW =
  "A window of a walk-forward: no trial, and no run of its own. Its figures are told by the walk-forward alone, when it is counted: the best of several windows shows nothing.";

const watchText = (champion: string): string =>
  `Days after the approval of the champion ${champion}: no trial, and no run of its own. list_candidates tells what all of them show.`;

/** Null for what is no run of its own. */
async function besideOf(deps: Deps, job: JobRecord, result: JobResult): Promise<Beside | null> {
  if (result.kind === "walk_forward") {
    const sample = { inSample: false, caveat: null } as const;
    return { sample, luck: await luckOfWalk(deps, result), twins: [], draws: [] };
  }
  return result.kind === "backtest" && partOf(job.request) === null ? await besideBacktest(deps, job, result) : null;
}

async function besideBacktest(deps: Deps, job: JobRecord, result: BacktestResult): Promise<Beside> {
  const [sample, twins, draws] = await Promise.all([
    inSample(deps, result, job.request),
    deps.records.results.twins(job.jobId),
    deps.records.results.draws(job.jobId),
  ]);
  const sharpes = draws.map(({ sharpe }) => sharpe);
  return { sample, luck: await luckOfBacktest(deps, result, sample), twins, draws: sharpes };
}

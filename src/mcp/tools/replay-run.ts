import { z } from "zod";
import { DomainError } from "../../domain/errors.ts";
import type { BacktestRequest } from "../../domain/kinds/backtest.ts";
import type { TrainingRequest } from "../../domain/kinds/training.ts";
import type { JobResult } from "../../domain/kinds/index.ts";
import { FIGURES, FIGURE_NAMES } from "../../domain/results/figures.ts";
import { compact, rounded, engineText } from "../../domain/facts.ts";
import { defineTool, type ToolContext } from "../define-tool.ts";
import { statusFields, taskId } from "../fields.ts";
import { assertSameText } from "../../research/strategies/preflight.ts";
import { partOf, prefixOf } from "../../domain/batch.ts";
import { recordedResult, type Recorded } from "../../research/jobs/recorded-result.ts";
import type { JobRecord } from "../../store/job-row.ts";
import { startJob } from "../../research/jobs/start-job.ts";

export const replayRun = defineTool({
  name: "replay_run",
  title: "Replay a run",
  description: `Runs a finished training or backtest again, exactly as it was asked for, and shows what differs: figures, bars, KTRDR's version. The first call starts the replay; call it again when that has ended.

A backtest must come out the same when bars and version are; a training is another random draw. For a training the strategy's text must be what it was: the answer says how to bring it back.

Example: {"task_id": "backtest-spx_trend-1b2c3d4e"}`,
  input: z.strictObject({ task_id: taskId }),
  output: z.object({
    ...statusFields,
    original: z.string(),
    comparison: z.string(),
    differences: z.array(z.string()),
    causes: z.array(z.string()),
  }),
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  quotes: true,
  async handle({ task_id }, context) {
    const original = await finished(context, task_id);
    await assertSameText(context.deps, original.job);
    const request = fromTheStart(original.request);
    const started = await startJob(context, {
      request,
      forceReason: `replay of ${task_id}`,
      experimentId: undefined,
      preflight: async () => ({ request, warnings: [] }),
    });
    const { existing: _known, warnings: _none, ...status } = started;
    const replayed = status.final ? await context.deps.records.results.get(status.task_id) : null;
    if (replayed === null) {
      const comparison = status.final ? "the replay left no result" : "not over yet";
      const next = status.final ? status.next : `${status.next} Then call replay_run with ${task_id} again.`;
      return { ...status, next, original: task_id, comparison, differences: [], causes: [] };
    }
    const differences = differencesOf(original.result, replayed);
    const causes = [...causesOf(original.result, replayed), ...resumption(original.request)];
    return {
      ...status,
      original: task_id,
      comparison: comparisonOf(original.result, differences, causes),
      differences,
      causes,
      next: "get_results with either task_id and detail full shows what produced it.",
    };
  },
});

interface Finished extends Recorded {
  readonly request: TrainingRequest | BacktestRequest;
}

/** @throws DomainError `task_not_found`, `task_not_finished`, `invalid_input` */
async function finished({ deps }: ToolContext, jobId: string): Promise<Finished> {
  const known = await deps.records.jobs.get(jobId);
  const instead = known === null ? null : insteadOfReplay(known);
  if (known !== null && instead !== null) {
    throw new DomainError("invalid_input", {
      what: `${jobId} is a ${partOf(known.request) ?? known.kind}: one training or backtest is replayed at a time.`,
      next: instead,
    });
  }
  const { job, result } = await recordedResult(deps, jobId);
  return { job, request: job.request as Finished["request"], result };
}

/** What to do with a job that is no run of its own; null for one that can be replayed. */
function insteadOfReplay({ request }: JobRecord): string | null {
  if (request.kind === "batch") return "pass the task_id of one of its jobs; get_results names them";
  if (request.kind === "campaign") return "pass the backtest of a finalist; get_results names them";
  if (request.kind === "data_load") return "load_market_data loads again";
  if (request.kind === "walk_forward")
    return "repeat start_walk_forward with force_new_reason; a window that is known is not computed again";
  if (partOf(request) === "window") return "start_walk_forward with force_new_reason walks all windows again";
  if (partOf(request) === "watch") return "list_candidates with the champion's task_id tells what its days show";
  if (request.kind === "holdout") return "a look is taken once: get_results tells its answer";
  const measures = request.kind === "measurement" ? request.measures : prefixOf(request);
  return measures === null ? null : `replay ${measures}, or measure it again (measure_equity)`;
}

/** The request without its checkpoint: a checkpoint can be resumed only once. */
function fromTheStart(request: Finished["request"]): Finished["request"] {
  if (request.kind === "backtest") return request;
  const { resumeFrom: _once, ...whole } = request;
  return whole;
}

const resumption = (request: Finished["request"]): string[] =>
  request.kind === "training" && request.resumeFrom !== undefined
    ? [`it went on from the checkpoint of ${request.resumeFrom}; the replay was trained from the start`]
    : [];

function differencesOf(before: JobResult, after: JobResult): string[] {
  return FIGURE_NAMES.flatMap((name) => {
    const [old, young] = [FIGURES[name].of(before), FIGURES[name].of(after)];
    return old === young ? [] : [`${name}: ${rounded(old)} -> ${rounded(young)}`];
  });
}

function causesOf(before: JobResult, after: JobResult): string[] {
  const [old, young] = [dataOf(before), dataOf(after)];
  const causes = {
    ktrdr:
      before.engine.version === after.engine.version
        ? null
        : `KTRDR: ${engineText(before.engine)} -> ${engineText(after.engine)}`,
    data:
      old === null || young === null
        ? "the bars of one of them are not on record: they may differ"
        : old.sha256 === young.sha256
          ? null
          : `bars: ${old.bars} from ${old.first} to ${old.last} -> ${young.bars} from ${young.first} to ${young.last}, other values`,
  };
  return Object.values(compact(causes)).map(String);
}

const dataOf = (result: JobResult) => ("data" in result ? result.data : null);

function comparisonOf(original: JobResult, differences: readonly string[], causes: readonly string[]): string {
  if (differences.length === 0) return "the same";
  if (original.kind === "training") return "another draw: a training comes out differently each time";
  return causes.length > 0
    ? "differs, and what it was computed from may explain it"
    : "differs although bars, text and KTRDR are the same: do not trust either";
}

import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import type { JobFailure } from "../../domain/outcome.ts";
import { compact } from "../../domain/facts.ts";
import { luckInShort } from "../../domain/luck/run-luck.ts";
import { knownOf } from "../../domain/job-status.ts";
import { honestHeadline, WAITING_KINDS } from "../../domain/kinds/index.ts";
import { weighRuns, type WeighedRun } from "../../research/jobs/luck-of.ts";
import type { Deps } from "../../research/ports.ts";
import { statusFacts, statusOf, uiLink, type TaskStatus } from "../../research/jobs/task-status.ts";
import { campaignProgress } from "../../research/results/campaign-facts.ts";
import { batchProgress } from "../../research/results/batch-facts.ts";
import { defineTool, type ToolContext } from "../define-tool.ts";
import { statusFields, taskId } from "../fields.ts";

/** Clients hear of a waiting call at once and then at least this often. */
const REPORT_EVERY_MS = 5_000;
const BREATH_MS = 100;
/** A restarted Temporal is usually back within seconds: a call that waits for a job tries again for so long. */
const OUTAGE_PATIENCE_MS = 5_000;
const LOOK_AGAIN_MS = 500;

export const getTaskStatus = defineTool({
  name: "get_task_status",
  title: "Get task status",
  description: `Says where a job is: queued (with its place), starting, running (percent, step, rough seconds left, age of the last sign of life), stalled, worker_down, ktrdr_unreachable, recording, cancelling, or how it ended.

With wait_seconds 45 the call returns as soon as the job ends, else after that time with the current state: call again until "final" is true. Aborting the call only stops waiting; the job goes on. Answers also while workers, KTRDR or PostgreSQL are down, and says what is not known; "next" says what to do.

After completed: get_results. After failed: read "failure", mend the cause; the same request only returns this failed job, unless force_new_reason is given.

Example: {"task_id": "train-spx_trend-7f3a2c", "wait_seconds": 45}`,
  input: z.strictObject({
    task_id: taskId,
    wait_seconds: z.number().int().min(0).max(45).default(0).describe("Wait up to this long for the job to end."),
  }),
  output: z.object({
    ...statusFields,
    percent: z.number().optional(),
    step: z.string().optional(),
    queue_position: z.number().optional(),
    eta_seconds: z.number().optional(),
    heartbeat_age_seconds: z.number().optional().describe("Since the last sign of life."),
    failure: z.looseObject({ code: z.string(), what: z.string() }).optional(),
    partial: z.looseObject({}).optional().describe("What was learnt before it ended."),
    faults_overcome: z.array(z.string()).optional(),
    luck: z.string().optional(),
    batch: z.looseObject({}).optional().describe("Of a batch or campaign: how far it is."),
    temporal_ui: z.string().optional(),
  }),
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  async handle({ task_id, wait_seconds }, context) {
    const task = await awaitEnd(task_id, wait_seconds * 1000, context);
    forgetOldData(task, context);
    return facts(task_id, task, context);
  },
});

async function awaitEnd(jobId: string, waitMs: number, context: ToolContext): Promise<TaskStatus> {
  const { deps, signal, progress } = context;
  const began = performance.now();
  const until = began + waitMs;
  for (;;) {
    const task = await statusOf(deps, jobId);
    const left = until - performance.now();
    if (task.status.final || left <= 0 || signal.aborted) return task;
    if (!isSeen(task)) {
      if (task.view === null || performance.now() - began > OUTAGE_PATIENCE_MS) return task;
      await delay(LOOK_AGAIN_MS, undefined, { signal }).catch(() => undefined);
      continue;
    }
    progress({ percent: task.status.percent ?? 0, message: task.status.headline });
    const asked = Math.min(left, REPORT_EVERY_MS);
    const before = performance.now();
    await deps.jobs.waitForClose(jobId, asked, signal);
    // A wait that returns at once although the job has not ended (Temporal is going away) must not become a busy loop.
    const rest = Math.min(BREATH_MS, asked - (performance.now() - before));
    if (rest > 0) await delay(rest, undefined, { signal }).catch(() => undefined);
  }
}

/** Only a job that Temporal holds can be waited for. */
const isSeen = ({ view }: TaskStatus): boolean => knownOf(view) !== null;

async function facts(jobId: string, task: TaskStatus, { deps }: ToolContext) {
  const { status, record } = task;
  const outcome = knownOf(record)?.outcome ?? null;
  const faults = outcome?.faultsSeen ?? [];
  const many = task.kind !== null && WAITING_KINDS.includes(task.kind);
  const progress = task.kind === "campaign" ? campaignProgress : batchProgress;
  const batch = many ? await progress(deps, jobId) : null;
  const isRun = task.kind === "backtest" || task.kind === "walk_forward";
  const run = isRun && outcome?.status === "completed" ? await weighed(deps, jobId, task) : null;
  const said = statusFacts(jobId, task);
  // Temporal knows that such a job waits for others; how far they are stands in the record.
  const headline = status.state === "running" && batch !== null ? batch.headline : said.headline;
  return {
    ...said,
    headline: honestHeadline(headline, run?.inSample ?? false),
    ...compact({
      percent: batch?.percent ?? status.percent,
      step: status.step,
      queue_position: status.position,
      eta_seconds: batch?.etaSeconds ?? status.etaSeconds,
      heartbeat_age_seconds: status.heartbeatAgeSeconds,
      failure: status.failure === null ? null : failureFacts(status.failure),
      partial: status.partial === null ? null : compact({ ...status.partial }),
      faults_overcome: faults.length > 0 ? [...faults] : null,
      luck: run === null ? null : luckInShort(run.luck),
      batch: batch?.counts ?? null,
      temporal_ui: uiLink(deps.links, jobId),
    }),
  };
}

/** Beside a headline with a Sharpe ratio; null while the record does not tell. */
async function weighed(deps: Deps, jobId: string, { record }: TaskStatus): Promise<WeighedRun | null> {
  const symbol = knownOf(record)?.symbol ?? null;
  if (symbol === null) return null;
  const found = await weighRuns(deps, [jobId], [symbol], "own symbol").catch(() => null);
  return found?.get(jobId) ?? null;
}

const failureFacts = ({ code, what, why, next }: JobFailure) => ({ code, what, ...compact({ why, next }) });

/** After a data load, the market data in this process's cache is out of date. */
function forgetOldData({ kind, status, record }: TaskStatus, { deps }: ToolContext): void {
  const recorded = knownOf(record);
  if (kind === "data_load" && status.final && recorded !== null) deps.reads.invalidate(recorded.symbol ?? undefined);
}

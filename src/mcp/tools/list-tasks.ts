import { z } from "zod";
import { isDomainError, type DomainError } from "../../domain/errors.ts";
import { honestHeadline, JOB_KINDS } from "../../domain/kinds/index.ts";
import type { JobRecord } from "../../store/job-row.ts";
import { compact, engineText } from "../../domain/facts.ts";
import { luckInShort } from "../../domain/luck/run-luck.ts";
import { weighJobs, type WeighedRun } from "../../research/jobs/luck-of.ts";
import { defineTool } from "../define-tool.ts";
import { strategyName, taskId } from "../fields.ts";
import type { OpenJob } from "../../temporal/open-jobs.ts";
import type { Deps } from "../../research/ports.ts";

const STATUSES = ["open", "completed", "failed", "cancelled", "terminated"] as const;

export const listTasks = defineTool({
  name: "list_tasks",
  title: "List tasks",
  description: `Jobs, newest first: finished ones from the record for ever, open ones also from Temporal. It finds a task_id again.

"open" means not ended; get_task_status says what an open job is doing. "luck": how often luck alone looks like this backtest or walk-forward, among all tried on its symbol. Jobs of a batch carry "part_of"; those of a campaign, and backtests of a measurement or walk-forward, need their kind. For models with their figures, list_models is shorter.

Examples: {"status": "open"}; {"strategy": "spx_trend", "kind": "backtest", "limit": 20}. For the next page pass the last task_id as "before".`,
  input: z.strictObject({
    status: z.enum(STATUSES).optional().describe("Only jobs in this state."),
    kind: z.enum(JOB_KINDS).optional().describe("Only jobs of this kind."),
    strategy: strategyName.optional().describe("Only jobs of this strategy."),
    limit: z.number().int().min(1).max(50).default(10).describe("Rows at most."),
    before: taskId.optional().describe("Only jobs older than this one."),
  }),
  output: z.object({
    tasks: z.array(z.looseObject({ task_id: z.string(), kind: z.string(), status: z.string() })),
    more: z.boolean().describe("Older jobs exist."),
    incomplete: z.string().optional().describe("What is missing, because a part is down."),
  }),
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  quotes: true,
  page({ limit: _limit, ...filter }) {
    const asked = new URLSearchParams();
    for (const [name, value] of Object.entries(filter)) if (value !== undefined) asked.set(name, value);
    return asked.size === 0 ? "/runs" : `/runs?${asked.toString()}`;
  },
  async handle({ limit, ...filter }, { deps }) {
    const wantsOpen = filter.status === undefined || filter.status === "open";
    const [recorded, open] = await Promise.allSettled([
      // Sixty prefixes of one measurement would push everything else off the page.
      deps.records.jobs.list({ ...compact(filter), limit: limit + 1, withoutParts: filter.kind === undefined }),
      wantsOpen && filter.before === undefined ? deps.jobs.openJobs(limit) : Promise.resolve([]),
    ]);
    if (recorded.status === "rejected" && open.status === "rejected") throw recorded.reason;
    const rows = valueOf(recorded);
    const known = new Set(rows.map((job) => job.jobId));
    const unrecorded = await unseen(deps, valueOf(open), known, recorded.status === "fulfilled");
    const early = unrecorded
      .filter((job) => filter.kind === undefined || job.kind === filter.kind)
      .filter((job) => filter.strategy === undefined || job.strategy === filter.strategy);
    const weighed = await weighJobs(deps, rows).catch(() => new Map<string, WeighedRun>());
    const tasks = [...early.map(openRow), ...rows.map((row) => recordRow(row, weighed.get(row.jobId)))];
    return {
      tasks: tasks.slice(0, limit),
      more: tasks.length > limit,
      ...compact({ incomplete: missing(recorded.status, open) }),
    };
  },
});

/** The rows, or none when a part is down. @throws any other error */
function valueOf<T>(settled: PromiseSettledResult<readonly T[]>): readonly T[] {
  if (settled.status === "fulfilled") return settled.value;
  if (!isDomainError(settled.reason, "database_unavailable", "temporal_unavailable")) throw settled.reason;
  return [];
}

/** Open jobs of Temporal that the record does not list: not admitted yet, or the record is down. */
async function unseen(
  deps: Deps,
  open: readonly OpenJob[],
  known: ReadonlySet<string>,
  recordUp: boolean,
): Promise<readonly OpenJob[]> {
  const candidates = open.filter((job) => !known.has(job.jobId));
  if (!recordUp) return candidates;
  const records = await Promise.all(candidates.map((job) => deps.records.jobs.get(job.jobId)));
  return candidates.filter((_, index) => records[index] === null);
}

const openRow = (job: OpenJob) => ({
  ...compact({ strategy: job.strategy, started_at: job.startedAt }),
  task_id: job.jobId,
  kind: job.kind,
  status: "open",
});

function recordRow(job: JobRecord, weighed: WeighedRun | undefined) {
  const { request, strategy, symbol, timeframe, parentJobId, admittedAt, finishedAt, outcome, engine } = job;
  return {
    task_id: job.jobId,
    kind: job.kind,
    status: job.status,
    ...compact({
      strategy,
      symbol,
      timeframe,
      part_of: parentJobId,
      resumed_from: request.kind === "training" ? request.resumeFrom : null,
      started_at: admittedAt,
      finished_at: finishedAt,
      headline: outcome === null ? null : honestHeadline(outcome.headline, weighed?.inSample ?? false),
      luck: weighed === undefined ? null : luckInShort(weighed.luck),
      engine: engine === null ? null : engineText(engine),
    }),
  };
}

function missing(recorded: string, open: PromiseSettledResult<unknown>): string | null {
  if (recorded === "rejected") {
    return "PostgreSQL does not answer: finished jobs are missing here. Wait half a minute and ask again; then tell the user.";
  }
  if (open.status === "fulfilled") return null;
  const { what, next } = open.reason as DomainError;
  return `${what} Jobs that were started within the last moments may be missing. Wait half a minute and repeat the call; if it stays so, tell the user: ${next}`;
}

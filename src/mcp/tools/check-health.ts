import { z } from "zod";
import { isDomainError } from "../../domain/errors.ts";
import type { KtrdrWorker } from "../../domain/operation.ts";
import { holdOf } from "../../domain/research-control.ts";
import type { OffClock } from "../../store/clocks.ts";
import { compact, engineText } from "../../domain/facts.ts";
import { isHealthy } from "../../domain/worker-gone.ts";
import { jobsLink } from "../../research/jobs/task-status.ts";
import { ANSWER_WITHIN_MS, look, partsUp, type Look } from "../../research/health.ts";
import { TooLate, within } from "../../within.ts";
import { defineTool, type ToolContext } from "../define-tool.ts";

/** A package and a bundle have no `make`. */
const LAB = "in a checkout: `make lab`";
const START_TEMPORAL = `start Temporal where TEMPORAL_ADDRESS says (${LAB})`;
const START_POSTGRESQL = `start PostgreSQL where DATABASE_URL says (${LAB})`;
const START_KTRDR = `start KTRDR where KTRDR_API_URL says (${LAB})`;
const START_WORKER = "bin/ktrdr-mcp worker";
const START_COMPUTING = "start KTRDR's training and backtest workers";
const SET_FOLDER = "set KTRDR_STRATEGIES_DIR to KTRDR's strategies folder and restart this server";

interface Part {
  readonly part: string;
  readonly up: boolean;
  readonly detail: string;
  readonly start?: string;
}

export const checkHealth = defineTool({
  name: "check_health",
  title: "Check health",
  description: `Says which part is up, which is down, and the command that starts it: Temporal (runs the jobs), our workers (carry them out), PostgreSQL (remembers them), KTRDR and its own workers (compute), the strategies folder. Also which engine computes (the real KTRDR, or the sandbox, whose figures are for practice), whether the operator paused research, and what is left of today's computing budget.

Call it once at the beginning, and whenever an error says -32001. Takes a few seconds, no arguments.`,
  input: z.strictObject({}),
  output: z.object({
    ok: z.boolean().describe("True when every part is up."),
    headline: z.string(),
    engine: z.string().optional(),
    parts: z.array(z.object({ part: z.string(), up: z.boolean(), detail: z.string(), start: z.string().optional() })),
    ktrdr_workers: z.looseObject({}).optional().describe("Per kind of work: free, busy, unavailable."),
    held: z.string().optional().describe("Why no job may begin to compute now; absent when jobs may."),
    budget: z
      .object({ hours: z.number(), used_hours: z.number(), renews_at: z.string() })
      .optional()
      .describe("Computing allowed a day (UTC), and used of it; absent when the operator set none."),
    next: z.string(),
  }),
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  async handle(_args, context) {
    const { deps, log } = context;
    const [orders, parts, workers, folder, off] = await Promise.all([
      ordersOf(context),
      partsUp(deps, log),
      look("ktrdr_workers", registry(context), log),
      look("strategies_folder", deps.strategies.list(), log),
      // PostgreSQL's own part tells when it is away.
      within(
        deps.records.offClocks().catch(() => []),
        ANSWER_WITHIN_MS,
        () => [],
      ),
    ]);
    const told = [
      toldOf("temporal", parts.temporal, START_TEMPORAL, () => temporalText(jobsLink(deps.links))),
      toldOf("worker", parts.worker, START_WORKER, () => ["polling", ...off.map(offText)].join("; ")),
      toldOf("postgresql", parts.postgresql, START_POSTGRESQL),
      toldOf("strategies_folder", folder, SET_FOLDER, (names) => `${names.length} strategies`),
      toldOf("ktrdr", parts.ktrdr, START_KTRDR, ({ engine }) => `answers (${engineText(engine)})`),
      toldOf("ktrdr_workers", computing(workers), START_COMPUTING, ({ healthy }) => `${healthy} healthy`),
    ];
    const down = told.filter((part) => !part.up).map((part) => part.part);
    const ok = down.length === 0;
    return {
      ok,
      headline: `${ok ? "Every part is up." : `Down: ${down.join(", ")}.`}${orders.held === null ? "" : ` No job may begin: ${orders.held}.`}`,
      parts: told,
      next: nextOf(ok, orders.held),
      ...compact({
        engine: parts.ktrdr.up ? engineText(parts.ktrdr.answer.engine) : null,
        ktrdr_workers: workers.up ? workers.answer.counts : null,
        ...orders,
      }),
    };
  },
});

function nextOf(ok: boolean, held: string | null): string {
  if (!ok)
    return "Wait half a minute and ask again; then tell the user what is still down, with the command in its `start`.";
  if (held === null) return "list_market_data, then design a strategy.";
  return "Read, analyse and design meanwhile; jobs that compute go on. Only the operator can lift this.";
}

interface Orders {
  /** Why no job may begin; null when jobs may, or while PostgreSQL is down. */
  readonly held: string | null;
  readonly budget: { readonly hours: number; readonly used_hours: number; readonly renews_at: string } | null;
}

async function ordersOf({ deps }: ToolContext): Promise<Orders> {
  try {
    const control = await within(deps.records.research.current(), ANSWER_WITHIN_MS);
    const { budget } = control;
    return {
      held: holdOf(control),
      budget: budget && {
        hours: budget.hours,
        used_hours: Number(budget.usedHours.toFixed(2)),
        renews_at: budget.renewsAt,
      },
    };
  } catch (error) {
    if (isDomainError(error) || error instanceof TooLate) return { held: null, budget: null };
    throw error;
  }
}

/** A part that is up is told by `words`, one that is down by its look. */
function toldOf<T>(part: string, seen: Look<T>, start: string, words: (answer: T) => string = () => "answers"): Part {
  if (seen.up) return { part, up: true, detail: words(seen.answer) };
  return { part, up: false, detail: seen.detail, start: seen.mending ?? start };
}

/** With the address where people see all jobs, when there is one. */
const temporalText = (jobs: string | undefined): string =>
  jobs === undefined ? "answers" : `answers; all jobs: ${jobs}`;

const offText = ({ process, offsetSeconds }: OffClock): string =>
  `the clock of ${process} is ${Math.round(Math.abs(offsetSeconds))} s ${offsetSeconds > 0 ? "ahead of" : "behind"} PostgreSQL's: tell the user`;

type Counts = Record<string, { free: number; busy: number; unavailable: number }>;

interface Computing {
  readonly counts: Counts;
  readonly healthy: number;
}

async function registry({ deps }: ToolContext): Promise<Computing> {
  const workers = await deps.ktrdr.workers.list(AbortSignal.timeout(ANSWER_WITHIN_MS));
  return { counts: countWorkers(workers), healthy: workers.filter(isHealthy).length };
}

/** A registry that answers is down for us when it names no worker that can compute. */
const computing = (seen: Look<Computing>): Look<Computing> =>
  seen.up && seen.answer.healthy === 0 ? { up: false, detail: "none is healthy: nothing can be computed" } : seen;

function countWorkers(workers: readonly KtrdrWorker[]): Counts {
  const counts: Counts = {};
  for (const { workerType, status } of workers) {
    const kind = (counts[workerType] ??= { free: 0, busy: 0, unavailable: 0 });
    if (status === "available") kind.free += 1;
    else if (status === "busy") kind.busy += 1;
    else kind.unavailable += 1;
  }
  return counts;
}

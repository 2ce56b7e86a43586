import { z } from "zod";
import { isDomainError, type DomainError } from "../../domain/errors.ts";
import type { KtrdrWorker } from "../../domain/operation.ts";
import { holdOf } from "../../domain/research-control.ts";
import type { OffClock } from "../../store/clocks.ts";
import { compact, engineText } from "../../domain/facts.ts";
import { defineTool, type ToolContext } from "../define-tool.ts";

/** A little longer than the parts' own time limits: their errors say more than ours. */
const ANSWER_WITHIN_MS = 3_500;

/** A package and a bundle have no `make`. */
const LAB = "in a checkout: `make lab`";
const START_TEMPORAL = `start Temporal where TEMPORAL_ADDRESS says (${LAB})`;
const START_POSTGRESQL = `start PostgreSQL where DATABASE_URL says (${LAB})`;
const START_KTRDR = `start KTRDR where KTRDR_API_URL says (${LAB})`;

interface Part {
  readonly part: string;
  readonly up: boolean;
  readonly detail: string;
  readonly start?: string;
}

export const checkHealth = defineTool({
  name: "check_health",
  title: "Check health",
  description: `Asks every part at once and says which is up, which is down, and the command that starts it: Temporal (runs the jobs), our workers (carry them out), PostgreSQL (remembers them), KTRDR and its own workers (compute), the strategies folder. Also says which engine computes: the real KTRDR or the sandbox, whose results are for trying things out; and whether the operator paused research or how much of today's computing budget is left.

Call it once at the beginning, and whenever an error says -32001. Takes at most a few seconds, even with everything down. Needs no arguments.`,
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
    const [orders, ktrdr, workers, ...rest] = await Promise.all([
      ordersOf(context),
      ktrdrPart(context),
      registry(context),
      probe("temporal", START_TEMPORAL, () => answers(context.deps.jobs.ping()), context),
      pollersPart(context),
      probe("postgresql", START_POSTGRESQL, () => answers(context.deps.records.ping()), context),
      folderPart(context),
    ]);
    const parts = [...rest, ktrdr.part, workers.part];
    const down = parts.filter((part) => !part.up).map((part) => part.part);
    const ok = down.length === 0;
    return {
      ok,
      headline: `${ok ? "Every part is up." : `Down: ${down.join(", ")}.`}${orders.held === null ? "" : ` No job may begin: ${orders.held}.`}`,
      parts,
      next: nextOf(ok, orders.held),
      ...compact({ engine: ktrdr.engine, ktrdr_workers: workers.counts, ...orders }),
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
    const control = await inTime(deps.records.research.current());
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
    if (isDomainError(error) || error instanceof Late) return { held: null, budget: null };
    throw error;
  }
}

/** Runs a check under a deadline; an error becomes the detail. */
async function probe(part: string, start: string, check: () => Promise<string>, { log }: ToolContext): Promise<Part> {
  try {
    return { part, up: true, detail: await inTime(check()) };
  } catch (error) {
    if (error instanceof Late) return { part, up: false, detail: "does not answer in time: slow, or away", start };
    if (isDomainError(error)) return { part, up: false, detail: detailOf(error), start: mending(error) ?? start };
    log.error({ err: error, part }, "health check failed unexpectedly");
    return { part, up: false, detail: "the check failed unexpectedly; the server's log says why", start };
  }
}

const detailOf = ({ what, why }: DomainError): string => (why === undefined ? what : `${what} ${why}`);

/** What mends a part that answers with an error: starting it would not. */
const mending = ({ code, what, next }: DomainError): string | undefined =>
  code.endsWith("_unavailable") && !what.endsWith("does not answer.") ? next : undefined;

const answers = async (ping: Promise<void>): Promise<string> => {
  await ping;
  return "answers";
};

class Late extends Error {}

/** @throws Late */
async function inTime<T>(asked: Promise<T>): Promise<T> {
  const timeout = AbortSignal.timeout(ANSWER_WITHIN_MS);
  const late = new Promise<never>((_resolve, reject) => {
    timeout.addEventListener("abort", () => reject(new Late()), { once: true });
  });
  return await Promise.race([asked, late]);
}

async function ktrdrPart(context: ToolContext): Promise<{ part: Part; engine: string | null }> {
  let engine: string | null = null;
  const check = async () => {
    const health = await context.deps.ktrdr.health(AbortSignal.timeout(ANSWER_WITHIN_MS));
    engine = engineText(health.engine);
    return `answers (${engine})`;
  };
  const part = await probe("ktrdr", START_KTRDR, check, context);
  return { part, engine };
}

async function pollersPart(context: ToolContext): Promise<Part> {
  const { jobs, records } = context.deps;
  const check = async () => {
    // PostgreSQL's own part tells when it is away.
    const [polling, off] = await Promise.all([jobs.workersPolling(), records.offClocks().catch(() => [])]);
    return polling ? ["polling", ...off.map(offText)].join("; ") : NOBODY;
  };
  const part = await probe("worker", "bin/ktrdr-mcp worker", check, context);
  return part.detail === NOBODY ? { ...part, up: false, start: "bin/ktrdr-mcp worker" } : part;
}

const offText = ({ process, offsetSeconds }: OffClock): string =>
  `the clock of ${process} is ${Math.round(Math.abs(offsetSeconds))} s ${offsetSeconds > 0 ? "ahead of" : "behind"} PostgreSQL's: tell the user`;

const NOBODY = "no worker process of ours is running: jobs are kept but do not move";

async function folderPart(context: ToolContext): Promise<Part> {
  const start = "set KTRDR_STRATEGIES_DIR to KTRDR's strategies folder and restart this server";
  const check = async () => `${(await context.deps.strategies.list()).length} strategies`;
  return await probe("strategies_folder", start, check, context);
}

type Counts = Record<string, { free: number; busy: number; unavailable: number }>;

async function registry(context: ToolContext): Promise<{ part: Part; counts: Counts | null }> {
  let counts: Counts | null = null;
  const check = async () => {
    counts = countWorkers(await context.deps.ktrdr.workers.list(AbortSignal.timeout(ANSWER_WITHIN_MS)));
    const healthy = Object.values(counts).reduce((sum, kind) => sum + kind.free + kind.busy, 0);
    return healthy === 0 ? NO_COMPUTING : `${healthy} healthy`;
  };
  const start = "start KTRDR's training and backtest workers";
  const part = await probe("ktrdr_workers", start, check, context);
  return { part: part.detail === NO_COMPUTING ? { ...part, up: false, start } : part, counts };
}

const NO_COMPUTING = "none is healthy: nothing can be computed";

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

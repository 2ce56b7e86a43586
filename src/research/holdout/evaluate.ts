/** Examines a candidate on the holdout of its symbol: one look, whose answer is pass or fail. */
import { createHash } from "node:crypto";
import { DomainError } from "../../domain/errors.ts";
import type { HoldoutRequest } from "../../domain/kinds/holdout.ts";
import type { Holdout, OpenLook } from "../../store/holdouts.ts";
import type { Asking } from "../asking.ts";
import { startJob } from "../jobs/start-job.ts";
import { statusFacts, statusOf } from "../jobs/task-status.ts";
import { assertEligible, candidateOf, type Candidate } from "./candidate.ts";

/**
 * Starts the look, or tells the one that was taken of the same candidate. A candidate whose look was never computed
 * repeats that look; one whose look was voided gets the next.
 * @throws DomainError `not_eligible`, `holdout_locked` when none is set, `task_conflict` while another look is open, and
 *   those of a start
 */
export async function evaluateOnHoldout(context: Asking, jobId: string) {
  const { deps } = context;
  const candidate = await candidateOf(deps, jobId);
  const holdout = await holdoutFor(context, candidate);
  const key = keyOf(candidate);
  const looks = await deps.records.holdouts.looksAt(holdout.symbol);
  const before = looks.find((look) => look.candidate === key);
  if (before !== undefined && stands(before)) return await told(context, before);
  await assertEligible(deps, candidate, holdout);
  const open = looks.find(({ status }) => status === "open");
  if (open !== undefined) throw anotherOpen(open);
  const request = requestOf(candidate, holdout, key);
  const started = await startJob(context, {
    request,
    forceReason: before === undefined ? null : againBecause(before),
    experimentId: undefined,
    preflight: async () => ({ request, warnings: [] }),
  });
  return { ...started, answer: null, rule: RULE };
}

const RULE =
  "Pass or fail is all that is told. Each look is stricter than the one before: at the first, luck may explain 3 %.";

/** A look that was computed, or is open, is the candidate's answer, unless the operator voided it. */
const stands = ({ status, computed, result, voided }: OpenLook): boolean =>
  voided === null && (status === "open" || computed || result !== null);

const againBecause = ({ jobId, look, voided }: OpenLook): string =>
  voided === null ? `look ${look} was never computed by ${jobId}` : `look ${look} by ${jobId} is void`;

async function told({ deps }: Asking, { jobId, result }: OpenLook) {
  const status = statusFacts(jobId, await statusOf(deps, jobId));
  const answer = result === null ? null : result.passed ? ("passed" as const) : ("failed" as const);
  return { ...status, existing: true, warnings: [], answer, rule: RULE };
}

async function holdoutFor({ deps }: Asking, { request, job }: Candidate): Promise<Holdout> {
  const all = await deps.records.holdouts.all();
  const found = all.find(
    ({ symbol, timeframe }) => symbol === request.symbol.toUpperCase() && timeframe === request.timeframe,
  );
  if (found !== undefined) return found;
  throw new DomainError("not_eligible", {
    what: `No holdout of ${request.symbol} ${request.timeframe} is set, so ${job.jobId} cannot be examined.`,
    valid: all.map(({ symbol, timeframe }) => `a backtest on ${symbol} ${timeframe}`),
    next: "tell the user: the operator sets one with `ktrdr-mcp holdout set`",
  });
}

/** The same model on the same market with the same costs is the same candidate, however often it was backtested. */
function keyOf({ request }: Candidate): string {
  const { symbol, timeframe, modelPath, trainingJobId, initialCapital, commission, slippage } = request;
  const parts = [symbol.toUpperCase(), timeframe, modelPath, trainingJobId, initialCapital, commission, slippage];
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex");
}

function requestOf({ job, request }: Candidate, holdout: Holdout, candidate: string): HoldoutRequest {
  const { strategy, strategySha256, modelPath, trainingJobId, initialCapital, commission, slippage } = request;
  return {
    kind: "holdout",
    strategy,
    ...(strategySha256 === undefined ? {} : { strategySha256 }),
    symbol: holdout.symbol,
    timeframe: holdout.timeframe,
    startDate: holdout.firstDay,
    endDate: holdout.lastDay,
    modelPath,
    trainingJobId: trainingJobId ?? "",
    initialCapital,
    commission,
    slippage,
    candidateJobId: job.jobId,
    candidate,
  };
}

const anotherOpen = ({ jobId, symbol }: OpenLook) =>
  new DomainError("task_conflict", {
    what: `Another look at the holdout of ${symbol} is open: ${jobId}.`,
    why: "its answer decides how strict the next one is",
    next: `get_task_status with task_id ${jobId} and wait_seconds 45 until final, then call again`,
  });

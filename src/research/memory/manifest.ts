/** What produced a result: strategy, bars, engine, request, call and experiments, as far as they are known. */
import { hash } from "node:crypto";
import { kindOf, kindOfJob, type JobResult } from "../../domain/kinds/index.ts";
import type { JobRecord } from "../../store/job-row.ts";
import { compact, engineText } from "../../domain/facts.ts";
import type { Deps } from "../ports.ts";
import { shortVersion } from "../strategies/save-strategies.ts";

/** The log lists the newest calls first; the call that started the job is the oldest of these. */
const CALLS = 500;

export async function manifestOf(deps: Deps, job: JobRecord, result: JobResult) {
  const { jobId, request, admittedAt, finishedAt, forceReason } = job;
  const [sha256, experiments, call] = await Promise.all([
    strategyHash(deps, job),
    deps.records.experiments.list({ jobId, limit: 20, offset: 0 }),
    callOf(deps, job),
  ]);
  return compact({
    request,
    force_new_reason: forceReason,
    part_of: job.parentJobId,
    strategy_sha256: sha256,
    strategy_version: job.strategy === null || sha256 === null ? null : await versionOf(deps, job.strategy, sha256),
    data: "data" in result ? result.data : null,
    engine: engineText(result.engine),
    seed: request.kind === "training" ? "none: KTRDR sets no seed, each training is a random draw" : null,
    experiments: experiments.length === 0 ? null : experiments.map(({ experimentId }) => experimentId),
    call,
    admitted_at: admittedAt,
    finished_at: finishedAt,
  });
}

/** SHA-256 of the strategy text that was computed with: trainings and backtests check it before they start. */
export async function strategyHash({ records }: Deps, { jobId, request }: JobRecord): Promise<string | null> {
  if ("strategySha256" in request && request.strategySha256 !== undefined) return request.strategySha256;
  const text = await records.jobs.strategyText(jobId);
  return text === null ? null : hash("sha256", text);
}

/** The strategy's version with that text. Null when no version has it, or the folder or its history cannot be read. */
async function versionOf({ strategies }: Deps, name: string, sha256: string): Promise<string | null> {
  return await strategies.readVersion(name, sha256).then(
    ({ version }) => shortVersion(version.commit),
    () => null,
  );
}

async function callOf({ records }: Deps, { jobId, parentJobId, kind }: JobRecord) {
  const taskId = parentJobId ?? jobId;
  const tools = kindOf(parentJobId === null ? kind : (kindOfJob(parentJobId) ?? "batch")).startedBy;
  const calls = await Promise.all(tools.map((tool) => records.calls.recent({ tool, taskId, limit: CALLS })));
  const [first] = calls.flatMap((found) => found.slice(-1)).toSorted((a, b) => a.at.localeCompare(b.at));
  if (first === undefined) return null;
  return { tool: first.tool, at: first.at, by: first.identity?.name ?? first.clientName, arguments: first.arguments };
}

/** Champions on record, and the watches of their days after the approval. */
import type { BacktestRequest } from "../../src/domain/kinds/backtest.ts";
import type { Round } from "../../src/domain/registry/stage.ts";
import { createJobWriter, type JobWriter } from "../../src/store/job-writer.ts";
import type { Pool } from "../../src/store/pool.ts";
import { createRegistry } from "../../src/store/registry.ts";
import { recordCandidate, recordJob } from "./candidates.ts";
import { backtestResult } from "./job-records.ts";

/** Of the approved backtest: a bar varies by 0.01. */
const RAW = { sharpe_ratio: 2.4, volatility: 0.01 * Math.sqrt(252) };

/** A champion that was approved so many days ago. No decision can be that old, so it is written by hand. */
export async function recordChampion(
  pool: Pool,
  { name, symbol, daysAgo }: { readonly name: string; readonly symbol: string; readonly daysAgo: number },
): Promise<Round> {
  const jobId = await recordCandidate(createJobWriter(pool), name, { symbol, result: { raw: RAW } });
  const { round } = await createRegistry(pool).propose({ jobId, by: "claude", reason: "It holds." });
  const champion = "update candidates set stage = 'champion', waits_since = null, expires_at = null where job_id = $1";
  await pool.query(champion, [jobId]);
  await pool.query(
    `insert into candidate_events (job_id, n, at, what, stage, round, by)
     values ($1, 3, now() - $2 * interval '1 day', 'approved', 'champion', $3, 'operator ada')`,
    [jobId, daysAgo, round],
  );
  return { jobId, round };
}

/** A finished watch of so many returns, with this mean return of a bar. */
export async function recordWatch(
  writer: JobWriter,
  request: BacktestRequest,
  { n, returns, mean }: { readonly n: number; readonly returns: number; readonly mean: number },
): Promise<string> {
  const jobId = `backtest-watch-${n}`;
  const endDate = `2090-01-${String(n).padStart(2, "0")}`;
  const raw = { sharpe_ratio: (mean * 252) / 0.1, volatility: 0.1 };
  const { symbol, strategy, modelPath, startDate, watches } = request;
  const watched = { symbol, strategy, modelPath, startDate, endDate, raw, equityPoints: returns + 1 };
  const result = backtestResult({ ...watched, sharpe: 7.77, ...(watches === undefined ? {} : { watches }) });
  await recordJob(writer, jobId, { ...request, endDate }, result);
  return jobId;
}

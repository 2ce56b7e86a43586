import { citedCaveat } from "../../domain/cited-run.ts";
import { symbolsOf } from "../jobs/luck-of.ts";
import type { Deps } from "../ports.ts";

/**
 * What must be read with each of some runs: why it says less than it seems.
 * @returns by job id; runs that nothing is known against are left out
 * @throws DomainError `database_unavailable`
 */
export async function citedCaveats(deps: Deps, jobIds: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const runs = await deps.records.results.runs([...new Set(jobIds)]);
  const tried = await deps.records.ledger.counts(symbolsOf(runs));
  const said = runs.map((run) => [run.jobId, citedCaveat(run, tried.get(run.job?.symbol ?? "") ?? 1)] as const);
  return new Map(said.flatMap(([jobId, caveat]) => (caveat === null ? [] : [[jobId, caveat]])));
}

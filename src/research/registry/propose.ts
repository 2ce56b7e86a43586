/** What agents do with candidates: they propose and withdraw. A human decides. */
import { isDomainError } from "../../domain/errors.ts";
import { engineText } from "../../domain/facts.ts";
import type { Candidate } from "../../store/candidate-row.ts";
import type { CandidateWaits } from "../../temporal/candidate-waits.ts";
import type { Asking } from "../asking.ts";
import { candidateRow, gateRow, nextOf } from "./told-candidate.ts";

interface Wish {
  readonly jobId: string;
  readonly reason: string;
}

/**
 * Proposes a finished backtest as a champion, or gathers its evidence anew. What shows everything begins to wait for a
 * human; what lacks something is kept as a candidate, with the calls that supply it.
 * @throws DomainError `not_eligible`, `task_not_found`, `task_not_finished`, `database_unavailable`
 */
export async function proposeCandidate({ deps, caller }: Asking, { jobId, reason }: Wish) {
  const { registry, results } = deps.records;
  const candidate = await registry.propose({ jobId, by: caller.name, reason });
  if (candidate.stage === "waiting") await carriedOutLater(deps.waits.begin(candidate));
  const result = await results.get(jobId);
  return {
    ...candidateRow(candidate),
    gates: candidate.gates.map(gateRow),
    next: nextOf(candidate),
    ...(result === null ? {} : { engine: engineText(result.engine) }),
  };
}

/** @throws DomainError `candidate_not_found`, `not_waiting`, `database_unavailable` */
export async function withdrawCandidate({ deps, caller }: Asking, { jobId, reason }: Wish): Promise<Candidate> {
  const before = await deps.records.registry.get(jobId);
  const withdrawn = await deps.records.registry.withdraw({ jobId, by: caller.name, reason });
  if (before.stage === "waiting") await tellWait(deps.waits, before, "withdraw");
  return withdrawn;
}

/** Tells a wait that it was decided. When Temporal is away, the warden does so later. */
export async function tellWait(waits: CandidateWaits, ...told: Parameters<CandidateWaits["tell"]>): Promise<void> {
  await carriedOutLater(waits.tell(...told));
}

/** The record has it already: while Temporal is away, the warden sees to the rest. */
async function carriedOutLater(work: Promise<void>): Promise<void> {
  await work.catch((error: unknown) => {
    if (!isDomainError(error, "temporal_unavailable")) throw error;
  });
}

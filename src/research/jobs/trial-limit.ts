/** The operator's limit of trials, before a job is started. The admission holds it exactly, whoever starts at once. */
import { isDomainError } from "../../domain/errors.ts";
import type { JobRequest } from "../../domain/kinds/index.ts";
import { trialsAskedFor, trialsRunShort, trialsUsedUp } from "../../domain/luck/trial-limit.ts";
import type { Deps } from "../ports.ts";

/**
 * @returns warnings where fewer trials are left than are asked for; none while the record does not answer
 * @throws DomainError `trials_used_up` when a symbol has none left
 */
export async function checkTrialLimit({ records }: Deps, request: JobRequest): Promise<string[]> {
  const asked = trialsAskedFor(request);
  if (asked.size === 0) return [];
  const left = await records.ledger.left([...asked.keys()]).catch((error: unknown) => {
    if (isDomainError(error, "database_unavailable")) return new Map<string, number>();
    throw error;
  });
  return [...left].flatMap(([symbol, remaining]) => {
    if (remaining <= 0) throw trialsUsedUp(symbol);
    const wanted = asked.get(symbol) ?? 0;
    return wanted > remaining ? [trialsRunShort(symbol, wanted, remaining)] : [];
  });
}

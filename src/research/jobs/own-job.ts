/** Whose job it is: others may look at it, and only an operator may act on it. */
import { DomainError } from "../../domain/errors.ts";
import { mayUse } from "../../domain/identity.ts";
import type { Asking } from "../asking.ts";

/**
 * Only an operator may act on a job that somebody else started. Unknown jobs are refused by the next step.
 * @param acting what the caller would do, e.g. `cancelling it`
 * @throws DomainError `forbidden`
 */
export async function assertOwn(
  jobId: string,
  acting: string,
  { deps, caller }: Pick<Asking, "deps" | "caller">,
): Promise<void> {
  if (mayUse(caller, "operate")) return;
  // A new job is known to Temporal first; an old one may be on record only.
  const owner = (await deps.jobs.view(jobId))?.client ?? (await deps.records.jobs.get(jobId))?.client;
  if (owner === undefined || owner === caller.name) return;
  throw new DomainError("forbidden", {
    what: `${jobId} was started by somebody else; ${acting} needs the scope operate.`,
    next: "leave it to its owner or the operator; your own jobs are in list_tasks",
  });
}

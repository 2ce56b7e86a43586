/** Decisions that a human wrote down and that nobody has carried out yet. */
import { z } from "zod";
import { DomainError } from "../domain/errors.ts";
import { DECISIONS, type Round } from "../domain/registry/stage.ts";
import { select, type Session } from "./pool.ts";

const GrantRow = z.object({
  n: z.number(),
  decision: z.enum(DECISIONS),
  by: z.string(),
  /** The hash that an approval names. */
  evidence: z.string(),
  reason: z.string().nullable(),
});
export type Grant = Readonly<z.infer<typeof GrantRow>>;

const OPEN = `
  select n, decision, by, evidence, reason from candidate_grants
  where job_id = $1 and round = $2 and used_at is null`;

/** The one of a wait; undefined while nobody has decided. */
export async function openGrant(session: Session, { jobId, round }: Round): Promise<Grant | undefined> {
  return (await select(session, GrantRow, OPEN, [jobId, round]))[0];
}

/**
 * Nobody may undo what a human wrote down, also while no worker carries it out.
 * @param wait of a candidate that is locked. @throws DomainError `not_waiting`
 */
export async function assertUndecided(session: Session, { jobId, round }: Round): Promise<void> {
  const grant = await openGrant(session, { jobId, round });
  if (grant === undefined) return;
  throw new DomainError("not_waiting", {
    what: `${jobId} does not wait for a decision: it is decided.`,
    why: `${grant.by} has decided already (${grant.decision}); it is being carried out`,
    next: "list_candidates, or the page's champions, show what became of it",
  });
}

/** The evidence for a candidate, and the hash by which an approval names it. */
import { hash } from "node:crypto";
import canonicalize from "canonicalize";
import { z } from "zod";
import { changesBetween, gatesOf, hashedOf, reachedBy, type Reached } from "../domain/registry/evidence.ts";
import type { CandidateFacts } from "../domain/registry/facts.ts";
import type { Gate } from "../domain/registry/gate.ts";
import { candidateFacts } from "./candidate-facts.ts";
import { toJsonb } from "./json.ts";
import { run, select, type Pool, type Session } from "./pool.ts";

const Figure = z.union([z.number(), z.string(), z.boolean(), z.null()]);

/** As it is kept. */
export const GateRow = z.object({
  gate: z.string(),
  level: z.enum(["candidate", "validated", "exam"]),
  held: z.union([z.boolean(), z.literal("unknown")]),
  required: z.boolean(),
  figures: z.record(z.string(), Figure),
  says: z.string(),
  from: z.array(z.string()),
  next: z.string().nullable(),
}) satisfies z.ZodType<Gate>;

export interface Evidence {
  readonly facts: CandidateFacts;
  readonly gates: readonly Gate[];
  /** How far it leads. */
  readonly reached: Reached;
  /** 64 hexadecimal digits. */
  readonly hash: string;
}

/**
 * What the record says now. The same record has the same hash.
 * @throws DomainError as `candidateFacts`
 */
export async function gatherEvidence(pool: Pool, jobId: string): Promise<Evidence> {
  const facts = await candidateFacts(pool, jobId);
  const gates = gatesOf(facts);
  const text = canonicalize(hashedOf(jobId, gates)) ?? "";
  return { facts, gates, reached: reachedBy(gates), hash: hash("sha256", text) };
}

/** Keeps what was shown under its hash, so that it can be said later what changed. */
export async function keepEvidence(session: Session, { facts, gates, hash: name }: Evidence): Promise<void> {
  await run(
    session,
    "insert into candidate_evidence (hash, job_id, gates) values ($1, $2, $3) on conflict do nothing",
    [name, facts.jobId, toJsonb(gates)],
  );
}

/** What changed between the evidence of a hash and now; one line when nobody was ever shown that hash. */
export async function changesSince(session: Session, name: string, { facts, gates }: Evidence): Promise<string[]> {
  const row = z.object({ gates: z.array(GateRow) });
  const [before] = await select(session, row, "select gates from candidate_evidence where hash = $1 and job_id = $2", [
    name,
    facts.jobId,
  ]);
  return before === undefined
    ? ["evidence with this hash was never shown of this candidate"]
    : changesBetween(before.gates, gates);
}

/** The registry of champions as agents may use it: they propose, withdraw and read. Nothing here approves. */
import { DomainError } from "../domain/errors.ts";
import { missingOf } from "../domain/registry/evidence.ts";
import type { Forward } from "../domain/registry/forward.ts";
import { isOpen, WAIT_DAYS, type Stage } from "../domain/registry/stage.ts";
import { gatherEvidence, keepEvidence, type Evidence } from "./candidate-evidence.ts";
import { assertUndecided } from "./candidate-grants.ts";
import {
  candidatesWhere,
  eventsOf,
  locked,
  lockedOrThrow,
  move,
  neverProposed,
  note,
  type Candidate,
  type CandidateEvent,
  type NewEvent,
} from "./candidate-row.ts";
import { forwardBlocks } from "./forward-blocks.ts";
import { run, withTransaction, type Pool, type Session } from "./pool.ts";

interface Wish {
  readonly jobId: string;
  /** Who asks. */
  readonly by: string;
  readonly reason: string;
}

export interface CandidateFilter {
  readonly symbol?: string;
  /** All unless given. */
  readonly stages?: readonly Stage[];
  readonly limit: number;
}

/** Every method throws DomainError `database_unavailable` when PostgreSQL does not answer. */
export interface Registry {
  /** What speaks for a backtest now. @throws DomainError `task_not_found`, `task_not_finished`, `not_eligible` */
  evidence(jobId: string): Promise<Evidence>;
  /**
   * Proposes a finished backtest, or gathers the evidence of one anew that was proposed before. One that shows everything
   * begins to wait for a human; it does not wait longer for being proposed again.
   * @throws DomainError `not_eligible` with every gate of a candidate that does not hold, or when a human rejected it,
   *   or another of the same request;
   *   `not_waiting` while a human's decision is carried out; `task_not_found`, `task_not_finished`
   */
  propose(wish: Wish): Promise<Candidate>;
  /**
   * Takes back what nobody has decided.
   * @throws DomainError `candidate_not_found`, `not_waiting`, also while a human's decision is carried out
   */
  withdraw(wish: Wish): Promise<Candidate>;
  /** The last that changed first, those that wait before all others. */
  list(filter: CandidateFilter): Promise<readonly Candidate[]>;
  /** @throws DomainError `candidate_not_found` */
  get(jobId: string): Promise<Candidate>;
  /** What days after its approval say of a champion; null while nothing was measured, and for all others. */
  forward(jobId: string): Promise<Forward | null>;
  /** Oldest first. */
  history(jobId: string): Promise<readonly CandidateEvent[]>;
}

export function createRegistry(pool: Pool): Registry {
  return {
    evidence: (jobId) => gatherEvidence(pool, jobId),

    async propose(wish) {
      const evidence = await gatherEvidence(pool, wish.jobId);
      const [rejected] = await candidatesWhere(pool, SAME_REJECTED, [wish.jobId]);
      if (rejected !== undefined) throw rejectedBefore(rejected, wish.jobId);
      const proposed = await withTransaction(pool, (session) => proposeIn(session, wish, evidence));
      if (evidence.reached === "none") throw notEligible(evidence);
      if (proposed === null) throw new DomainError("internal", { what: `${wish.jobId} was not kept.` });
      return proposed;
    },

    withdraw: ({ jobId, by, reason }) =>
      withTransaction(pool, async (session) => {
        const found = await lockedOrThrow(session, jobId);
        if (!isOpen(found.stage)) throw closed(found);
        await assertUndecided(session, found);
        await move(session, jobId, "withdrawn", { what: "withdrawn", by, reason });
        return { ...found, stage: "withdrawn" as const };
      }),

    list: ({ symbol, stages, limit }) =>
      candidatesWhere(
        pool,
        `where ($1::text is null or c.symbol = $1) and ($2::text[] is null or c.stage = any($2))
         order by (c.stage = 'waiting') desc, (c.stage = 'champion') desc, c.changed_at desc, c.job_id limit $3`,
        [symbol ?? null, stages === undefined ? null : [...stages], limit],
      ),

    async get(jobId) {
      const [found] = await candidatesWhere(pool, "where c.job_id = $1", [jobId]);
      if (found === undefined) throw neverProposed(jobId);
      return found;
    },

    forward: (jobId) => forwardBlocks(pool, jobId),

    history: (jobId) => eventsOf(pool, jobId),
  };
}

/** SQL: a rejection is of what was asked for: computing the same anew, or insisting on it, makes no other candidate. */
const SAME_REJECTED = `
  join jobs theirs on theirs.job_id = c.job_id join jobs ours on ours.job_id = $1
  where c.stage = 'rejected' and c.strategy = ours.strategy and theirs.request - 'insisted' = ours.request - 'insisted'
  order by (c.job_id = $1) desc, c.job_id limit 1`;

/** Null for one that was not on record, and shows too little to be. */
async function proposeIn(session: Session, wish: Wish, evidence: Evidence): Promise<Candidate | null> {
  const { reached, hash } = evidence;
  const { jobId, by, reason } = wish;
  const isNew = reached !== "none" && (await insertNew(session, wish, evidence));
  const before = await locked(session, jobId);
  if (before === null) return null;
  const { stage } = before;
  if (stage === "rejected") throw rejectedBefore(before, jobId);
  await assertUndecided(session, before);
  // A champion is not judged anew by whoever proposes it, and what has ended stays ended when it shows less now.
  if (stage === "champion" || (reached === "none" && !isOpen(stage))) return before;
  await keepEvidence(session, evidence);
  const told = { by, reason, evidence: hash };
  const event = { what: isNew || !isOpen(stage) ? "proposed" : "refreshed", ...told } as const;
  if (reached !== "waiting") await move(session, jobId, reached === "none" ? "candidate" : reached, event);
  else if (stage === "waiting") await refresh(session, jobId, event);
  else await beginToWait(session, jobId, event);
  const words = "update candidates set proposed_by = $2, reason = $3 where job_id = $1";
  await run(session, words, [jobId, by, reason]);
  return await locked(session, jobId);
}

/** @returns whether it was not there */
async function insertNew(session: Session, { jobId, by, reason }: Wish, evidence: Evidence): Promise<boolean> {
  await keepEvidence(session, evidence);
  const { strategy, symbol, timeframe } = evidence.facts;
  const added = await run(
    session,
    `insert into candidates (job_id, strategy, symbol, timeframe, stage, evidence, proposed_by, reason)
     values ($1, $2, $3, $4, 'candidate', $5, $6, $7) on conflict do nothing returning 1`,
    [jobId, strategy, symbol, timeframe, evidence.hash, by, reason],
  );
  return added.length > 0;
}

/** It waits on, as long as it would have. */
async function refresh(session: Session, jobId: string, event: NewEvent): Promise<void> {
  await run(session, "update candidates set evidence = $2, changed_at = now() where job_id = $1", [
    jobId,
    event.evidence,
  ]);
  await note(session, jobId, event);
}

async function beginToWait(session: Session, jobId: string, event: NewEvent): Promise<void> {
  await run(
    session,
    `update candidates set stage = 'waiting', round = round + 1, evidence = $2, waits_since = now(), changed_at = now(),
       expires_at = now() + interval '${WAIT_DAYS} days' where job_id = $1`,
    [jobId, event.evidence],
  );
  await note(session, jobId, event);
  await note(session, jobId, { what: "waits", by: "the registry" });
}

function notEligible({ facts, gates }: Evidence): DomainError {
  const missing = missingOf(gates, "candidate");
  return new DomainError("not_eligible", {
    what: `${facts.jobId} cannot be proposed as a champion.`,
    why: missing.map(({ gate, says }) => `${gate}: ${says}`).join(" "),
    next: missing.flatMap(({ next }) => next ?? []).join("; "),
  });
}

const rejectedBefore = ({ jobId, lastBy, lastReason, changedAt }: Candidate, asked: string): DomainError =>
  new DomainError("not_eligible", {
    what: `${jobId}${jobId === asked ? "" : ", which asks for the same,"} was rejected by ${lastBy ?? "a human"} on ${changedAt.slice(0, 10)}.`,
    ...(lastReason === null ? {} : { why: lastReason }),
    next: "propose another backtest; what a human rejected is not proposed again",
  });

const closed = ({ jobId, stage }: Candidate): DomainError =>
  new DomainError("not_waiting", {
    what: `${jobId} is ${stage}: there is nothing to withdraw.`,
    valid: ["a candidate whose stage is candidate, validated or waiting"],
    next: "list_candidates shows the stages",
  });

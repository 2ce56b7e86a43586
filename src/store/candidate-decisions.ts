/** Carries out what humans decided. The workflow of a waiting candidate asks for it; what counts is the record alone. */
import { z } from "zod";
import { missingOf } from "../domain/registry/evidence.ts";
import { DECISIONS, STAGES, type Decision, type Round, type Stage } from "../domain/registry/stage.ts";
import { changesSince, gatherEvidence, keepEvidence, type Evidence } from "./candidate-evidence.ts";
import { openGrant, type Grant } from "./candidate-grants.ts";
import { candidatesWhere, locked, move, note, type Candidate } from "./candidate-row.ts";
import { run, select, withTransaction, type Pool, type Session } from "./pool.ts";

/** Who does what no human decided. */
const REGISTRY = "the registry";

/** Where a wait stands. */
export interface WaitStanding {
  readonly stage: Stage;
  /** Whether this wait has ended. */
  readonly over: boolean;
  /** Until it expires, by the database's clock; 0 when it is over. */
  readonly leftMs: number;
}

/** A wait that is open, and what a human decided of it that nobody has carried out; null: nothing. */
export interface OpenWait extends Round {
  readonly strategy: string;
  readonly symbol: string;
  readonly timeframe: string;
  readonly decision: Decision | null;
}

/** Every method throws DomainError `database_unavailable` when PostgreSQL does not answer. */
export interface CandidateDecisions {
  /**
   * Carries out the decision that a human wrote down, or ends the wait when its time is over. An approval counts when the
   * evidence still is what was approved; else it is kept as refused, and the candidate waits on. May be repeated.
   */
  settle(wait: Round): Promise<WaitStanding>;
  /** The oldest first. */
  open(): Promise<readonly OpenWait[]>;
}

const OpenRow = z.object({
  jobId: z.string(),
  round: z.number(),
  strategy: z.string(),
  symbol: z.string(),
  timeframe: z.string(),
  decision: z.enum(DECISIONS).nullable(),
});

const OPEN = `
  select c.job_id, c.round, c.strategy, c.symbol, c.timeframe, (select g.decision from candidate_grants g
    where g.job_id = c.job_id and g.round = c.round and g.used_at is null) as decision
  from candidates c where c.stage = 'waiting' order by c.waits_since, c.job_id`;

const StandingRow = z.object({ stage: z.enum(STAGES), round: z.number(), leftMs: z.number().nullable() });

export function createCandidateDecisions(pool: Pool): CandidateDecisions {
  return {
    async settle(wait) {
      const { jobId, round } = wait;
      // A rejection never waits for evidence.
      const approved = (await openGrant(pool, wait))?.decision === "approve";
      const evidence = approved ? await gatherEvidence(pool, jobId) : null;
      return await withTransaction(pool, async (session) => {
        const candidate = await locked(session, jobId);
        if (candidate?.stage === "waiting" && candidate.round === round) {
          const grant = await openGrant(session, wait);
          if (grant === undefined) await expire(session, candidate);
          else if (grant.decision === "reject") await reject(session, candidate, grant);
          // Without evidence the approval came a moment ago, and its signal will ask again.
          else if (evidence !== null) await approve(session, candidate, grant, evidence);
        }
        return await standingOf(session, jobId, round);
      });
    },

    open: () => select(pool, OpenRow, OPEN),
  };
}

async function useUp(session: Session, { jobId, round }: Candidate, { n }: Grant): Promise<void> {
  const used = "update candidate_grants set used_at = now() where job_id = $1 and round = $2 and n = $3";
  await run(session, used, [jobId, round, n]);
}

async function reject(session: Session, candidate: Candidate, grant: Grant): Promise<void> {
  const { by, reason } = grant;
  await useUp(session, candidate, grant);
  await move(session, candidate.jobId, "rejected", { what: "rejected", by, reason });
}

async function approve(session: Session, candidate: Candidate, grant: Grant, evidence: Evidence): Promise<void> {
  const { jobId } = candidate;
  const { by, reason } = grant;
  await useUp(session, candidate, grant);
  if (evidence.hash !== grant.evidence || evidence.reached !== "waiting") {
    const changed = await changesSince(session, grant.evidence, evidence);
    const missing = missingOf(evidence.gates).map(({ says }) => says);
    await keepEvidence(session, evidence);
    const why = `the evidence changed after ${by} approved it: ${[...changed, ...missing].join("; ")}`;
    return await note(session, jobId, { what: "refused", by: REGISTRY, reason: why, evidence: grant.evidence });
  }
  await replaceChampion(session, candidate, by);
  await move(session, jobId, "champion", { what: "approved", by, reason, evidence: evidence.hash });
}

/** One champion for each symbol and timeframe, also when two are approved at once. */
async function replaceChampion(session: Session, { jobId, symbol, timeframe }: Candidate, by: string): Promise<void> {
  await run(session, "select pg_advisory_xact_lock(hashtextextended($1, 0))", [`champion of ${symbol} ${timeframe}`]);
  const where = "where c.symbol = $1 and c.timeframe = $2 and c.stage = 'champion' for update of c";
  for (const old of await candidatesWhere(session, where, [symbol, timeframe])) {
    await move(session, old.jobId, "replaced", { what: "replaced", by, reason: `${jobId} took its place` });
  }
}

async function expire(session: Session, { jobId, expiresAt }: Candidate): Promise<void> {
  const over = await run(session, "select 1 from candidates where job_id = $1 and expires_at <= now()", [jobId]);
  if (over.length === 0) return;
  const reason = `nobody decided until ${expiresAt ?? "its end"}`;
  await move(session, jobId, "expired", { what: "expired", by: REGISTRY, reason });
}

async function standingOf(session: Session, jobId: string, round: number): Promise<WaitStanding> {
  const left = "(extract(epoch from expires_at - now()) * 1000)::float8 as left_ms";
  const [row] = await select(session, StandingRow, `select stage, round, ${left} from candidates where job_id = $1`, [
    jobId,
  ]);
  if (row?.stage !== "waiting" || row.round !== round) {
    return { stage: row?.stage ?? "withdrawn", over: true, leftMs: 0 };
  }
  return { stage: row.stage, over: false, leftMs: Math.max(0, row.leftMs ?? 0) };
}

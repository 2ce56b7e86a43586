/**
 * Writes down what a human decided about a candidate: the only way to a champion. Only the operator's commands and the
 * page's door are given it, never a tool (test/structure/one-rule.test.ts).
 */
import { z } from "zod";
import { DomainError } from "../domain/errors.ts";
import { missingOf } from "../domain/registry/evidence.ts";
import type { HumanDecision, SentForm, TypedDecision } from "../domain/registry/decision.ts";
import type { Round } from "../domain/registry/stage.ts";
import { changesSince, gatherEvidence, keepEvidence, type Evidence } from "./candidate-evidence.ts";
import { assertUndecided } from "./candidate-grants.ts";
import { lockedOrThrow, move, neverProposed, type Candidate } from "./candidate-row.ts";
import { useForm, whoDecides } from "./page-forms.ts";
import { run, select, withTransaction, type Pool, type Session } from "./pool.ts";

/** A decision that was written down. Its workflow carries it out. */
export interface Granted extends Round {
  /** Which decision of this wait. */
  readonly n: number;
}

/** Every method throws DomainError `database_unavailable` when PostgreSQL does not answer. */
export interface Approvals {
  /** What speaks for a candidate now; it is kept, so that it can be said later what changed. @throws as `gatherEvidence` */
  show(jobId: string): Promise<Evidence>;
  /**
   * A decision on a terminal. To reject a champion takes its title at once: nothing waits for that.
   * @throws DomainError `candidate_not_found`, `not_waiting` when it was decided, expired or shows too little, and for a
   *   rejection when it stands elsewhere than was shown; `approval_refused` for another name; `evidence_changed`, of an
   *   approval, saying what changed
   */
  grant(decision: TypedDecision, by: string): Promise<Granted>;
  /**
   * A decision by the form of the page, which it uses up.
   * @throws DomainError as `grant`, and `forbidden` for a browser that may not decide, `approval_refused` for a form that
   *   was used, is of another candidate or evidence, or that another tab took the place of
   */
  grantByForm(decision: HumanDecision, form: SentForm): Promise<Granted>;
  /** Whether a decision was carried out. A wait that ended otherwise counts. */
  carriedOut(granted: Granted): Promise<boolean>;
}

export function createApprovals(pool: Pool): Approvals {
  return {
    async show(jobId) {
      const evidence = await gatherEvidence(pool, jobId);
      await keepEvidence(pool, evidence);
      return evidence;
    },

    async grant(decision, by) {
      const now = await evidenceOf(pool, decision);
      return await withTransaction(pool, async (session) => {
        const candidate = await lockedOrThrow(session, decision.jobId);
        const { jobId, round, stage, strategy } = candidate;
        if (decision.decision === "approve") return await grantIn(session, decision, by, now);
        // To reject means one thing of a candidate that waits, and another of a champion.
        if (stage !== decision.stage) throw notWaiting(jobId, `${stage}, and was ${decision.stage}`, whyNot(candidate));
        if (stage !== "champion") return await grantIn(session, decision, by, now);
        if (decision.name !== strategy) throw wrongName({ jobId, strategy });
        await move(session, jobId, "demoted", { what: "demoted", by, reason: decision.reason });
        return { jobId, round, n: 0 };
      });
    },

    async grantByForm(decision, form) {
      const { jobId, evidence } = decision;
      // Strangers cost one question.
      await whoDecides(pool, form);
      const now = await evidenceOf(pool, decision);
      return await withTransaction(pool, async (session) => {
        const by = await whoDecides(session, form);
        await assertWaits(session, await lockedOrThrow(session, jobId));
        await useForm(session, { ...form, jobId, evidence });
        return await grantIn(session, decision, by, now);
      });
    },

    async carriedOut({ jobId, round, n }) {
      const found = await run(
        pool,
        `select 1 from candidates c left join candidate_grants g on g.job_id = c.job_id and g.round = $2 and g.n = $3
         where c.job_id = $1 and (g.used_at is not null or c.stage <> 'waiting' or c.round <> $2)`,
        [jobId, round, n],
      );
      return found.length > 0;
    },
  };
}

/** Null for a rejection, which needs none. @throws DomainError `candidate_not_found`, and as `gatherEvidence` */
async function evidenceOf(pool: Pool, { jobId, decision }: HumanDecision): Promise<Evidence | null> {
  const [known] = await run(pool, "select 1 from candidates where job_id = $1", [jobId]);
  if (known === undefined) throw neverProposed(jobId);
  return decision === "reject" ? null : await gatherEvidence(pool, jobId);
}

async function grantIn(
  session: Session,
  { jobId, decision, name, evidence, reason }: HumanDecision,
  by: string,
  now: Evidence | null,
): Promise<Granted> {
  const candidate = await lockedOrThrow(session, jobId);
  await assertWaits(session, candidate);
  if (name !== candidate.strategy) throw wrongName(candidate);
  if (now !== null) {
    if (evidence !== now.hash) throw changed(jobId, await changesSince(session, evidence, now), now.hash);
    if (now.reached !== "waiting") throw showsLess(now);
    await keepEvidence(session, now);
  }
  const { round } = candidate;
  const [row] = await select(
    session,
    z.object({ n: z.number() }),
    `insert into candidate_grants (job_id, round, n, decision, by, name, evidence, reason)
     select $1, $2, 1 + count(*), $3, $4, $5, coalesce(${SHOWN}, $8), $7 from candidate_grants where job_id = $1 and round = $2 returning n`,
    [jobId, round, decision, by, name, evidence, reason, candidate.evidence],
  );
  return { jobId, round, n: row?.n ?? 1 };
}

/** SQL: the evidence that was seen, when somebody was shown it. A rejection counts whatever it names. */
const SHOWN = "(select hash from candidate_evidence where hash = $6 and job_id = $1)";

/** @throws DomainError `not_waiting` */
async function assertWaits(session: Session, candidate: Candidate): Promise<void> {
  const { jobId, stage } = candidate;
  if (stage !== "waiting") throw notWaiting(jobId, stage, whyNot(candidate));
  await assertUndecided(session, candidate);
  const over = await run(session, "select 1 from candidates where job_id = $1 and expires_at <= now()", [jobId]);
  if (over.length > 0) throw notWaiting(jobId, "over its time", "it must be proposed again");
}

function whyNot({ stage, gates, lastAt, lastBy, lastReason, changedAt }: Candidate): string {
  if (stage === "candidate" || stage === "validated") {
    return missingOf(gates)
      .map(({ says }) => says)
      .join(" ");
  }
  const reason = lastReason === null ? "" : `: ${lastReason}`;
  return `${lastBy ?? "somebody"} made it so at ${lastAt ?? changedAt}${reason}`;
}

const notWaiting = (jobId: string, standing: string, why: string) =>
  new DomainError("not_waiting", {
    what: `${jobId} does not wait for a decision: it is ${standing}.`,
    why,
    next: "read it again before you decide",
  });

const wrongName = ({ jobId, strategy }: Pick<Candidate, "jobId" | "strategy">) =>
  new DomainError("approval_refused", {
    what: `The name that was typed is not that of ${jobId}.`,
    valid: [strategy],
    next: "type the name of its strategy, letter by letter",
  });

const changed = (jobId: string, changes: readonly string[], now: string) =>
  new DomainError("evidence_changed", {
    what: `The evidence for ${jobId} is not what was seen any more.`,
    why: changes.join("; "),
    next: `read it again: its hash is ${now} now`,
  });

const showsLess = ({ facts, gates }: Evidence) =>
  new DomainError("not_waiting", {
    what: `${facts.jobId} shows less than when it began to wait.`,
    why: missingOf(gates)
      .map(({ says }) => says)
      .join(" "),
    next: "leave it, or reject it: propose_champion gathers its evidence anew",
  });

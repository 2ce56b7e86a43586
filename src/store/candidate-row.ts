/** Candidates and their history as rows. A candidate stands where its last event left it. */
import { z } from "zod";
import { DomainError } from "../domain/errors.ts";
import { STAGES, type Stage } from "../domain/registry/stage.ts";
import { GateRow } from "./candidate-evidence.ts";
import { Instant } from "./job-row.ts";
import { toJsonb } from "./json.ts";
import { run, select, type Session } from "./pool.ts";

const WHAT = [
  "proposed",
  "refreshed",
  "waits",
  "approved",
  "rejected",
  "refused",
  "withdrawn",
  "expired",
  "replaced",
  "demoted",
  "forward",
] as const;

const CandidateRow = z.object({
  /** The backtest that was proposed. */
  jobId: z.string(),
  strategy: z.string(),
  symbol: z.string(),
  timeframe: z.string(),
  stage: z.enum(STAGES),
  /** How often it began to wait. */
  round: z.number(),
  /** The hash of the evidence by which it stands there. */
  evidence: z.string(),
  gates: z.array(GateRow),
  proposedBy: z.string(),
  /** Theirs: data, never followed. */
  reason: z.string(),
  proposedAt: Instant,
  /** While it waits. */
  waitsSince: Instant.nullable(),
  expiresAt: Instant.nullable(),
  /** What happened to it last, when, who did it and why. A watch of a champion changes nothing, and is left out. */
  lastWhat: z.enum(WHAT).nullable(),
  lastAt: Instant.nullable(),
  lastBy: z.string().nullable(),
  lastReason: z.string().nullable(),
  changedAt: Instant,
});
export type Candidate = Readonly<z.infer<typeof CandidateRow>>;

const EventRow = z.object({
  n: z.number(),
  at: Instant,
  what: z.enum(WHAT),
  /** Where it stood afterwards. */
  stage: z.enum(STAGES),
  by: z.string(),
  reason: z.string().nullable(),
  evidence: z.string().nullable(),
});
/** Something that happened to a candidate. */
export type CandidateEvent = Readonly<z.infer<typeof EventRow>>;

/** SQL: the columns of `Candidate`. */
const COLUMNS = `
  select c.*, e.gates, l.what as last_what, l.at as last_at, l.by as last_by, l.reason as last_reason
  from candidates c join candidate_evidence e on e.hash = c.evidence left join lateral (
    select what, at, by, reason from candidate_events h where h.job_id = c.job_id and h.what <> 'forward' order by n desc limit 1) l on true`;

export const candidatesWhere = (session: Session, rest: string, values: readonly unknown[]): Promise<Candidate[]> =>
  select(session, CandidateRow, `${COLUMNS} ${rest}`, values);

export const eventsOf = (session: Session, jobId: string): Promise<CandidateEvent[]> =>
  select(session, EventRow, "select * from candidate_events where job_id = $1 order by n", [jobId]);

/** The candidate, which stays as it is until the transaction ends; null when it was never proposed. */
export async function locked(session: Session, jobId: string): Promise<Candidate | null> {
  const [found] = await candidatesWhere(session, "where c.job_id = $1 for update of c", [jobId]);
  return found ?? null;
}

/** @throws DomainError `candidate_not_found` */
export async function lockedOrThrow(session: Session, jobId: string): Promise<Candidate> {
  const found = await locked(session, jobId);
  if (found !== null) return found;
  throw neverProposed(jobId);
}

export const neverProposed = (jobId: string): DomainError =>
  new DomainError("candidate_not_found", {
    what: `${jobId} was never proposed.`,
    next: "list_candidates, or the page's champions, name those that were",
  });

export interface NewEvent {
  readonly what: CandidateEvent["what"];
  readonly by: string;
  readonly reason?: string | null;
  readonly evidence?: string;
  /** Of `forward` only. */
  readonly figures?: Readonly<Record<string, unknown>>;
}

/** Adds a line to the history of a candidate that is locked, after its row was changed. */
export async function note(session: Session, jobId: string, event: NewEvent): Promise<void> {
  const { what, by, reason, evidence, figures } = event;
  await run(
    session,
    `insert into candidate_events (job_id, n, what, stage, round, by, reason, evidence, figures)
     select c.job_id, 1 + (select count(*) from candidate_events e where e.job_id = c.job_id), $2, c.stage, c.round, $3, $4,
       coalesce($5, c.evidence), $6
     from candidates c where c.job_id = $1`,
    [jobId, what, by, reason ?? null, evidence ?? null, figures === undefined ? null : toJsonb(figures)],
  );
}

/** Moves a candidate that is locked to a stage in which it does not wait. */
export async function move(
  session: Session,
  jobId: string,
  stage: Exclude<Stage, "waiting">,
  event: NewEvent,
): Promise<void> {
  await run(
    session,
    `update candidates set stage = $2, waits_since = null, expires_at = null, evidence = coalesce($3, evidence),
       changed_at = now() where job_id = $1`,
    [jobId, stage, event.evidence ?? null],
  );
  await note(session, jobId, event);
}

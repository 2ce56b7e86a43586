/** Holdouts: what is kept back of which symbol, and the looks at it with what only the operator reads. */
import { z } from "zod";
import { DomainError } from "../domain/errors.ts";
import type { Cut, KeptFile } from "../domain/holdout/holdout.ts";
import { HoldoutRequest, HoldoutResult } from "../domain/kinds/holdout.ts";
import { FINAL_STATUSES, JobFailure } from "../domain/outcome.ts";
import { Instant } from "./job-row.ts";
import { toJsonb } from "./json.ts";
import { run, select, withTransaction, type Pool, type Session } from "./pool.ts";

const HoldoutRow = z.object({
  symbol: z.string(),
  timeframe: z.string(),
  /** The first day that is kept back. */
  startDate: z.string(),
  /** What all looks together may be wrong in. */
  alpha: z.number(),
  firstDay: z.string(),
  lastDay: z.string(),
  years: z.number(),
  bytes: z.coerce.number(),
  sha256: z.string(),
  setAt: Instant,
  setBy: z.string(),
});

/** A holdout as the operator set it, and its file as it was left. */
export type Holdout = Cut & KeptFile & Readonly<z.infer<typeof HoldoutRow>>;
export type NewHoldout = Omit<Holdout, "setAt">;

/** What KTRDR answered to a look, or why it did not. */
const Sealed = z.union([
  z.strictObject({ summary: z.record(z.string(), z.unknown()) }),
  z.strictObject({ failure: JobFailure }),
]);
export type Sealed = z.infer<typeof Sealed>;

const LookRow = z.object({
  jobId: z.string(),
  symbol: z.string(),
  /** From 1, for each symbol. */
  look: z.number(),
  candidate: z.string(),
  status: z.enum(["open", ...FINAL_STATUSES]),
  /** Whether KTRDR computed it, or may have. */
  computed: z.boolean(),
  /** Why the operator voided it; null when not. */
  voided: z.string().nullable(),
  request: HoldoutRequest,
  result: HoldoutResult.nullable(),
  sealed: Sealed.nullable(),
  admittedAt: Instant,
});

/** One look. `sealed` is for the operator only. */
export type Look = z.infer<typeof LookRow>;
/** A look as research may know it. */
export type OpenLook = Omit<Look, "sealed">;

/** Passes and open looks before a look, by the ledger. */
export interface Standing {
  readonly look: number;
  readonly alpha: number;
  readonly passes: number;
  readonly open: number;
  readonly sealed: Sealed | null;
}

/** Every method throws DomainError `database_unavailable` when PostgreSQL does not answer. */
export interface HoldoutReader {
  all(): Promise<readonly Holdout[]>;
  /** The looks at a symbol's holdout without their figures, the newest first. */
  looksAt(symbol: string): Promise<readonly OpenLook[]>;
}

export interface HoldoutStore extends HoldoutReader {
  /** Writes a new holdout and its line in the ledger down, once. */
  add(holdout: NewHoldout): Promise<void>;
  /** Notes that newer bars were moved behind the lock, in the ledger too. Nothing happens when the file is the same. */
  moved(cut: Cut, file: KeptFile, by: string): Promise<void>;
  /** All looks with their figures, the oldest first. */
  looks(): Promise<readonly Look[]>;
  /** Voids a look: it stays counted. @throws DomainError `invalid_input` when there is no such look, or it was voided */
  voidLook(jobId: string, reason: string, by: string): Promise<Look>;
  /** Keeps what KTRDR answered to a look; the first answer stays. */
  seal(jobId: string, sealed: Sealed): Promise<void>;
  /** @throws DomainError `task_not_found` when there is no such look */
  standing(jobId: string): Promise<Standing>;
}

const LOOKS = `
  select l.job_id, l.symbol, l.look, l.candidate, l.sealed, j.status, j.request, j.admitted_at, r.result,
    exists (select from computations c where c.job_id = l.job_id and (c.operation_id is not null or c.posting_at > 'epoch'))
      as computed,
    (select v.event ->> 'reason' from trial_events v where v.kind = 'void' and v.symbol = l.symbol
       and (v.event ->> 'look')::integer = l.look limit 1) as voided
  from holdout_looks l join jobs j using (job_id) left join results r using (job_id)`;

export function createHoldoutReader(pool: Pool): HoldoutReader {
  return {
    all: () => select(pool, HoldoutRow, "select * from holdouts order by symbol, timeframe"),
    looksAt: async (symbol) => {
      const found = await select(pool, LookRow, `${LOOKS} where l.symbol = $1 order by j.admitted_at desc`, [symbol]);
      return found.map(({ sealed: _theirs, ...look }) => look);
    },
  };
}

export function createHoldoutStore(pool: Pool): HoldoutStore {
  return {
    ...createHoldoutReader(pool),

    add: (holdout) =>
      withTransaction(pool, async (session) => {
        const { symbol, timeframe, startDate, alpha, years, firstDay, lastDay, bytes, sha256, setBy } = holdout;
        const added = await run(
          session,
          `insert into holdouts (symbol, timeframe, start_date, alpha, years, first_day, last_day, bytes, sha256, set_by)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) on conflict do nothing returning 1`,
          [symbol, timeframe, startDate, alpha, years, firstDay, lastDay, bytes, sha256, setBy],
        );
        if (added.length > 0) await note(session, holdout, setBy, { alpha, sha256 });
      }),

    moved: (cut, file, by) =>
      withTransaction(pool, async (session) => {
        const { years, firstDay, lastDay, bytes, sha256 } = file;
        const changed = await run(
          session,
          `update holdouts set years = $3, first_day = $4, last_day = $5, bytes = $6, sha256 = $7
           where symbol = $1 and timeframe = $2 and sha256 <> $7 returning 1`,
          [cut.symbol, cut.timeframe, years, firstDay, lastDay, bytes, sha256],
        );
        if (changed.length > 0) await note(session, { ...cut, lastDay }, by, { sha256 });
      }),

    looks: () => select(pool, LookRow, `${LOOKS} order by l.symbol, l.look, j.admitted_at`),

    voidLook: (jobId, reason, by) =>
      withTransaction(pool, async (session) => {
        const [look] = await select(session, LookRow, `${LOOKS} where l.job_id = $1`, [jobId]);
        if (look === undefined) throw await noSuchLook(session, jobId);
        if (look.voided !== null) throw voidedBefore(look.jobId, look.voided);
        const event = { kind: "void", symbol: look.symbol, look: look.look, ofJob: jobId, reason, client: by };
        await run(session, "select append_trial_event($1)", [toJsonb(event)]);
        return { ...look, voided: reason };
      }),

    async seal(jobId, sealed) {
      await run(pool, "update holdout_looks set sealed = coalesce(sealed, $2) where job_id = $1", [
        jobId,
        toJsonb(sealed),
      ]);
    },

    async standing(jobId) {
      const [found] = await select(pool, StandingRow, STANDING, [jobId]);
      if (found !== undefined) return found;
      throw new DomainError("task_not_found", { what: `There is no look ${jobId} at a holdout on record.` });
    },
  };
}

const StandingRow = z.object({
  look: z.number(),
  alpha: z.number(),
  passes: z.number(),
  open: z.number(),
  sealed: Sealed.nullable(),
});

const STANDING = `
  select l.look, h.alpha, l.sealed,
    (select count(distinct t.event -> 'look')::integer from trial_events t where t.kind = 'holdout' and t.state = 'finished'
       and t.symbol = l.symbol and (t.event ->> 'look')::integer < l.look and (t.event ->> 'passed')::boolean) as passes,
    (select count(distinct o.look)::integer from holdout_looks o join jobs k using (job_id)
       where o.symbol = l.symbol and o.look < l.look and k.status = 'open') as open
  from holdout_looks l join jobs j using (job_id)
    join holdouts h on h.symbol = l.symbol and h.timeframe = j.timeframe
  where l.job_id = $1`;

/** A line of the ledger about the holdout itself. */
async function note(session: Session, cut: Cut & { readonly lastDay: string }, by: string, more: object) {
  const { symbol, timeframe, startDate, lastDay } = cut;
  const event = { kind: "holdout", symbol, timeframe, startDate, endDate: lastDay, client: by, ...more };
  await run(session, "select append_trial_event($1)", [toJsonb(event)]);
}

async function noSuchLook(session: Session, jobId: string): Promise<DomainError> {
  const known = await select(session, LookRow, `${LOOKS} order by j.admitted_at desc limit 20`);
  return new DomainError("invalid_input", {
    what: `There is no look ${jobId}.`,
    valid: known.map((look) => look.jobId),
    next: "`ktrdr-mcp holdout status` lists the looks",
  });
}

const voidedBefore = (jobId: string, reason: string) =>
  new DomainError("invalid_input", {
    what: `The look ${jobId} is void already.`,
    why: `The reason was: ${reason}`,
    next: "nothing needs to be done: it stays counted, and its candidate may be looked at once more",
  });

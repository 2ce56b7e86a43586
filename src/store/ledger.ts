import { hash } from "node:crypto";
import { z } from "zod";
import type { DateWindow } from "../domain/market-data.ts";
import { toJsonb } from "./json.ts";
import { run, select, type Pool, type Session } from "./pool.ts";
import { sharedDays } from "./shared-days.ts";
import { isPart } from "./part.ts";

/** The last line of the ledger of trials, which vouches for all lines before it. */
export interface LedgerHead {
  /** Number of lines. */
  readonly seq: number;
  /** 64 hexadecimal digits. */
  readonly hash: string;
}

/** What was looked at of one symbol. */
export interface Trials {
  /** Backtests whose figures were shown. The same figures of the same run count once. */
  readonly count: number;
  /** How many of them share days with the window that was asked about. */
  readonly onTheseDays: number;
  /** Standard deviation of their annual Sharpe ratios; null for fewer than two. */
  readonly deviation: number | null;
}

/** A head that was written down elsewhere, and where. */
export interface Anchor extends LedgerHead {
  readonly place: string;
}

/** Where a symbol stands. */
export interface TrialStanding {
  /** As `Trials.count`. */
  readonly count: number;
  /** Trials that the operator's limit still lets begin, 0 or less when it is reached; null without a limit. */
  readonly left: number | null;
}

const LimitRow = z.object({
  symbol: z.string(),
  /** Backtests of the symbol whose figures may be shown. */
  limit: z.number(),
  /** 0 or less when it is reached. */
  left: z.number(),
  /** ISO-8601 UTC. */
  at: z.string(),
  /** Who set it, and why. */
  by: z.string(),
  reason: z.string(),
});
/** The operator's limit of trials on a symbol. */
export type TrialLimit = Readonly<z.infer<typeof LimitRow>>;

/** What a check of the ledger found wrong, one line each; empty when nothing is. */
export interface LedgerCheck {
  readonly head: LedgerHead | null;
  readonly wrong: readonly string[];
}

/** All methods throw DomainError `database_unavailable` when PostgreSQL does not answer. */
export interface Ledger {
  readonly head: () => Promise<LedgerHead | null>;
  /** @param window days, YYYY-MM-DD, both included */
  trials(symbol: string, window: DateWindow): Promise<Trials>;
  /** `Trials.count` of several symbols; those of which nothing was looked at are left out. */
  counts(symbols: readonly string[]): Promise<ReadonlyMap<string, number>>;
  /** How many were looked at of each symbol, and how many may still begin. */
  standings(symbols: readonly string[]): Promise<ReadonlyMap<string, TrialStanding>>;
  /** The limits that hold. */
  limits(): Promise<readonly TrialLimit[]>;
  /** Sets the limit of a symbol, or ends it (null), as a line of the ledger. */
  setLimit(order: Omit<TrialLimit, "left" | "limit" | "at"> & { readonly limit: number | null }): Promise<void>;
  /** Computes every hash anew, and compares the lines with the jobs, both ways, and with heads kept elsewhere. */
  check(anchors: readonly Anchor[]): Promise<LedgerCheck>;
}

const Head = z.object({ seq: z.coerce.number(), hash: z.string() });
const Line = Head.extend({ event: z.string(), before: z.string() });

const NOTHING_BEFORE = "0".repeat(64);
const AT_A_TIME = 5_000;
/** More would say nothing new. */
const MOST_SHOWN = 20;

/** SQL: lines of backtests whose figures were shown. The same figures of the same run are one look. */
export const SHOWN = "state = 'finished' and kind in ('trial', 'replay', 'import')";

const COUNTS = `select symbol, count(*)::integer as count
  from (select distinct symbol, run, sharpe from trial_events where ${SHOWN} and symbol = any($1)) looks group by symbol`;

const STANDINGS = `select asked.symbol, coalesce(looks.count, 0) as count, trials_left(asked.symbol) as left
  from unnest($1::text[]) asked (symbol) left join (${COUNTS}) looks using (symbol)`;

/** A run is of certain days, so its looks are. */
const COUNT = `
  select count(*)::integer as count,
    count(*) filter (where ${sharedDays("start_date", "end_date", "$2", "$3")})::integer as "onTheseDays",
    stddev_samp(sharpe) as deviation
  from (select distinct run, sharpe, start_date, end_date from trial_events where ${SHOWN} and symbol = $1) looks`;

const LIMITS = `
  select symbol, (event ->> 'limit')::integer as limit, trials_left(symbol) as left,
    event ->> 'at' as at, event ->> 'by' as by, event ->> 'reason' as reason
  from (select distinct on (symbol) symbol, event from trial_events where kind = 'override' order by symbol, seq desc) latest
  where event ? 'limit' order by symbol`;

export function createLedger(pool: Pool): Ledger {
  return {
    head: () => ledgerHead(pool),

    trials: (symbol, window) => trialsOf(pool, symbol, window),

    counts: (symbols) => looksAt(pool, symbols),

    async standings(symbols) {
      const row = z.object({ symbol: z.string(), count: z.number(), left: z.number().nullable() });
      const rows = await select(pool, row, STANDINGS, [symbols]);
      return new Map(rows.map(({ symbol, count, left }) => [symbol, { count, left }]));
    },

    limits: () => select(pool, LimitRow, LIMITS),

    async setLimit(order) {
      await run(pool, "select append_trial_event($1)", [toJsonb({ kind: "override", ...order })]);
    },

    async check(anchors) {
      const chain = await checkChain(
        pool,
        Map.groupBy(anchors, ({ seq }) => seq),
      );
      const missing = anchors
        .filter(({ seq }) => seq > (chain.head?.seq ?? 0))
        .map(({ seq, place }) => `Line ${seq} is missing: ${place} has its hash. The end was cut off.`);
      const jobs = await select(pool, z.object({ wrong: z.string() }), JOBS_AND_LINES);
      const wrong = [...chain.wrong, ...missing, ...jobs.map((row) => row.wrong)];
      return { head: chain.head, wrong: wrong.slice(0, MOST_SHOWN) };
    },
  };
}

export const LEDGER_TABLE = "trial_events";

/** As `Ledger.counts`. */
export async function looksAt(session: Session, symbols: readonly string[]): Promise<ReadonlyMap<string, number>> {
  if (symbols.length === 0) return new Map();
  const rows = await select(session, z.object({ symbol: z.string(), count: z.number() }), COUNTS, [symbols]);
  return new Map(rows.map(({ symbol, count }) => [symbol, count]));
}

/** The last line; null while there is none. */
export const ledgerHead = async (session: Session): Promise<LedgerHead | null> =>
  (await select(session, Head, `select seq, hash from ${LEDGER_TABLE} order by seq desc limit 1`))[0] ?? null;

/** The finished backtests of each symbol that count as trials. One that was computed twice alike is two backtests. */
export async function countedBacktests(session: Session): Promise<Readonly<Record<string, number>>> {
  const row = z.object({ symbol: z.string(), count: z.number() });
  const statement = `select symbol, count(distinct job_id)::integer as count from trial_events where ${SHOWN} group by symbol`;
  return Object.fromEntries((await select(session, row, statement)).map(({ symbol, count }) => [symbol, count]));
}

/** Writes a line for each backtest that ended elsewhere and was brought here. @returns how many */
export async function takeInTrials(session: Session): Promise<number> {
  const taken = await run(
    session,
    `select append_trial_event(trial_event_of(j.job_id, j.status, j.request, j.client, r.result)
       || case when ${isPart("j.request")} then '{}' else '{"kind": "import"}' end::jsonb)
     from jobs j left join results r using (job_id)
     where j.kind in ('backtest', 'walk_forward') and j.status <> 'open'
       and not exists (select from trial_events t where t.job_id = j.job_id)
     order by j.admitted_at, j.job_id`,
  );
  return taken.length;
}

/** What was looked at of a symbol, as `Ledger.trials`. */
export async function trialsOf(session: Session, symbol: string, { startDate, endDate }: DateWindow): Promise<Trials> {
  const row = z.object({ count: z.number(), onTheseDays: z.number(), deviation: z.number().nullable() });
  const [found] = await select(session, row, COUNT, [symbol, startDate, endDate]);
  return found ?? { count: 0, onTheseDays: 0, deviation: null };
}

async function checkChain(session: Session, anchors: ReadonlyMap<number, readonly Anchor[]>) {
  const wrong: string[] = [];
  let head: LedgerHead = { seq: 0, hash: NOTHING_BEFORE };
  for (;;) {
    const lines = await select(
      session,
      Line,
      `select seq, event::text as event, prev_hash as before, hash from trial_events where seq > $1 order by seq limit ${AT_A_TIME}`,
      [head.seq],
    );
    for (const { seq, event, before, hash: written } of lines) {
      const computed = hash("sha256", before + event);
      if (seq !== head.seq + 1) wrong.push(`Line ${head.seq + 1} is missing.`);
      else if (before !== head.hash)
        wrong.push(`Line ${seq} does not follow line ${seq - 1}: its hash before is another.`);
      if (computed !== written) wrong.push(`Line ${seq} was changed: its hash is that of another text.`);
      for (const anchor of anchors.get(seq) ?? []) {
        if (anchor.hash !== written) wrong.push(`Line ${seq} is not the one that ${anchor.place} names.`);
      }
      head = { seq, hash: written };
    }
    if (lines.length < AT_A_TIME) return { head: head.seq === 0 ? null : head, wrong };
  }
}

/** Backtests and walk-forwards without their line, and lines without their backtest or with another figure. */
const JOBS_AND_LINES = `
  select 'The ' || replace(j.kind, '_', '-') || ' ' || j.job_id || ' has no line: it began outside the ledger.' as wrong
  from jobs j where j.kind in ('backtest', 'walk_forward') and not exists (select from trial_events t where t.job_id = j.job_id)
  union all
  select 'The ' || replace(j.kind, '_', '-') || ' ' || j.job_id || ' ended without a line.'
  from jobs j where j.kind in ('backtest', 'walk_forward') and j.status <> 'open'
    and exists (select from trial_events t where t.job_id = j.job_id)
    and not exists (select from trial_events t where t.job_id = j.job_id and t.state <> 'started')
  union all
  select 'Line ' || t.seq || ' tells of the job ' || t.job_id || ', which is not on record.'
  from trial_events t where t.kind in ('trial', 'replay') and not exists (select from jobs j where j.job_id = t.job_id)
  union all
  select 'Line ' || t.seq || ' has another Sharpe ratio than the result of ' || t.job_id || '.'
  from trial_events t join results r using (job_id)
  where t.state = 'finished' and t.sharpe is distinct from r.sharpe
  union all
  select 'The look ' || l.job_id || ' at a holdout has no line, or lines that tell otherwise.'
  from holdout_looks l where not exists (select from trial_events t where t.job_id = l.job_id and t.kind = 'holdout'
    and t.symbol = l.symbol and (t.event ->> 'look')::integer = l.look)
  union all
  select 'Line ' || t.seq || ' tells of the look ' || t.job_id || ', which is not on record.'
  from trial_events t where t.kind = 'holdout' and t.job_id is not null
    and not exists (select from holdout_looks l where l.job_id = t.job_id)
  union all
  select 'The look ' || t.job_id || ' has another answer on record than in line ' || t.seq || '.'
  from trial_events t join results r using (job_id) where t.kind = 'holdout' and t.state = 'finished'
    and (t.event -> 'passed') is distinct from (r.result -> 'passed')
  union all
  select 'The holdout of ' || h.symbol || ' ' || h.timeframe || ' has no line: nobody can say that it was set then.'
  from holdouts h where not exists (select from trial_events t where t.kind = 'holdout' and t.job_id is null
    and t.symbol = h.symbol and t.timeframe = h.timeframe and t.start_date = h.start_date)
  limit ${MOST_SHOWN}`;

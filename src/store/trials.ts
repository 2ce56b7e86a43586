/** The ledger's lines and trials one by one: those of a symbol in their order, and those that chance explains least. */
import { z } from "zod";
import { ENOUGH_TRADES } from "../domain/luck/run-luck.ts";
import type { KeptUntilTrial } from "./kept-until-trial.ts";
import { LEDGER_TABLE, looksAt, SHOWN } from "./ledger.ts";
import { select, type Pool } from "./pool.ts";
import { branded } from "./result-row.ts";
import { sharedDays } from "./shared-days.ts";
import { isPart } from "./part.ts";

const DotRow = z.object({
  /** 1-based, in the order in which figures were shown. */
  n: z.number(),
  /** Annual. */
  sharpe: z.number(),
  /** Whether its model was trained on some of its days; null when that is not known. */
  inSample: z.boolean().nullable(),
});
/** A backtest whose figures were shown. The same figures of the same run are one. */
export type TrialDot = Readonly<z.infer<typeof DotRow>>;

const LeaderRow = z.object({
  /** As in `TrialDot`. */
  n: z.number(),
  jobId: z.string(),
  strategy: z.string(),
  sharpe: z.number(),
});
/** A trial with a higher Sharpe ratio than all before it. */
export type Leader = Readonly<z.infer<typeof LeaderRow>>;

const StrongRow = z.object({
  jobId: z.string(),
  sharpe: z.number(),
  /** The same for all backtests, or all walk-forwards, of one strategy on one market and the same days. */
  tried: z.string(),
});
export type StrongTrial = Readonly<z.infer<typeof StrongRow>>;

export interface TriedSymbol {
  readonly symbol: string;
  /** As `Trials.count`. */
  readonly trials: number;
}

const LineRow = z.object({
  /** 1-based. */
  seq: z.coerce.number(),
  /** ISO-8601 UTC. */
  at: z.string(),
  kind: z.string(),
  state: z.string().nullable(),
  symbol: z.string().nullable(),
  strategy: z.string().nullable(),
  /** Null when it tells of no job, or of one that is not on record. */
  jobId: z.string().nullable(),
  sharpe: z.number().nullable(),
  /** Of a look at a holdout: its number, and whether it passed. */
  look: z.number().nullable(),
  passed: z.boolean().nullable(),
  /** Of an order of the operator: the limit that it set (null ended it), who and why. */
  limit: z.number().nullable(),
  by: z.string().nullable(),
  reason: z.string().nullable(),
  /** 64 hexadecimal digits. */
  hash: z.string(),
});
/** A line of the ledger, as it is shown: of a look at a holdout nothing but what research may know. */
export type LedgerLine = Readonly<z.infer<typeof LineRow>>;

/** Every method throws DomainError `database_unavailable` when PostgreSQL does not answer. */
export interface TrialReader {
  /** Trials of a symbol that led when they were shown, without those in-sample, of few trades, or named; in their order. */
  leaders(symbol: string, without: readonly string[]): Promise<readonly Leader[]>;
  /** About so many trials of a symbol, evenly spread over all of them. */
  dots(symbol: string, about: number): Promise<readonly TrialDot[]>;
  /** Symbols by when something was last tried on them, the newest first. */
  tried(limit: number): Promise<readonly string[]>;
  /** The same with how much was tried on each. */
  symbols(limit: number): Promise<readonly TriedSymbol[]>;
  /**
   * Backtests and walk-forwards that chance alone explains least, without those that prove nothing (in-sample, branded, few trades).
   * Bars and much else are not looked at: whoever shows one must weigh it.
   */
  strongest(limit: number): Promise<readonly StrongTrial[]>;
  /** Lines of the ledger, the newest first. @param before only lines before this one */
  lines(limit: number, before: number | null): Promise<readonly LedgerLine[]>;
}

const LEADERS = "select * from leading_trials($1, $2, $3)";

/** Numbers first, and lines only of those that are taken. */
const DOTS = `
  with looks as (
    select min(seq) as seq, sharpe, row_number() over (order by min(seq)) as n, count(*) over () as trials
    from ${LEDGER_TABLE} where symbol = $1 and ${SHOWN} group by run, sharpe)
  select l.n::integer as n, l.sharpe,
    ${sharedDays("m.start_date", "m.end_date", "t.start_date", "t.end_date")} as in_sample
  from looks l join ${LEDGER_TABLE} t using (seq) left join models m on m.job_id = t.event ->> 'trainingJobId'
  where l.sharpe is not null and l.n % greatest(1, l.trials / $2::integer) = 0 order by l.n`;

/** From one symbol to the next in the index: there are few of them among many lines. */
const TRIED = `
  with recursive tried (symbol) as (
    (select symbol from ${LEDGER_TABLE} where ${SHOWN} order by symbol limit 1)
    union all
    select (select t.symbol from ${LEDGER_TABLE} t where ${SHOWN} and t.symbol > tried.symbol order by t.symbol limit 1)
    from tried where tried.symbol is not null)
  select tried.symbol from tried cross join lateral (
    select seq from ${LEDGER_TABLE} t where t.symbol = tried.symbol and ${SHOWN} order by seq desc limit 1) newest
  order by newest.seq desc limit $1`;

const STRONGEST = `
  select r.job_id, r.sharpe, jsonb_build_array(r.kind, r.strategy, r.symbol, r.timeframe, r.result -> 'startDate', r.result -> 'endDate')::text as tried
  from results r join jobs j using (job_id) left join models m on m.job_id = j.request ->> 'trainingJobId'
  where r.kind in ('backtest', 'walk_forward') and not ${isPart("r.result")} and r.trades >= ${ENOUGH_TRADES}
    and r.sharpe > 0 and not ${branded("r")}
    and not coalesce(${sharedDays("m.start_date", "m.end_date", "r.result ->> 'startDate'", "r.result ->> 'endDate'")}, false)
  order by (coalesce(r.result #>> '{raw,sharpe_ratio}', r.result ->> 'ktrdrSharpe')::double precision
    * sqrt((r.result ->> 'equityPoints')::double precision)) desc limit $1`;

const OF_BACKTEST = "t.kind in ('trial', 'replay', 'import', 'measure')";

/** What may be shown is listed: a line of another kind shows none of it, whatever it holds. A window and a watch show no figure. */
const LINES = `
  select t.seq, t.event ->> 'at' as at, t.kind, t.state, t.symbol, j.job_id, t.hash,
    case when ${OF_BACKTEST} then t.strategy end as strategy, case when ${OF_BACKTEST} and not t.event ?| '{walks,watches}'::text[] then t.sharpe end as sharpe,
    case when t.kind in ('holdout', 'void') then (t.event ->> 'look')::integer end as look,
    case when t.kind = 'holdout' then (t.event ->> 'passed')::boolean end as passed,
    case when t.kind = 'override' then (t.event ->> 'limit')::integer end as limit,
    case when t.kind = 'override' then t.event ->> 'by' end as by,
    case when t.kind = 'override' then t.event ->> 'reason' end as reason
  from ${LEDGER_TABLE} t left join jobs j using (job_id)
  where $2::bigint is null or t.seq < $2 order by t.seq desc limit $1`;

export function createTrialReader(pool: Pool, kept: KeptUntilTrial): TrialReader {
  const tried = async (limit: number) => {
    const rows = await select(pool, z.object({ symbol: z.string() }), TRIED, [limit]);
    return rows.map(({ symbol }) => symbol);
  };
  return {
    leaders: (symbol, without) =>
      kept(["leaders", symbol, without], () => select(pool, LeaderRow, LEADERS, [symbol, ENOUGH_TRADES, [...without]])),
    dots: (symbol, about) => kept(["dots", symbol, about], () => select(pool, DotRow, DOTS, [symbol, about])),
    tried: (limit) => kept(["tried", limit], () => tried(limit)),
    symbols: (limit) =>
      kept(["symbols", limit], async () => {
        const names = await tried(limit);
        const counts = await looksAt(pool, names);
        return names.map((symbol) => ({ symbol, trials: counts.get(symbol) ?? 0 }));
      }),
    strongest: (limit) => kept(["strongest", limit], () => select(pool, StrongRow, STRONGEST, [limit])),
    lines: (limit, before) => select(pool, LineRow, LINES, [limit, before]),
  };
}

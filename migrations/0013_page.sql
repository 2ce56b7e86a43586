-- What the researcher's page asks for on every visit, so that it reads as many rows as it shows.

-- What ended since somebody looked.
create index jobs_by_end on jobs (finished_at) where finished_at is not null;

-- Backtests by how far they are from chance alone: KTRDR's ratio per bar, times the root of the bars.
create index results_by_strength on results (
  ((result #>> '{raw,sharpe_ratio}')::double precision * sqrt((result ->> 'equityPoints')::double precision)) desc)
  where kind = 'backtest' and not result ? 'measures' and trades >= 30;

-- What each strategy has run, without the parts of measurements.
create index jobs_that_ran on jobs (strategy, kind)
  where status = 'completed' and kind in ('training', 'backtest') and not request ? 'measures';

-- The trials of one symbol in their order.
create index trial_events_of_symbol on trial_events (symbol, seq) include (run, sharpe)
  where state = 'finished' and kind in ('trial', 'replay', 'import');

-- The trials of a symbol that led when they were shown, numbered among all of them by their first look. Those in-sample, those
-- of too few trades and those named do not count. Of most trials the line itself is not read: they would not have led.
create or replace function leading_trials(wanted text, least_trades integer, without text[])
returns table (n integer, job_id text, strategy text, sharpe double precision) language plpgsql stable as $$
declare
  look record;
  line record;
  best double precision := '-Infinity';
begin
  n := 0;
  for look in
    select min(t.seq) as seq, t.sharpe from trial_events t
    where t.symbol = wanted and t.state = 'finished' and t.kind in ('trial', 'replay', 'import')
    group by t.run, t.sharpe order by min(t.seq)
  loop
    n := n + 1;
    continue when look.sharpe is null or look.sharpe <= best;
    select t.job_id, coalesce(t.strategy, '') as strategy, coalesce((t.event ->> 'trades')::integer, least_trades) as trades,
        left(m.start_date, 10) <= left(t.end_date, 10) and left(t.start_date, 10) <= left(m.end_date, 10) as in_sample
      into line from trial_events t left join models m on m.job_id = t.event ->> 'trainingJobId' where t.seq = look.seq;
    continue when line.job_id is null or line.in_sample or line.trades < least_trades or line.job_id = any(without);
    best := look.sharpe;
    job_id := line.job_id;
    strategy := line.strategy;
    sharpe := look.sharpe;
    return next;
  end loop;
end $$;

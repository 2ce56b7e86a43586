-- How many backtests of a symbol may show their figures: the operator's order. It is a line of the ledger, so that nobody
-- raises it unseen, and the last one of a symbol holds. A line without a limit ends it.
create index trial_events_of_limits on trial_events (symbol, seq) where kind = 'override';

-- How many trials of a symbol may still begin: the limit less what was shown and what is open. Null without a limit.
create or replace function trials_left(wanted text) returns integer language sql as $$
  select (l.event ->> 'limit')::integer
    - (select count(*)::integer from (select distinct run, sharpe from trial_events
       where symbol = wanted and state = 'finished' and kind in ('trial', 'replay', 'import')) looks)
    - (select count(*)::integer from jobs j join trial_events t using (job_id)
       where j.status = 'open' and j.kind = 'backtest' and t.symbol = wanted and t.state = 'started'
         and t.kind in ('trial', 'import'))
  from trial_events l where l.kind = 'override' and l.symbol = wanted order by l.seq desc limit 1
$$;

-- Writes down that the backtest of a row begins. What it returns is below 0 when the limit is passed by it, and null when
-- there is none or when it is no trial.
create or replace function begin_trial(event jsonb) returns integer language plpgsql as $$
begin
  perform append_trial_event(event);
  if event ->> 'kind' = 'trial' then return (select trials_left(event ->> 'symbol')); end if;
  return null;
end $$;

-- Looks are counted beside every figure, so they are counted in the index.
create index trial_events_of_looks on trial_events (symbol, run, sharpe) include (start_date, end_date)
  where state = 'finished' and kind in ('trial', 'replay', 'import');
drop index trial_events_by_symbol;

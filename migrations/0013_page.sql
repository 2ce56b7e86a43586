-- What the researcher's page asks for on every visit, so that it reads as many rows as it shows.

-- What ended since somebody looked.
create index jobs_by_end on jobs (finished_at) where finished_at is not null;

-- Backtests by how far they are from chance alone: KTRDR's ratio per bar, times the root of the bars.
create index results_by_strength on results (
  ((result #>> '{raw,sharpe_ratio}')::double precision * sqrt((result ->> 'equityPoints')::double precision)) desc)
  where kind = 'backtest' and not result ? 'measures' and trades >= 30;

-- The lines of one symbol, the newest first.
create index trial_events_of_symbol on trial_events (symbol, seq);

-- What each strategy has run, without the parts of measurements.
create index jobs_that_ran on jobs (strategy)
  where status = 'completed' and kind in ('training', 'backtest') and not request ? 'measures';

-- Repeated trainings are batches: sets of trainings are no kind of job any more. A batch is found by what all its parts
-- have in common.
alter table jobs drop constraint jobs_kind_check;
alter table jobs add constraint jobs_kind_check check (kind in ('training', 'backtest', 'data_load', 'batch'));

alter table jobs drop column strategy, drop column symbol, drop column timeframe;
alter table jobs
  add column strategy text generated always as (coalesce(
    request ->> 'strategy',
    case when jsonb_path_exists(request, '$.*[*] ? (@.strategy != $.*[*].strategy)') then null
      else jsonb_path_query_first(request, '$.*[*].strategy') #>> '{}' end)) stored,
  add column symbol text generated always as (coalesce(
    request ->> 'symbol',
    case when jsonb_path_exists(request, '$.*[*] ? (@.symbol != $.*[*].symbol)') then null
      else jsonb_path_query_first(request, '$.*[*].symbol') #>> '{}' end)) stored,
  add column timeframe text generated always as (coalesce(
    request ->> 'timeframe',
    case when jsonb_path_exists(request, '$.*[*] ? (@.timeframe != $.*[*].timeframe)') then null
      else jsonb_path_query_first(request, '$.*[*].timeframe') #>> '{}' end)) stored;
create index jobs_by_strategy on jobs (strategy, admitted_at desc);

-- What a completed job found, normalised. The columns are taken from the document itself, so they cannot disagree with
-- it; they exist to sort and filter by. Ratios are ratios (0.05 = 5 %).
create table results (
  job_id            text primary key,
  kind              text not null,
  result            jsonb not null check (result ->> 'kind' = kind),
  recorded_at       timestamptz not null default now(),
  strategy          text generated always as (result ->> 'strategy') stored,
  symbol            text generated always as (result ->> 'symbol') stored,
  timeframe         text generated always as (result ->> 'timeframe') stored,
  engine            text generated always as (result #>> '{engine,name}') stored,
  model_path        text generated always as (result ->> 'modelPath') stored,
  total_return      double precision generated always as ((result ->> 'totalReturn')::double precision) stored,
  sharpe            double precision generated always as ((result ->> 'sharpe')::double precision) stored,
  max_drawdown      double precision generated always as ((result ->> 'maxDrawdown')::double precision) stored,
  trades            integer generated always as ((result ->> 'trades')::numeric::integer) stored,
  best_val_loss     double precision generated always as (
    case kind when 'training' then (result ->> 'bestValLoss')::double precision end) stored,
  best_val_accuracy double precision generated always as (
    case kind when 'training' then (result ->> 'bestValAccuracy')::double precision end) stored,
  test_accuracy     double precision generated always as (
    case kind when 'training' then (result ->> 'testAccuracy')::double precision end) stored,
  foreign key (job_id, kind) references jobs (job_id, kind)
);

create index results_by_strategy on results (strategy, kind, recorded_at desc);

-- Models that trainings of ours produced. Keyed by job: KTRDR counts versions per folder, so that a folder that was
-- emptied hands out the same path again.
create table models (
  job_id            text primary key references results,
  model_path        text not null,
  engine_name       text not null,
  engine_version    text not null,
  strategy          text not null,
  symbol            text not null,
  timeframe         text not null,
  start_date        text not null,
  end_date          text not null,
  created_at        timestamptz not null default now(),
  epochs_trained    integer not null,
  best_val_loss     double precision,
  best_val_accuracy double precision,
  test_accuracy     double precision
);

create index models_by_path on models (model_path, created_at desc);
create index models_by_strategy on models (strategy, created_at desc);
create index models_by_age on models (created_at desc, job_id desc);

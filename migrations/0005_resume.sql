-- A training whose worker died goes on from its checkpoint: the same operation of KTRDR, as another computation.
-- What the checkpoint held (0-based epoch, learning curve up to it): KTRDR's own result will only tell of the rest.
alter table computations add column resumed_from jsonb check (resumed_from is null or operation_id is not null);

-- Still one operation, one job: only its resumption may name it again.
alter table computations drop constraint computations_operation_id_key;
create unique index computations_operation on computations (operation_id) where resumed_from is null;
create index computations_resumed on computations (operation_id) where resumed_from is not null;

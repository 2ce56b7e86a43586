-- A cancelled training may go on as another job: the same operation of KTRDR. Two jobs must never compute it at once, so a
-- resumed computation owns its operation until it has ended; what ended before is closed first.
update computations c set ended_at = now(), fate = coalesce(c.fate, 'lost')
  where c.resumed_from is not null and c.ended_at is null
    and (exists (select from computations later where later.job_id = c.job_id and later.n > c.n)
      or exists (select from jobs j where j.job_id = c.job_id and j.status <> 'open'));

drop index computations_resumed;
create unique index computations_resumed on computations (operation_id) where resumed_from is not null and ended_at is null;
create index computations_by_operation on computations (operation_id, started_at desc) where operation_id is not null;

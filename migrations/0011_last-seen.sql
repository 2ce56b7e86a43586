-- How far a computation was when KTRDR last told: KTRDR forgets it when it cancels and when its API starts anew.
alter table computations add column last_seen jsonb;

-- Which Temporal namespace a job's workflow was last admitted in, by the id that the server gave it: a namespace that was
-- deleted and made again, or lost with the server's database, has another one under the same name. Null: not known.
alter table jobs add column namespace_id text;

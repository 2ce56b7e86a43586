/** The operator's orders, and how much was computed today, by PostgreSQL's clock. */
import { z } from "zod";
import type { ResearchControl } from "../domain/research-control.ts";
import { Instant } from "./job-row.ts";
import { run, select, type Pool } from "./pool.ts";

/** Every method throws DomainError `database_unavailable` when PostgreSQL does not answer. */
export interface ResearchControlReader {
  /** The orders as they stand, with the hours used since midnight UTC. */
  current(): Promise<ResearchControl>;
}

export interface ResearchControlStore extends ResearchControlReader {
  /** Pauses research. A pause that exists keeps its time, and its reason unless another is given. */
  pause(reason: string | null): Promise<void>;
  resume(): Promise<void>;
  /** Hours of computing per UTC day; null for no limit. */
  setBudget(hours: number | null): Promise<void>;
}

const Row = z
  .object({
    pausedAt: Instant.nullable(),
    pauseReason: z.string().nullable(),
    budgetHours: z.number().nullable(),
    usedHours: z.number(),
    renewsAt: Instant,
  })
  .transform(({ pausedAt: since, pauseReason: reason, budgetHours: hours, usedHours, renewsAt }): ResearchControl => ({
    pause: since === null ? null : { reason, since },
    budget: hours === null ? null : { hours, usedHours, renewsAt },
  }));

// A computation ends with its job at the latest. Without a budget nothing is summed.
const CURRENT = `
  with today as (select date_trunc('day', now(), 'UTC') as midnight)
  select o.paused_at, o.pause_reason, o.budget_hours, today.midnight + interval '24 hours' as renews_at,
    case when o.budget_hours is null then 0 else (
      select greatest(0, coalesce(sum(extract(epoch from
          coalesce(c.ended_at, now()) - greatest(c.started_at, today.midnight))), 0) / 3600)::float8
      from computations c
      where c.started_at is not null and (c.ended_at is null or c.ended_at > today.midnight)) end as used_hours
  from today left join research_control o on true`;

export function createResearchControl(pool: Pool): ResearchControlStore {
  return {
    async current() {
      const [orders] = await select(pool, Row, CURRENT);
      return orders ?? { pause: null, budget: null };
    },

    async pause(reason) {
      await run(
        pool,
        `insert into research_control as o (paused_at, pause_reason) values (now(), $1)
         on conflict (only_row) do update
           set paused_at = coalesce(o.paused_at, now()), pause_reason = coalesce($1, o.pause_reason)`,
        [reason],
      );
    },

    async resume() {
      await run(pool, "update research_control set paused_at = null, pause_reason = null");
    },

    async setBudget(hours) {
      await run(
        pool,
        `insert into research_control (budget_hours) values ($1)
         on conflict (only_row) do update set budget_hours = $1`,
        [hours],
      );
    },
  };
}

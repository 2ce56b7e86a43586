/** What campaigns planned, proposed and were told, with how their jobs ended. */
import { z } from "zod";
import { DomainError } from "../domain/errors.ts";
import { Order, type CampaignOrder } from "../domain/campaign/orders.ts";
import { Point } from "../domain/campaign/dimension.ts";
import { ORIGINS, ROLES, STAGES, type CampaignRecord, type Plan } from "../domain/campaign/state.ts";
import { CampaignStop } from "../domain/kinds/campaign.ts";
import { JobRequest } from "../domain/kinds/index.ts";
import { FINAL_STATUSES } from "../domain/outcome.ts";
import { Instant } from "./job-row.ts";
import { toJsonb } from "./json.ts";
import { run, select, withTransaction, type Pool } from "./pool.ts";

/** Every method throws DomainError `database_unavailable` when PostgreSQL does not answer. */
export interface CampaignReader {
  /** All that is on record of a campaign. */
  record(campaignId: string): Promise<CampaignRecord>;
  /** A line of its plan, and the job that was noted for it; null when there is no such line. */
  line(campaignId: string, n: number): Promise<{ readonly request: JobRequest; readonly jobId: string | null } | null>;
  /** Strategies that campaigns made of their points: the campaign of each, by its name. */
  madeStrategies(): Promise<ReadonlyMap<string, string>>;
  /** The point of which this strategy was made; null for one that no campaign made. */
  pointOf(strategy: string): Promise<PointOfCampaign | null>;
}

export interface PointOfCampaign {
  readonly campaignId: string;
  /** 0-based number of the point, and of the rung whose epochs the strategy has. */
  readonly point: number;
  readonly rung: number;
}

export interface CampaignSteering {
  /** Adds an order, unless the campaign has this very order already: none takes effect twice. */
  order(campaignId: string, order: Omit<CampaignOrder, "at">): Promise<void>;
}

export interface CampaignWriter {
  /**
   * Writes a step down with its points and jobs, all or nothing. May be repeated, also concurrently: the first one stands.
   * @param step 0-based number of the step
   */
  plan(campaignId: string, step: number, plan: Plan): Promise<void>;
  /** Writes down which job computes a line. May be repeated: the first time counts. */
  noteJob(campaignId: string, n: number, jobId: string, reused: boolean): Promise<void>;
}

const StepRow = z.object({
  step: z.number(),
  stage: z.enum(STAGES),
  bracket: z.number().nullable(),
  rung: z.number().nullable(),
  stop: CampaignStop.nullable(),
});

const PointRow = z
  .object({
    n: z.number(),
    bracket: z.number(),
    origin: z.enum(ORIGINS),
    point: Point,
    refused: z.string().nullable(),
  })
  .transform(({ point, ...row }) => ({ ...row, values: point }));

const figure = z.number().nullable();

const Figures = z.object({
  loss: figure,
  modelPath: z.string().nullable(),
  sharpe: figure,
  totalReturn: figure,
  maxDrawdown: figure,
  trades: figure,
  excessSharpe: figure,
  t: figure,
  windows: figure,
  positive: figure,
  worst: figure,
  agrees: z.boolean().nullable(),
});

const RunRow = z.object({
  n: z.number(),
  step: z.number(),
  point: z.number(),
  role: z.enum(ROLES),
  rung: z.number(),
  draw: z.number(),
  request: JobRequest,
  jobId: z.string().nullable(),
  status: z.enum(["open", ...FINAL_STATUSES]).nullable(),
  seconds: z.number(),
  figures: Figures.nullable(),
});

/**
 * SQL: KTRDR's seconds of each line, by those of its job and, of walk-forwards and measurements, of the jobs that these are
 * made of. A computation ends with its job at the latest. All lines at once: one look for each reads all jobs each time.
 */
const SPENT = `
  select parts.n, sum(greatest(0, extract(epoch from coalesce(c.ended_at, now()) - c.started_at)))::float8 as seconds
  from (
    select n, job_id from campaign_runs where campaign_id = $1
    union all
    select o.n, m.job_id from campaign_runs o join jobs m on m.parent_job_id = o.job_id
    where o.campaign_id = $1 and o.role in ('walk', 'measure')) parts
    join computations c using (job_id) where c.started_at is not null group by parts.n`;

/** SQL: a result as a row. Read at once, because each look into a result unpacks all of it. */
const RESULT = `jsonb_to_record(t.result) as f ("finalValLoss" float8, "modelPath" text, sharpe float8, "totalReturn" float8,
  "maxDrawdown" float8, trades float8, "buyAndHold" jsonb, t float8, windows jsonb, positive float8, differs jsonb)`;

const RUNS = `
  select r.n, r.step, r.point, r.role, r.rung, r.draw, r.request, r.job_id, j.status,
    case when r.reused then 0 else coalesce(spent.seconds, 0) end as seconds,
    case when j.status = 'completed' and t.job_id is not null then jsonb_build_object(
      'loss', f."finalValLoss", 'modelPath', f."modelPath", 'sharpe', f.sharpe, 'totalReturn', f."totalReturn",
      'maxDrawdown', f."maxDrawdown", 'trades', f.trades,
      'excessSharpe', t.sharpe - (f."buyAndHold" ->> 'sharpe')::float8, 't', f.t,
      'windows', case when t.kind = 'walk_forward' then jsonb_array_length(f.windows) end, 'positive', f.positive,
      'worst', case when t.kind = 'walk_forward' then
        (select min((w ->> 'sharpe')::float8) from jsonb_array_elements(f.windows) w) end,
      'agrees', case when t.kind = 'measurement' then f.differs = '[]'::jsonb end) end as figures
  from campaign_runs r left join jobs j on j.job_id = r.job_id left join results t on t.job_id = r.job_id
    left join lateral ${RESULT} on true left join (${SPENT}) spent on spent.n = r.n
  where r.campaign_id = $1 order by r.n`;

const OrderRow = z
  .object({ orderGiven: Order, reason: z.string(), client: z.string(), givenAt: Instant })
  .transform(({ orderGiven, givenAt, ...row }) => ({ ...row, order: orderGiven, at: givenAt }));

export function createCampaignReader(pool: Pool): CampaignReader {
  return {
    async record(campaignId) {
      const [steps, points, runs, orders] = await Promise.all([
        select(pool, StepRow, "select * from campaign_steps where campaign_id = $1 order by step", [campaignId]),
        select(pool, PointRow, "select * from campaign_points where campaign_id = $1 order by n", [campaignId]),
        select(pool, RunRow, RUNS, [campaignId]),
        select(pool, OrderRow, "select * from campaign_orders where campaign_id = $1 order by n", [campaignId]),
      ]);
      return { steps, points, runs, orders };
    },

    async line(campaignId, n) {
      const row = z.object({ request: JobRequest, jobId: z.string().nullable() });
      const sql = "select request, job_id from campaign_runs where campaign_id = $1 and n = $2";
      return (await select(pool, row, sql, [campaignId, n]))[0] ?? null;
    },

    async madeStrategies() {
      const row = z.object({ strategy: z.string(), campaignId: z.string() });
      const sql = "select distinct strategy, campaign_id from campaign_runs where role = 'train'";
      const rows = await select(pool, row, sql);
      return new Map(rows.map(({ strategy, campaignId }) => [strategy, campaignId]));
    },

    async pointOf(strategy) {
      const row = z.object({ campaignId: z.string(), point: z.number(), rung: z.number() });
      const sql = `select campaign_id, point, rung from campaign_runs
        where role = 'train' and strategy = $1 order by campaign_id, n limit 1`;
      return (await select(pool, row, sql, [strategy]))[0] ?? null;
    },
  };
}

const ADD_ORDER = `
  insert into campaign_orders (campaign_id, n, order_given, reason, client)
  select $1, coalesce((select max(n) + 1 from campaign_orders where campaign_id = $1), 0), $2, $3, $4
  where not exists (select from campaign_orders where campaign_id = $1 and order_given = $2::jsonb)
  on conflict do nothing returning n`;

const TRIES = 5;

export function createCampaignSteering(pool: Pool): CampaignSteering {
  return {
    async order(campaignId, { order, reason, client }) {
      // Two orders at the same moment want the same number: the second one takes the next.
      for (let attempt = 0; attempt < TRIES; attempt += 1) {
        const added = await run(pool, ADD_ORDER, [campaignId, toJsonb(order), reason, client]);
        if (added.length > 0) return;
        const known = "select n from campaign_orders where campaign_id = $1 and order_given = $2::jsonb";
        if ((await run(pool, known, [campaignId, toJsonb(order)])).length > 0) return;
      }
      throw new DomainError("database_unavailable", {
        what: `The order to ${campaignId} could not be written down: many others came at the same moment.`,
        next: "repeat the call",
      });
    },
  };
}

export function createCampaignWriter(pool: Pool): CampaignWriter {
  return {
    async plan(campaignId, step, { stage, bracket, rung, stop, points, runs }) {
      await withTransaction(pool, async (session) => {
        const added = await run(
          session,
          `insert into campaign_steps (campaign_id, step, stage, bracket, rung, stop) values ($1, $2, $3, $4, $5, $6)
           on conflict do nothing returning step`,
          [campaignId, step, stage, bracket, rung, stop === null ? null : toJsonb(stop)],
        );
        if (added.length === 0) return;
        await run(
          session,
          `insert into campaign_points (campaign_id, n, bracket, origin, point, refused)
           select $1, p.n, p.bracket, p.origin, p."values", p.refused
           from jsonb_to_recordset($2) as p (n integer, bracket integer, origin text, "values" jsonb, refused text)`,
          [campaignId, toJsonb(points)],
        );
        await run(
          session,
          `insert into campaign_runs (campaign_id, n, step, point, role, rung, draw, strategy, request)
           select $1, $3 + r.at - 1, $2, (r.run ->> 'point')::integer, r.run ->> 'role', (r.run ->> 'rung')::integer,
             (r.run ->> 'draw')::integer, r.run #>> '{request,strategy}', r.run -> 'request'
           from jsonb_array_elements($4) with ordinality as r (run, at)`,
          [campaignId, step, await runsSoFar(session, campaignId), toJsonb(runs)],
        );
      });
    },

    async noteJob(campaignId, n, jobId, reused) {
      await run(
        pool,
        "update campaign_runs set job_id = $3, reused = $4 where campaign_id = $1 and n = $2 and job_id is null",
        [campaignId, n, jobId, reused],
      );
    },
  };
}

async function runsSoFar(session: Parameters<typeof run>[0], campaignId: string): Promise<number> {
  const [row] = await select(
    session,
    z.object({ runs: z.number() }),
    "select count(*)::integer as runs from campaign_runs where campaign_id = $1",
    [campaignId],
  );
  return row?.runs ?? 0;
}

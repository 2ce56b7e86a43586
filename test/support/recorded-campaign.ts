/**
 * A campaign on record as its workflow and KTRDR would have left it: planned step by step by the real rules, written by the
 * real writers, with losses and Sharpe ratios that follow from each point's number alone.
 */
import { hash } from "node:crypto";
import { caveatsOfCampaign } from "../../src/domain/campaign/caveats.ts";
import type { Dimension } from "../../src/domain/campaign/dimension.ts";
import { nextStep } from "../../src/domain/campaign/next-step.ts";
import type { CampaignOrder } from "../../src/domain/campaign/orders.ts";
import { standingOf } from "../../src/domain/campaign/standing.ts";
import type { CampaignRun, CampaignState, Stage } from "../../src/domain/campaign/state.ts";
import { headline } from "../../src/domain/kinds/index.ts";
import type { CampaignRequest, CampaignResult } from "../../src/domain/kinds/campaign.ts";
import { EXAMPLE_STRATEGY } from "../../src/domain/strategy/guide-example.ts";
import { createCampaignReader, createCampaignSteering, createCampaignWriter } from "../../src/store/campaigns.ts";
import { createPool, run, type Pool } from "../../src/store/pool.ts";
import { resultOf } from "./campaign-results.ts";
import { inputOf, outcomeOf, TRAINING } from "./job-inputs.ts";
import { backtestResult } from "./job-records.ts";
import type { Stack } from "./mcp-stack.ts";

const { kind: _kind, draw: _draw, ...OF } = { ...TRAINING, strategy: "spx_dip", endDate: "2012-12-31" };
const TRAIN = { startDate: OF.startDate, endDate: OF.endDate };
const TEST = { startDate: "2015-01-02", endDate: "2019-12-31" };
const { engine } = backtestResult();

export const SPACE: readonly Dimension[] = [
  { op: "set_parameter", target: "dip.period", int: [3, 21] },
  { op: "set_training", target: "learning_rate", log: [0.0003, 0.01] },
  { op: "set_architecture", target: "hidden_layers", choice: [[16, 8], [32], [8, 4]] },
];

const REQUEST: CampaignRequest = {
  ...OF,
  ...TEST,
  kind: "campaign",
  train: TRAIN,
  dimensions: SPACE,
  method: "spread",
  seed: 1,
  epochs: 40,
  budget: { trainings: 140, trials: 20, hours: 50, deadline: "2099-03-02T08:00:00.000Z" },
  finalists: 3,
  draws: 3,
  walk: {
    startDate: "2005-01-03",
    endDate: "2012-12-31",
    anchored: true,
    gap: 0,
    windows: [TRAIN, TEST].map((test) => ({ train: TRAIN, test, readFrom: "2000-01-03" })),
    draws: 1,
  },
  initialCapital: 100_000,
  commission: 0.001,
  slippage: 0.0005,
  atOnce: 4,
};

interface Wanted {
  readonly request?: Partial<CampaignRequest>;
  /** The first step that is not ended: half of its jobs are open. Without one it is recorded to its end. */
  readonly until?: Stage | "none";
  readonly orders?: readonly Omit<CampaignOrder, "at">[];
  /** How a campaign that has not come to its end was ended; open unless given. */
  readonly ended?: "cancelled" | "failed";
  /** Why a point is no valid strategy, by its number. */
  readonly refused?: (n: number) => string | null;
  /** Whether a training or backtest fails; every 17th training unless given. */
  readonly fails?: (of: CampaignRun) => boolean;
}

/** Ends the jobs of each step before the next one is planned. @returns what is on record of it at last */
export async function recordCampaign(stack: Stack, campaignId: string, wanted: Wanted = {}): Promise<CampaignState> {
  const request = { ...REQUEST, ...wanted.request };
  const pool = createPool(stack.databaseUrl);
  try {
    await stack.writer.admit({ ...inputOf(campaignId, TRAINING), request }, EXAMPLE_STRATEGY);
    const steering = createCampaignSteering(pool);
    for (const order of wanted.orders ?? []) await steering.order(campaignId, order);
    return await new Recorder(stack, pool, campaignId, request, wanted).record();
  } finally {
    await pool.end();
  }
}

class Recorder {
  private readonly stack: Stack;
  private readonly pool: Pool;
  private readonly campaignId: string;
  private readonly request: CampaignRequest;
  private readonly wanted: Wanted;

  constructor(stack: Stack, pool: Pool, campaignId: string, request: CampaignRequest, wanted: Wanted) {
    this.stack = stack;
    this.pool = pool;
    this.campaignId = campaignId;
    this.request = request;
    this.wanted = wanted;
  }

  async record(): Promise<CampaignState> {
    const { pool, campaignId, wanted } = this;
    const writer = createCampaignWriter(pool);
    if (wanted.until === "none") return await this.state();
    for (let step = 0; ; step += 1) {
      const plan = nextStep(await this.state(), (_text, name) => wanted.refused?.(numberIn(name)) ?? null);
      await writer.plan(campaignId, step, plan);
      const state = await this.state();
      const own = state.runs.filter((one) => one.step === step);
      const isLast = plan.stage === wanted.until && (plan.rung ?? 2) === 2;
      const ending = isLast ? own.slice(0, Math.ceil(own.length / 2)) : own;
      await Promise.all(own.map(async (one) => await this.compute(one, ending.includes(one))));
      await this.time();
      if (!isLast && plan.stage !== "over") continue;
      await this.end();
      return await this.state();
    }
  }

  private async state(): Promise<CampaignState> {
    const { campaignId, request } = this;
    const record = await createCampaignReader(this.pool).record(campaignId);
    const sha256 = (text: string) => hash("sha256", text);
    const now = new Date();
    return { ...record, jobId: campaignId, request, baseText: EXAMPLE_STRATEGY, now, tried: 0, left: null, sha256 };
  }

  /** The job of a line of the plan. */
  private async compute(of: CampaignRun, ends: boolean): Promise<void> {
    const { campaignId, wanted } = this;
    const { writer } = this.stack;
    const jobId = `${campaignId}-${of.role}-${of.n}`;
    const input = { ...inputOf(jobId, TRAINING), request: of.request, parentJobId: campaignId };
    await writer.admit(input, EXAMPLE_STRATEGY);
    await createCampaignWriter(this.pool).noteJob(campaignId, of.n, jobId, false);
    if (!ends) return;
    const fails = wanted.fails?.(of) ?? (of.role === "train" && of.n % 17 === 16);
    const result = fails ? null : resultOf(of);
    const outcome = outcomeOf(jobId, fails ? "failed" : "completed");
    await writer.finish(jobId, result === null ? outcome : { ...outcome, headline: headline(result) }, result, engine);
  }

  /** KTRDR computes each training and backtest for 12 seconds. */
  private async time(): Promise<void> {
    await run(
      this.pool,
      `insert into computations (job_id, n, posting_at, known_operations, operation_id, worker_id, started_at, ended_at, fate)
       select job_id, 1, admitted_at, '{}', 'op_' || job_id, 'worker-1', admitted_at, admitted_at + interval '12 seconds', status
       from jobs where parent_job_id = $1 and kind in ('training', 'backtest') and status <> 'open' on conflict do nothing`,
      [this.campaignId],
    );
  }

  /** The campaign itself, unless it goes on. */
  private async end(): Promise<void> {
    const { wanted, campaignId } = this;
    const { writer } = this.stack;
    const { ended } = wanted;
    if (ended !== undefined) {
      const failure = { code: "computation_failed" as const, what: "It failed.", why: null, next: null };
      const outcome = outcomeOf(campaignId, ended);
      await writer.finish(campaignId, ended === "failed" ? { ...outcome, failure } : outcome, null, null);
      return;
    }
    if (wanted.until !== undefined) return;
    const result = resultOfCampaign(await this.state());
    await writer.finish(
      campaignId,
      { ...outcomeOf(campaignId, "completed"), headline: headline(result) },
      result,
      engine,
    );
  }
}

/** The number of a point, out of the name of its strategy. */
const numberIn = (name: string): number => Number(/_p(\d+)/.exec(name)?.[1]);

function resultOfCampaign(state: CampaignState): CampaignResult {
  const { request, steps } = state;
  const { strategy, symbol, timeframe, startDate, endDate, method } = request;
  const standing = standingOf(state);
  const ended = steps.at(-1)?.stop ?? { reason: "finished", says: "It is over." };
  return {
    kind: "campaign",
    strategy,
    symbol,
    timeframe,
    startDate,
    endDate,
    method,
    ...standing,
    ended,
    overfitting: null,
    caveats: caveatsOfCampaign(request, standing, ended, null),
    engine,
  };
}

/** Each point of a campaign with all its jobs so many times more, in one go: thousands would take a minute. */
export async function repeatPoints(databaseUrl: string, campaignId: string, times: number): Promise<void> {
  const pool = createPool(databaseUrl, { max: 1 });
  const of = "where parent_job_id = $1 and k between 1 and $2";
  const again = "job_id || '-again-' || k";
  const rows = "generate_series(1, $2::integer) k";
  const statements = [
    `insert into jobs (job_id, parent_job_id, kind, request, request_hash, client, priority, strategy_text, engine, admitted_at, status, finished_at, outcome)
     select ${again}, parent_job_id, kind, request, ${again}, client, priority, strategy_text, engine, admitted_at, status, finished_at,
       jsonb_set(outcome, '{jobId}', to_jsonb(${again}))
     from jobs, ${rows} ${of}`,
    `insert into results (job_id, kind, result, recorded_at)
     select r.${again}, r.kind, r.result, r.recorded_at from results r join jobs j using (job_id), ${rows} ${of} and j.job_id not like '%-again-%'`,
    `insert into computations (job_id, n, posting_at, known_operations, operation_id, worker_id, started_at, ended_at, fate)
     select c.${again}, c.n, c.posting_at, '{}', c.operation_id || '-again-' || k, c.worker_id, c.started_at, c.ended_at, c.fate
     from computations c join jobs j using (job_id), ${rows} ${of} and j.job_id not like '%-again-%'`,
    `insert into campaign_runs (campaign_id, n, step, point, role, rung, draw, strategy, request, job_id, reused)
     select campaign_id, n + k * 100000, step, point + k * 1000, role, rung, draw, strategy, request, job_id || '-again-' || k, reused
     from campaign_runs, ${rows} where campaign_id = $1`,
    `insert into campaign_points (campaign_id, n, bracket, origin, point, refused)
     select campaign_id, n + k * 1000, bracket, origin, point, refused from campaign_points, ${rows} where campaign_id = $1`,
  ];
  try {
    for (const statement of statements) await run(pool, statement, [campaignId, times]);
    await run(pool, "vacuum (analyze) jobs, results, computations, campaign_runs, campaign_points");
  } finally {
    await pool.end();
  }
}

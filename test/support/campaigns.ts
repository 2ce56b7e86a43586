/** A campaign on record, step by step, by the writers that a real one uses. */
import { hash } from "node:crypto";
import { nameBegin } from "../../src/domain/campaign/point-text.ts";
import type { NewPoint, NewRun, Plan } from "../../src/domain/campaign/state.ts";
import type { JobInput } from "../../src/domain/job.ts";
import type { CampaignRequest } from "../../src/domain/kinds/campaign.ts";
import type { JobRequest, JobResult } from "../../src/domain/kinds/index.ts";
import { createCampaignWriter } from "../../src/store/campaigns.ts";
import { createPool } from "../../src/store/pool.ts";
import { BACKTEST, inputOf, outcomeOf, TRAINING } from "./job-inputs.ts";
import { backtestResult, trainingResult } from "./job-records.ts";
import type { Stack } from "./mcp-stack.ts";

export const CAMPAIGN: CampaignRequest = {
  kind: "campaign",
  strategy: "probe",
  strategySha256: "0".repeat(64),
  symbol: "SPX",
  timeframe: "1d",
  startDate: "2015-01-02",
  endDate: "2019-12-31",
  train: { startDate: "2000-01-03", endDate: "2014-12-31" },
  dimensions: [
    { op: "set_parameter", target: "dip.period", int: [3, 21] },
    { op: "set_architecture", target: "activation", choice: ["relu", "tanh"] },
  ],
  method: "spread",
  seed: 1,
  epochs: 40,
  budget: { trainings: 60, trials: 8, hours: 5, deadline: null },
  finalists: 2,
  draws: 3,
  walk: null,
  initialCapital: 100_000,
  commission: 0.001,
  slippage: 0.0005,
  atOnce: 4,
};

export const pointOf = (n: number, period = 3 + n, refused: string | null = null): NewPoint => ({
  n,
  bracket: 0,
  origin: "spread",
  values: { "dip.period": period, "architecture.activation": "relu" },
  refused,
});

/** The training of a point on a rung. */
export const trainingOf = (campaignId: string, point: number, rung: number, draw = 1): NewRun => ({
  point,
  role: "train",
  rung,
  draw,
  request: { ...TRAINING, strategy: strategyOf(campaignId, point, rung), draw },
});

/** The backtest of a training of the last rung. */
export const testOf = (campaignId: string, point: number, draw = 1): NewRun => ({
  point,
  role: "test",
  rung: 2,
  draw,
  request: {
    ...BACKTEST,
    strategy: strategyOf(campaignId, point, 2),
    modelPath: modelOf(campaignId, point, draw),
    trainingJobId: `train-${campaignId}-${point}-2-${draw}`,
  },
});

/** The name that a campaign gives the strategy of a point. */
export const strategyOf = (campaignId: string, point: number, rung = 2): string =>
  `${nameBegin(campaignId, CAMPAIGN.strategy)}${point}${rung === 2 ? "" : `_r${rung + 1}`}`;

const modelOf = (campaignId: string, point: number, draw: number) =>
  `models/${strategyOf(campaignId, point, 2)}/1d_v${draw}`;

/** Of a campaign, or of one of its jobs. */
export const campaignInput = <R extends JobRequest>(jobId: string, request: R): JobInput<R> => ({
  ...inputOf(jobId, TRAINING, 4),
  request,
});

/** Records an open campaign without any step. */
export async function recordCampaign(
  stack: Pick<Stack, "writer">,
  campaignId: string,
  more: Partial<CampaignRequest> = {},
): Promise<void> {
  await stack.writer.admit(campaignInput(campaignId, { ...CAMPAIGN, ...more }), null);
}

/** Plans a step, whose jobs are begun, and ended where `ends` says so; null for one that failed. */
export async function recordStep(
  stack: Pick<Stack, "writer" | "databaseUrl">,
  campaignId: string,
  step: number,
  plan: Partial<Plan> & Pick<Plan, "stage">,
  ends: (run: NewRun, jobId: string) => JobResult | null | undefined = () => undefined,
): Promise<void> {
  const pool = createPool(stack.databaseUrl, { max: 1 });
  try {
    const writer = createCampaignWriter(pool);
    const { rows } = await pool.query("select count(*)::integer as runs from campaign_runs where campaign_id = $1", [
      campaignId,
    ]);
    const before = (rows[0] as { runs: number }).runs;
    const runs = plan.runs ?? [];
    await writer.plan(campaignId, step, { bracket: null, rung: null, stop: null, points: [], ...plan, runs });
    for (const [at, run] of runs.entries()) {
      const jobId = jobOf(campaignId, run);
      await stack.writer.admit(
        { ...campaignInput(jobId, run.request), parentJobId: campaignId, requestHash: hash("sha256", jobId) },
        null,
      );
      await writer.noteJob(campaignId, before + at, jobId, false);
      const result = ends(run, jobId);
      if (result === undefined) continue;
      const status = result === null ? "failed" : "completed";
      await stack.writer.finish(jobId, outcomeOf(jobId, status), result, null);
    }
  } finally {
    await pool.end();
  }
}

export const jobOf = (campaignId: string, { role, point, rung, draw }: NewRun): string =>
  role === "train" ? `train-${campaignId}-${point}-${rung}-${draw}` : `backtest-${campaignId}-${point}-${draw}`;

/** How the jobs of a campaign end well: a later point has a higher loss and a lower Sharpe ratio. */
export function endsWell({ request, point, draw }: NewRun): JobResult | null {
  if (request.kind === "training") {
    const modelPath = `models/${request.strategy}/1d_v${draw}`;
    return trainingResult({ strategy: request.strategy, modelPath, finalValLoss: 0.9 + point / 100 });
  }
  if (request.kind !== "backtest") return null;
  const { strategy, modelPath } = request;
  return backtestResult({ strategy, modelPath, sharpe: 1.2 - point / 10 - draw / 100 });
}

/** A campaign as answers tell it, while it goes on and afterwards. */
import { funnelFacts } from "../../domain/campaign/facts.ts";
import { narrowed } from "../../domain/campaign/orders.ts";
import { proxyText } from "../../domain/campaign/proxy.ts";
import { ladderFor, whatIsLeft } from "../../domain/campaign/reckoning.ts";
import { rangeText } from "../../domain/campaign/inside.ts";
import { nameOf } from "../../domain/campaign/space.ts";
import { campaignSecondsLeft } from "../../domain/campaign/time-left.ts";
import { standingOf } from "../../domain/campaign/standing.ts";
import { caveatsOfCampaign } from "../../domain/campaign/caveats.ts";
import { budgetOf, usedBy, type CampaignRecord, type Stage } from "../../domain/campaign/state.ts";
import { yearsOf } from "../../domain/results/sharpe-error.ts";
import { compact, enginesText, rounded, type Detail } from "../../domain/facts.ts";
import type { CampaignRequest, CampaignResult, Finalist } from "../../domain/kinds/campaign.ts";
import { weakening } from "../../domain/measured/caveats.ts";
import { luckInShort } from "../../domain/luck/run-luck.ts";
import type { JobRecord } from "../../store/job-row.ts";
import { weighRuns, type WeighedRun } from "../jobs/luck-of.ts";
import type { Deps } from "../ports.ts";

const NOW: Readonly<Record<Stage, string>> = {
  rung: "trains points of a bracket",
  redraw: "draws the best points again",
  first: "backtests each finalist once",
  draws: "trains further draws of the finalists",
  tests: "backtests further draws of the finalists",
  proof: "examines the finalists",
  over: "is over",
};

const PLANNING = "plans its next step";

const THEN: Readonly<Record<Stage, string>> = {
  rung: "the best third by validation loss goes on, or the next bracket begins, where trainings are left; then finalists are backtested",
  redraw: "finalists are backtested",
  first: "further draws of the finalists, unless more trials are in vain",
  draws: "backtests of these draws",
  tests: "what else was asked for: twice the costs, walk-forward, measurement, unless more is in vain",
  proof: "it ends",
  over: "nothing",
};

/** How far a campaign is, in a few figures; null when the record cannot be read. */
export async function campaignProgress(deps: Deps, jobId: string) {
  const [[job, record], now] = await Promise.all([
    Promise.all([deps.records.jobs.get(jobId), deps.records.campaigns.record(jobId)]).catch(
      () => [null, null] as const,
    ),
    deps.now(),
  ]);
  if (record === null || job?.request.kind !== "campaign") return null;
  return progressOf(job, job.request, record, now);
}

export type CampaignProgress = ReturnType<typeof progressOf>;

/** The same of what was read already. */
export function progressOf(
  { jobId, status, admittedAt }: JobRecord,
  request: CampaignRequest,
  record: CampaignRecord,
  now: Date,
) {
  const last = record.steps.at(-1);
  const state = { ...record, jobId, request };
  const standing = standingOf(state);
  const open = record.runs.filter(({ step }) => step === last?.step);
  const ended = open.filter((one) => one.status !== null && one.status !== "open").length;
  const waiting = open.filter((one) => one.role === "train" && (one.status === null || one.status === "open")).length;
  const [budget, left, used] = [budgetOf(state), whatIsLeft(state), usedBy(state)];
  const elapsed = (now.getTime() - Date.parse(admittedAt)) / 1_000;
  const secondsLeft = status === "open" ? campaignSecondsLeft(state, elapsed) : null;
  const stage = last?.stage ?? "rung";
  const begun = standing.used;
  const isPlanning = stage !== "over" && ended === open.length;
  const doing = isPlanning ? PLANNING : NOW[stage];
  const ofStep = isPlanning ? "" : ` (${ended} of ${open.length} jobs ended)`;
  return {
    headline: `It ${doing}${ofStep}; used: ${begun.trainings} of ${budget.trainings} trainings, ${begun.trials} of ${budget.trials} trials.`,
    percent:
      secondsLeft === null || elapsed <= 0
        ? percentOf(used.trainings - waiting, budget.trainings, stage)
        : Math.min(99, Math.floor((100 * elapsed) / (elapsed + secondsLeft))),
    etaSeconds: secondsLeft,
    counts: compact({
      now: doing,
      jobs_of_step: open.length === 0 ? null : `${ended} of ${open.length} ended`,
      afterwards: THEN[stage],
      ...funnelFacts(standing),
      // Used up, planned and left are all there are.
      trainings_planned: used.trainings - begun.trainings || null,
      trials_planned: used.trials - begun.trials || null,
      trainings_left: left.trainings,
      trials_left: left.trials,
      hours_left: Number.isFinite(left.hours) ? rounded(left.hours) : null,
      ends_by: budget.deadline,
    }),
  };
}

/** While its pace is not known, by the trainings that ended. A campaign may use up fewer than it has. */
function percentOf(used: number, budget: number, stage: Stage): number {
  if (stage === "over") return 100;
  return Math.min(99, Math.floor((100 * used) / Math.max(1, budget)));
}

const SHOWN = { brief: 3, standard: 8, full: 8 } as const;
/** The newest, with detail full. */
const SHOWN_ORDERS = 20;

/** The results of a campaign, open or ended. */
export async function campaignResults(
  deps: Deps,
  job: JobRecord,
  request: CampaignRequest,
  result: CampaignResult | null,
  detail: Detail,
) {
  const { jobId, status, outcome, engine } = job;
  const [progress, record] = await Promise.all([campaignProgress(deps, jobId), deps.records.campaigns.record(jobId)]);
  const standing = result ?? standingOf({ ...record, jobId, request });
  const { finalists } = standing;
  const [weighed, warned] = await Promise.all([
    weighFinalists(deps, request, finalists),
    warningsOfMeasurements(deps, finalists),
  ]);
  const { failure = null } = outcome ?? {};
  return {
    task_id: jobId,
    kind: "campaign",
    status,
    headline: outcome?.headline ?? `Not over yet. ${progress?.headline ?? ""}`.trim(),
    ...compact({ engine: enginesText([engine]) }),
    figures: {
      ...funnelFacts(standing),
      ...compact({
        ended: result?.ended.says ?? null,
        overfitting: rounded(result?.overfitting?.probability ?? null),
        choice_loses: rounded(result?.overfitting?.loses ?? null),
        proxy: finalists.length === 0 ? null : proxyOf(request, record, standing, weighed),
        space: detail === "brief" ? null : spaceOf(request, record),
        steered: detail === "full" ? ordersOf(record) : null,
      }),
    },
    leaderboard: finalists.slice(0, SHOWN[detail]).map((finalist) => ({
      ...rowOf(finalist, weighed, detail),
      ...compact({ measurement_warns: warned.get(finalist.jobId) ?? null }),
    })),
    caveats: (result?.caveats ?? caveatsOfCampaign(request, standing, null, null)).map(({ text }) => text),
    ...(failure === null ? {} : { failure: compact({ ...failure }) }),
    next:
      status === "open"
        ? `get_task_status with task_id ${jobId} and wait_seconds 45${standing.searchEnded === null ? "; steer_campaign suggests points or ends the search" : ""}.`
        : finalists.length === 0
          ? "Nothing was tested: headline and figures say why. With another space or budget start_campaign begins another; the same one needs force_new_reason."
          : `The best of many: read its luck and what stands beside it first. propose_champion with task_id ${finalists[0]?.jobId ?? ""} says what a human would still need; save_insight with what was learnt.`,
  };
}

/** Backtests and walk-forwards of finalists, each among all that was tried on the symbol. */
export async function weighFinalists(deps: Deps, { symbol }: CampaignRequest, finalists: readonly Finalist[]) {
  const runs = finalists.flatMap(({ jobId, walk }) => [jobId, ...(walk === null ? [] : [walk.jobId])]);
  return await weighRuns(deps, runs, [symbol], "own symbol");
}

/** What the measurements of finalists' backtests warn of, by backtest; none for those that warn of nothing. */
export async function warningsOfMeasurements(deps: Deps, finalists: readonly Finalist[]) {
  const told = await Promise.all(
    finalists.map(async ({ jobId, measured }) => {
      const result = measured === null ? null : await deps.records.results.get(measured.jobId);
      return [jobId, weakening(result?.caveats ?? []).map(({ text }) => text)] as const;
    }),
  );
  return new Map(told.filter(([, texts]) => texts.length > 0));
}

/** What the loss was worth as a guide, in words. */
export function proxyOf(
  request: CampaignRequest,
  { runs }: CampaignRecord,
  { proxy, finalists }: Pick<CampaignResult, "proxy" | "finalists">,
  weighed: ReadonlyMap<string, WeighedRun>,
): string {
  const last = ladderFor(request).length - 1;
  const climbed = new Set(runs.filter(({ role, rung }) => role === "train" && rung === last).map(({ point }) => point));
  const trials = Math.max(finalists.length, ...[...weighed.values()].map(({ luck }) => luck.trials));
  return proxyText({
    correlation: proxy,
    points: climbed.size,
    finalists: finalists.length,
    trials,
    years: yearsOf(request),
  });
}

const spaceOf = (request: CampaignRequest, { orders }: CampaignRecord) =>
  Object.fromEntries(narrowed(request.dimensions, orders).map((one) => [nameOf(one), rangeText(one)]));

const ordersOf = ({ orders }: CampaignRecord) =>
  orders.length === 0
    ? null
    : orders
        .slice(-SHOWN_ORDERS)
        .map(({ order, reason, client, at }) => ({ order: order.kind, reason, by: client, at }));

/** A finalist as a line of the leaderboard: by the median of its draws less one standard error. */
function rowOf(finalist: Finalist, weighed: ReadonlyMap<string, WeighedRun>, detail: Detail) {
  const { costs, walk, measured } = finalist;
  const run = weighed.get(finalist.jobId);
  const walked = walk === null ? undefined : weighed.get(walk.jobId);
  const row = compact({
    suggested: finalist.suggested ? true : null,
    validation_loss: rounded(finalist.loss),
    sharpe_median: rounded(finalist.median),
    median_less_error: rounded(finalist.decisive),
    draws: finalist.sharpes.map((sharpe) => rounded(sharpe)),
    luck: run === undefined ? null : luckInShort(run.luck),
    excess_sharpe: rounded(finalist.excessSharpe),
    trades: finalist.trades,
    total_return: rounded(finalist.totalReturn),
    max_drawdown: rounded(finalist.maxDrawdown),
    costs_twice:
      costs === null ? null : compact({ sharpe: rounded(costs.sharpe), total_return: rounded(costs.totalReturn) }),
    walk_forward:
      walk === null
        ? null
        : compact({
            sharpe: rounded(walk.sharpe),
            t: rounded(walk.t),
            positive_windows: `${walk.positive} of ${walk.windows}`,
            worst_window: rounded(walk.worst),
            luck: walked === undefined ? null : luckInShort(walked.luck),
            task_id: detail === "brief" ? null : walk.jobId,
          }),
    model_proven: measured?.agrees ?? null,
    task_id: finalist.jobId,
    measurement: detail === "full" ? (measured?.jobId ?? null) : null,
  });
  return { strategy: finalist.strategy, values: finalist.values, ...row };
}

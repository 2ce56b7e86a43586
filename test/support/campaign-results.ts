/** What KTRDR would say of each job of a recorded campaign. */
import type { CampaignRun } from "../../src/domain/campaign/state.ts";
import type { JobResult } from "../../src/domain/kinds/index.ts";
import type { BacktestRequest } from "../../src/domain/kinds/backtest.ts";
import type { MeasurementRequest } from "../../src/domain/kinds/measurement.ts";
import type { TrainingRequest } from "../../src/domain/kinds/training.ts";
import type { WalkForwardRequest, WalkForwardResult } from "../../src/domain/kinds/walk-forward.ts";
import { backtestResult, trainingResult } from "./job-records.ts";
import { measure, wave } from "./measured.ts";

/** Between 0 and 1, another one for each number. */
const share = (n: number): number => Math.abs(Math.sin(n * 12.9898) * 43_758.5453) % 1;

/** Points with a high number learn a little more, longer trainings too; draws of one point differ less than points. */
const lossOf = ({ point, rung, draw }: CampaignRun): number =>
  1.1 - 0.06 * rung - 0.0005 * point - 0.05 * share(point + 1) + 0.004 * share(point * 7 + draw);

const sharpeOf = ({ point, draw }: CampaignRun): number => 0.5 + 0.6 * share(point + 1) + 0.3 * share(point + draw * 3);

export function resultOf(of: CampaignRun): JobResult {
  const { request } = of;
  if (request.kind === "training") return trained(request, of);
  if (request.kind === "backtest") return tested(request, of.role === "costs" ? sharpeOf(of) - 0.25 : sharpeOf(of));
  if (request.kind === "walk_forward") return walked(request, sharpeOf(of));
  if (request.kind === "measurement") return measured(request);
  throw new Error(`no campaign has a ${request.kind}`);
}

function trained({ strategy, symbol, timeframe, startDate, endDate, draw }: TrainingRequest, of: CampaignRun) {
  const modelPath = `models/${strategy}/1d_v${draw}`;
  return trainingResult({ strategy, symbol, timeframe, startDate, endDate, modelPath, finalValLoss: lossOf(of) });
}

/** What each measurement warns of. */
export const ONE_BLOCK = "One block made all of the profit: without it the run lost.";

function measured({ strategy, measures, startDate, endDate }: MeasurementRequest): JobResult {
  const known = { returns: wave(600, 1), market: wave(600, 3), counts: [150, 300, 450, 600] };
  const caveats = [{ code: "one_block", text: ONE_BLOCK }];
  return { ...measure(known), strategy, measures, startDate, endDate, caveats };
}

const tested = ({ strategy, startDate, endDate, modelPath }: BacktestRequest, sharpe: number) =>
  backtestResult({ strategy, startDate, endDate, modelPath, sharpe, totalReturn: sharpe / 8, trades: 61 });

function walked(request: WalkForwardRequest, sharpe: number): WalkForwardResult {
  const { strategy, symbol, timeframe, startDate, endDate, anchored, gap, draws } = request;
  const { caveats, engine } = backtestResult();
  const windows = request.windows.map(({ train, test }, at) => ({
    train,
    test,
    sharpes: [sharpe - at],
    jobId: `backtest-of-window-${at}`,
    sharpe: sharpe - at,
    totalReturn: 0.05,
    maxDrawdown: 0.1,
    trades: 20,
    returns: 900,
    ktrdrSharpe: sharpe - at,
    ktrdrVolatility: 0.1,
    holdSharpe: 0.7,
  }));
  return {
    kind: "walk_forward",
    strategy,
    symbol,
    timeframe,
    startDate,
    endDate,
    anchored,
    gap,
    draws,
    windows,
    equityPoints: 1801,
    sharpe: sharpe - 0.5,
    ktrdrSharpe: sharpe - 0.5,
    t: 1.31,
    totalReturn: 0.1,
    trades: 40,
    positive: 1,
    efficiency: 0.5,
    caveats,
    engine,
  };
}

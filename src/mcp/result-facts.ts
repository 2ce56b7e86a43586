import { isInsistence } from "../domain/insistence.ts";
import type { BuyAndHold, LearningCurve } from "../domain/result.ts";
import type { BacktestResult } from "../domain/kinds/backtest.ts";
import type { BatchResult } from "../domain/kinds/batch.ts";
import type { DataLoadResult } from "../domain/kinds/data-load.ts";
import type { JobResult } from "../domain/kinds/index.ts";
import type { TrainingResult } from "../domain/kinds/training.ts";
import type { JobRecord } from "../store/job-row.ts";
import { compact, engineText, rounded } from "./answer.ts";
import type { SampleVerdict } from "./in-sample.ts";

export type Detail = "brief" | "standard" | "full";

/** A curve is for its shape: this many points show it. */
const CURVE_POINTS = 40;

type Facts = Record<string, unknown>;

export interface ResultFacts {
  readonly figures?: Facts;
  readonly buy_and_hold?: Facts;
  readonly in_sample?: boolean | "unknown";
  readonly caveats?: string[];
  readonly produced_by?: Facts;
  readonly raw?: Facts;
  readonly curve?: Facts;
  readonly next: string;
}

/** A result as Claude reads it: short, corrected figures first. */
export function resultFacts(
  result: JobResult,
  job: JobRecord,
  detail: Detail,
  sample: SampleVerdict | null,
): ResultFacts {
  const first = result.caveats.filter(isInsistence);
  const others = result.caveats.filter((caveat) => !isInsistence(caveat));
  const texts = [first.map(({ text }) => text), sample?.caveat ?? [], others.map(({ text }) => text)];
  const caveats = texts.flat();
  const brief = detail === "brief";
  return {
    ...factsOf(result, detail),
    ...(sample === null ? {} : { in_sample: sample.inSample }),
    ...(caveats.length === 0 ? {} : { caveats: brief ? briefly(caveats) : caveats }),
    produced_by: brief ? { engine: engineText(result.engine) } : provenance(result, job),
    next: NEXT[result.kind],
  };
}

const NEXT: Record<JobResult["kind"], string> = {
  training: "run_backtest with this task_id as model, on dates after the training window.",
  batch: "compare_results for the best of them; save_insight with what it taught.",
  backtest: "Compare with buy_and_hold and with backtests of other trainings of the same strategy before concluding.",
  data_load: "train_model or run_backtest on the new dates.",
};

function briefly(caveats: readonly string[]): string[] {
  const [first, ...rest] = caveats;
  if (first === undefined) return [];
  return rest.length === 0 ? [first] : [first, `and ${rest.length} more (detail standard)`];
}

function factsOf(result: JobResult, detail: Detail): Omit<ResultFacts, "next"> {
  switch (result.kind) {
    case "training":
      return trainingFacts(result, detail);
    case "backtest":
      return backtestFacts(result, detail);
    case "data_load":
      return { figures: loadFigures(result) };
    case "batch":
      return { figures: batchFigures(result) };
  }
}

function trainingFacts(result: TrainingResult, detail: Detail): Omit<ResultFacts, "next"> {
  const { baseRate = null, bestEpoch } = result;
  const accuracy = result.regression === true ? "directional_accuracy" : "accuracy";
  const brief = {
    final_val_loss: rounded(result.finalValLoss),
    [`final_val_${accuracy}`]: rounded(result.finalValAccuracy),
    [`test_${accuracy}`]: rounded(result.testAccuracy),
    mae: rounded(result.mae ?? null),
    test_base_rate: baseText(baseRate?.test),
    epochs: result.epochsTrained,
    saved_epoch: (result.savedEpoch ?? result.epochsTrained - 1) + 1,
    best_epoch: bestEpoch === null ? null : bestEpoch + 1,
  };
  if (detail === "brief") return { figures: compact(brief) };
  const figures = compact({
    ...brief,
    best_val_loss: rounded(result.bestValLoss),
    [`best_val_${accuracy}`]: rounded(result.bestValAccuracy),
    base_rate: baseRate && `${baseRate.label} ${rounded(baseRate.share)}`,
    final_train_loss: rounded(result.finalTrainLoss),
    test_loss: rounded(result.testLoss),
    precision: rounded(result.precision),
    recall: rounded(result.recall),
    f1: rounded(result.f1),
    network_parameters: result.parameters,
    features: result.featureCount,
    samples: result.samples,
    training_seconds: rounded(result.trainingSeconds),
  });
  return { figures, ...(detail === "full" ? { curve: thinned(result.curve) } : {}) };
}

function backtestFacts(result: BacktestResult, detail: Detail): Omit<ResultFacts, "next"> {
  const brief = {
    total_return: rounded(result.totalReturn),
    annual_return: rounded(result.annualReturn),
    sharpe: rounded(result.sharpe),
    max_drawdown: rounded(result.maxDrawdown),
    trades: result.trades,
  };
  const held = result.buyAndHold;
  const beside = held === null ? {} : { buy_and_hold: heldFacts(held) };
  if (detail === "brief") return { figures: compact(brief), ...beside };
  const figures = compact({
    ...brief,
    ktrdr_sortino: rounded(result.sortino),
    volatility: rounded(result.volatility),
    calmar: rounded(result.calmar),
    win_rate: rounded(result.winRate),
    profit_factor: rounded(result.profitFactor),
    avg_holding_hours: rounded(result.avgHoldingHours),
  });
  return { figures, ...beside, ...(detail === "full" ? { raw: roundedAll(result.raw) } : {}) };
}

const heldFacts = (held: BuyAndHold) => ({
  total_return: rounded(held.totalReturn),
  annual_return: rounded(held.annualReturn),
  sharpe: rounded(held.sharpe),
  max_drawdown: rounded(held.maxDrawdown),
  bars: held.bars,
});

const loadFigures = (result: DataLoadResult) =>
  compact({
    first_bar: result.firstBar,
    last_bar: result.lastBar,
    bars: result.bars,
    bars_added: result.barsAdded,
  });

const batchFigures = ({ items, completed, failed, cancelled, reused }: BatchResult) => {
  return { items, completed, failed, cancelled, reused };
};

/** An accuracy says nothing without it. */
const baseText = (base: { readonly label: string; readonly share: number } | null | undefined) =>
  base && `${base.label} ${rounded(base.share)}`;

const roundedAll = (raw: Readonly<Record<string, number>>) =>
  Object.fromEntries(Object.entries(raw).map(([name, value]) => [name, rounded(value)]));

function provenance(result: JobResult, job: JobRecord): Facts {
  if (result.kind === "batch") return { engine: engineText(result.engine) };
  const market = { symbol: result.symbol, timeframe: result.timeframe, engine: engineText(result.engine) };
  const { faultsSeen = [], operationIds = [] } = job.outcome ?? {};
  const common = {
    ...market,
    strategy_sha256: "strategySha256" in job.request ? (job.request.strategySha256 ?? null) : null,
    ktrdr_operations: operationIds.length === 0 ? null : operationIds,
    faults_overcome: faultsSeen.length === 0 ? null : faultsSeen,
  };
  switch (result.kind) {
    case "training":
      return compact({
        strategy: result.strategy,
        ...common,
        ...windowOf(result),
        model_path: result.modelPath,
        resumed_from: job.request.kind === "training" ? job.request.resumeFrom : null,
      });
    case "backtest":
      return compact({
        strategy: result.strategy,
        ...common,
        ...windowOf(result),
        model_path: result.modelPath,
        training_task_id: job.request.kind === "backtest" ? job.request.trainingJobId : null,
        initial_capital: result.initialCapital,
        commission: result.commission,
        slippage: result.slippage,
      });
    case "data_load":
      return compact(common);
  }
}

const windowOf = ({ startDate, endDate }: { startDate: string; endDate: string }) => ({
  dates: `${startDate.slice(0, 10)} to ${endDate.slice(0, 10)}`,
});

/** Evenly thinned, first and last epoch kept; `epoch` names what is left (1-based, as everywhere). */
function thinned(curve: LearningCurve) {
  const length = Math.max(curve.trainLoss.length, curve.valLoss.length);
  const points = Math.min(length, CURVE_POINTS);
  const last = Math.max(1, points - 1);
  const epochs = Array.from({ length: points }, (_, index) => Math.round((index * (length - 1)) / last));
  const pick = (series: readonly number[]) =>
    series.length === 0 ? null : epochs.map((epoch) => (series[epoch] === undefined ? null : rounded(series[epoch])));
  return compact({
    epoch: epochs.map((epoch) => epoch + 1),
    train_loss: pick(curve.trainLoss),
    val_loss: pick(curve.valLoss),
    train_accuracy: pick(curve.trainAccuracy),
    val_accuracy: pick(curve.valAccuracy),
  });
}

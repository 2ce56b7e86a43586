import { noData, parseTime, type Bars } from "./bars.ts";
import { EngineError } from "./errors.ts";
import { computeFeatures, resolveFeatures, windowOf, type Feature } from "./features.ts";
import { BUY, HOLD, makeLabels, SELL } from "./labels.ts";
import type { Samples } from "./learner.ts";
import { crossEntropy, focal, huber, squaredError, type Loss } from "./loss.ts";
import type { Strategy } from "./strategy-model.ts";

/** Everything a training computes on. Rows are bar numbers, in time order: train, then validation, then test. */
export interface Dataset {
  readonly samples: Samples;
  readonly features: readonly Feature[];
  readonly train: Uint32Array;
  readonly validation: Uint32Array;
  readonly test: Uint32Array;
  /** The loss that is trained on, class weights and all. */
  readonly loss: Loss;
  /** The loss of the test figures: unweighted, whatever the training used. */
  readonly testLoss: Loss;
}

/** Bars, dates and strategy to samples. Errors: no data, insufficient data, memberships, indicators, one class. */
export async function makeDataset(
  strategy: Strategy,
  input: {
    readonly bars: Bars;
    readonly otherBars?: ReadonlyMap<string, Bars>;
    readonly symbol: string;
    readonly timeframe: string;
    readonly startDate: string;
    readonly endDate: string;
  },
  breathe: () => Promise<void>,
): Promise<Dataset> {
  const [from, to] = [parseTime(input.startDate), parseTime(input.endDate)];
  const window = windowOf(input.timeframe, input.bars, input.otherBars ?? new Map<string, Bars>(), from, to);
  const bars = window.bars.get(input.timeframe);
  if (bars === undefined || bars.length === 0) throw noData(input.symbol, input.timeframe);
  const features = resolveFeatures(strategy);
  const { trainShare, validationShare } = strategy.training;
  const fitRows = Math.floor(bars.length * trainShare);
  const matrix = await computeFeatures(strategy, features, window, { rows: fitRows }, breathe);
  const labels = makeLabels(strategy.training.labels, bars);
  await breathe();
  const known = Uint32Array.from({ length: bars.length }, (_, i) => i).filter((i) => !Number.isNaN(labels.values[i]));
  const trainEnd = Math.floor(known.length * trainShare);
  const validationEnd = Math.floor(known.length * (trainShare + validationShare));
  // Labels that look ahead would tell the training part about the next one: those rows are left out.
  const gap = labels.horizon;
  const parts = {
    train: known.subarray(0, Math.max(0, trainEnd - gap)),
    validation: known.subarray(trainEnd, Math.max(trainEnd, validationEnd - gap)),
    test: known.subarray(validationEnd),
  };
  if (parts.train.length === 0 || parts.validation.length === 0) {
    const message = `Insufficient data: ${known.length} points available, ${2 * gap + 10} required`;
    throw new EngineError("DATA-InsufficientData", message);
  }
  const classes = labels.classes;
  return {
    samples: { features: matrix, targets: labels.values, classes },
    features,
    ...parts,
    loss: lossFor(strategy, labels.values, parts.train, classes),
    testLoss: classes > 1 ? crossEntropy(new Float64Array(classes).fill(1)) : squaredError,
  };
}

function lossFor(strategy: Strategy, targets: Float64Array, rows: Uint32Array, classes: number): Loss {
  const { loss, focalGamma, huberDelta } = strategy.training;
  if (classes === 1) return loss === "mse" ? squaredError : huber(huberDelta);
  const weights = balancedWeights(targets, rows, classes);
  return loss === "focal" ? focal(weights, focalGamma) : crossEntropy(weights);
}

/** Weights that make every class count the same; a class that does not occur is torch's cryptic error (recording 06). */
function balancedWeights(targets: Float64Array, rows: Uint32Array, classes: number): Float64Array {
  const counts = new Float64Array(classes);
  for (const row of rows) {
    const label = targets[row] ?? HOLD;
    counts[label] = (counts[label] ?? 0) + 1;
  }
  const present = counts.filter((count) => count > 0).length;
  if (present < classes) {
    const message =
      `weight tensor should be defined either for all ${classes} classes or no classes ` +
      `but got weight tensor of shape: [${present}]`;
    throw new EngineError("TRAINING-OneClass", message, { buy: counts[BUY], hold: counts[HOLD], sell: counts[SELL] });
  }
  return counts.map((count) => rows.length / (classes * count));
}

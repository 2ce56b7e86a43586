import { noData, parseTime, sliceBars, type Bars } from "./bars.ts";
import { EngineError } from "./errors.ts";
import { computeFeatures, resolveFeatures, type Feature, type FeatureMatrix } from "./features.ts";
import { makeLabels, type Labels } from "./labels.ts";
import type { Samples } from "./learner.ts";
import { crossEntropy, focal, huber, squaredError, type Loss } from "./loss.ts";
import type { Strategy } from "./strategy-model.ts";
import { commonWindow, finest, joinForTraining } from "./timeframes.ts";

/** The price series of one symbol by timeframe, in the order of the training's timeframes. */
export interface Market {
  readonly symbol: string;
  readonly series: ReadonlyMap<string, Bars>;
}

/** Everything a training computes on. Rows are in time order: train, then validation, then test. */
export interface Dataset {
  readonly samples: Samples;
  readonly features: readonly Feature[];
  readonly train: Uint32Array;
  readonly validation: Uint32Array;
  readonly test: Uint32Array;
  /** Draw weights of the rows of `train`; undefined when each comes once in an epoch. */
  readonly sampling: Float64Array | undefined;
  /** Rows that have a label. */
  readonly count: number;
  /** The loss of the training, with its class weights. */
  readonly loss: Loss;
  /** The loss of the test figures: unweighted, whatever the training used. */
  readonly testLoss: Loss;
}

/** Makes samples of series, dates and strategy. Errors: no data, insufficient data, memberships, indicators, labels. */
export async function makeDataset(
  strategy: Strategy,
  input: {
    readonly markets: readonly Market[];
    readonly timeframe: string;
    readonly startDate: string;
    readonly endDate: string;
  },
  breathe: () => Promise<void>,
): Promise<Dataset> {
  const [from, to] = [parseTime(input.startDate), parseTime(input.endDate)];
  const markets = input.markets.map(({ symbol, series }) => {
    const cut = new Map([...series].map(([timeframe, bars]) => [timeframe, sliceBars(bars, from, to)]));
    for (const [timeframe, bars] of cut) if (bars.length === 0) throw noData(symbol, timeframe);
    return { symbol, series: commonWindow(cut) };
  });
  if (strategy.contextProviders.length > 0) {
    // KTRDR asks FRED, IB and CFTC over a network, which a sandbox lacks. KTRDR's text names no source either.
    throw new EngineError("CONTEXT-Unreachable", "[Errno -2] Name or service not known");
  }
  const available = [...(markets[0]?.series.keys() ?? [])];
  const features = resolveFeatures(strategy).filter((feature) => available.includes(feature.timeframe));
  const matrix = await stack(strategy, features, markets, breathe);
  // Labels are made only from the first symbol's prices, and only from its finest timeframe (docs/ktrdr.md §11.3).
  const bars = markets[0]?.series.get(finest(available) ?? "");
  if (bars === undefined) throw noData(input.markets[0]?.symbol ?? "", input.timeframe);
  const labels = makeLabels(strategy.training.labels, bars);
  await breathe();
  const { targets, rows } = layBeside(matrix, labels);
  const parts = split(strategy.training, rows, labels.purge);
  const windows = forWindows(strategy, parts);
  return {
    samples: { features: matrix, targets, classes: outputsOf(strategy, labels) },
    features,
    ...windows,
    sampling: samplingOf(labels, rows, parts.train, windows.train.length),
    count: rows.length,
    ...lossesFor(strategy, targets, parts, outputsOf(strategy, labels)),
  };
}

/** The rows of all symbols, one symbol after the other. A missing value counts as 0 in a training. */
async function stack(
  strategy: Strategy,
  features: readonly Feature[],
  markets: readonly Market[],
  breathe: () => Promise<void>,
): Promise<FeatureMatrix> {
  const parts: FeatureMatrix[] = [];
  for (const { series } of markets) {
    parts.push(joinForTraining(await computeFeatures(strategy, features, series, breathe), features));
  }
  const values = Float64Array.from(parts.flatMap((part) => Array.from(part.values, (value) => value || 0)));
  return { rows: parts.reduce((sum, part) => sum + part.rows, 0), width: features.length, values };
}

/**
 * Lays labels beside features as KTRDR does. Fewer labels than rows begin at the row that their source names, else both
 * end together. What is left over is cut off in front. So the first symbol's labels can stand beside the last one's
 * rows.
 */
function layBeside(matrix: FeatureMatrix, labels: Labels): { targets: Float64Array; rows: Uint32Array } {
  const count = labels.values.length;
  const first = count < matrix.rows ? labels.first : undefined;
  const end = first === undefined ? matrix.rows : Math.min(matrix.rows, first + count);
  const available = Math.max(0, end - (first ?? 0));
  const common = Math.min(available, count);
  if (common === 0) {
    const lengths = `features_len=${available}, labels_len=${count}`;
    const message = `No aligned samples available: min_len=0, ${lengths}. One or both of features/labels are empty`;
    throw new EngineError("DATA-NoSamples", message);
  }
  const targets = new Float64Array(matrix.rows).fill(Number.NaN);
  targets.set(labels.values.subarray(count - common), end - common);
  return { targets, rows: Uint32Array.from({ length: common }, (_, i) => end - common + i) };
}

/** Fails as KTRDR's network does, which takes too few rows for a window as one window of another length. */
function requireWindow(rows: number, window: number): void {
  if (rows >= window) return;
  const text =
    rows === 0
      ? "Expected sequence length to be larger than 0 in RNN"
      : `size mismatch (got input: [3], target: [${rows}])`;
  throw new EngineError("TRAINING-ShortPart", text);
}

type Shares = Pick<Strategy["training"], "trainShare" | "validationShare" | "testShare">;

interface Parts {
  readonly train: Uint32Array;
  readonly validation: Uint32Array;
  readonly test: Uint32Array;
}

/** In time order and without a gap. With triple barrier labels, the end of the training part is left out. */
export function split({ trainShare, validationShare, testShare }: Shares, rows: Uint32Array, purge: number): Parts {
  if (purge === 0) {
    const [trainEnd, end] = [
      Math.trunc(rows.length * trainShare),
      Math.trunc(rows.length * (trainShare + validationShare)),
    ];
    return { train: rows.subarray(0, trainEnd), validation: rows.subarray(trainEnd, end), test: rows.subarray(end) };
  }
  const later = Math.min(validationShare + (testShare ?? Math.max(0, 1 - trainShare - validationShare)), 1);
  const start = Math.trunc(rows.length * (1 - later));
  const embargo = Math.max(0, start - Math.trunc(0.01 * rows.length));
  const end = start + Math.trunc((rows.length - start) * (validationShare / later));
  if (end >= rows.length) {
    const cause = "This usually indicates a data pipeline issue with multi-symbol or multi-timeframe configurations.";
    throw new EngineError("TRAINING-NoTestData", `Training produced no test data. ${cause}`);
  }
  return {
    train: rows.subarray(0, Math.max(0, Math.min(embargo, start - purge + 1))),
    validation: rows.subarray(start, end),
    test: rows.subarray(end),
  };
}

/** A recurrent network reads a whole window inside its part. The first rows of a part serve only as its past. */
function forWindows(strategy: Strategy, parts: Parts): Parts {
  const { kind, window } = strategy.network;
  if (kind === "mlp") return parts;
  if (parts.train.length < window) {
    const message =
      `insufficient data: got ${parts.train.length} timestamps but ` +
      `sequence_length=${window} requires at least that many`;
    throw new EngineError("DATA-InsufficientData", message);
  }
  const whole = (rows: Uint32Array): Uint32Array => rows.subarray(window - 1);
  for (const rows of [parts.validation, parts.test]) requireWindow(rows.length, window);
  return { train: whole(parts.train), validation: whole(parts.validation), test: whole(parts.test) };
}

/**
 * KTRDR silently drops weights when labels were cut off in front. Beside windows they fail, because there are fewer
 * windows than rows.
 */
function samplingOf(
  { weights }: Labels,
  rows: Uint32Array,
  train: Uint32Array,
  samples: number,
): Float64Array | undefined {
  if (weights === undefined || weights.length !== rows.length) return undefined;
  if (train.length === samples) return Float64Array.from(train, (row) => weights[row - (rows[0] ?? 0)] ?? 0);
  const message = `sample_weights length (${train.length}) does not match number of training samples (${samples}).`;
  throw new EngineError("TRAINING-SampleWeights", message);
}

function outputsOf(strategy: Strategy, labels: Labels): number {
  return strategy.output === "regression" ? 1 : labels.classes === 4 ? 4 : 3;
}

function lossesFor(
  strategy: Strategy,
  targets: Float64Array,
  parts: Parts,
  classes: number,
): { loss: Loss; testLoss: Loss } {
  const { loss, huberDelta, labels } = strategy.training;
  if (classes > 1) {
    const testLoss = crossEntropy(new Float64Array(classes).fill(1));
    return { loss: classLoss(strategy.training, targets, parts, classes), testLoss };
  }
  if (labels["source"] !== "forward_return") {
    throw new EngineError("TRAINING-LabelsOfClasses", "Found dtype Long but expected Float");
  }
  requireRows(parts.train);
  return { loss: loss === "huber" ? huber(huberDelta) : squaredError, testLoss: huber(1) };
}

function requireRows(rows: Uint32Array): void {
  if (rows.length > 0) return;
  const message = "num_samples should be a positive integer value, but got num_samples=0";
  throw new EngineError("DATA-InsufficientData", message);
}

/** The loss of a training on classes. Throws torch's text when there are too few weights for it. */
export function classLoss(
  { loss, focalGamma }: Pick<Strategy["training"], "loss" | "focalGamma">,
  targets: Float64Array,
  parts: Pick<Parts, "train" | "validation">,
  classes: number,
): Loss {
  requireRows(parts.train);
  const weights = classWeights(targets, parts.train);
  if (loss === "focal") {
    // Focal loss looks up the weight of a label. So only a label beyond the last weight fails.
    const missing = parts.validation.find((row) => (targets[row] ?? 0) >= weights.length);
    if (missing === undefined) return focal(weights, focalGamma);
    const message = `index ${targets[missing]} is out of bounds for dimension 0 with size ${weights.length}`;
    throw new EngineError("TRAINING-MissingClass", message);
  }
  if (weights.length < classes) {
    const message =
      `weight tensor should be defined either for all ${classes} classes or no classes ` +
      `but got weight tensor of shape: [${weights.length}]`;
    throw new EngineError("TRAINING-MissingClass", message);
  }
  return crossEntropy(weights);
}

/**
 * Weights that make every class count the same. An absent class has 0 and is never learnt. Classes are counted up to
 * the highest one in the training part. So there are too few weights only when the last classes are missing, and this
 * is torch's cryptic error (docs/ktrdr.md §11.4).
 */
function classWeights(targets: Float64Array, rows: Uint32Array): Float64Array {
  const classOf = (row: number): number => Math.trunc(targets[row] ?? 0);
  const counts = new Float64Array(rows.reduce((most, row) => Math.max(most, classOf(row)), 0) + 1);
  for (const row of rows) counts[classOf(row)] = (counts[classOf(row)] ?? 0) + 1;
  const inverse = counts.map((count) => (count > 0 ? 1 / count : 0));
  const total = inverse.reduce((sum, value) => sum + value, 0);
  return inverse.map((value) => (value / total) * counts.length);
}

import { readdir, readFile, readlink } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import type { EpochMetrics, RunProgress, TrainingCheckpoint, TrainInput } from "../../../sandbox/engine/api-types.ts";
import { type Bars } from "../../../sandbox/engine/bars.ts";
import { readBars } from "../../../sandbox/engine/price-file.ts";
import { makeDataset } from "../../../sandbox/engine/dataset.ts";
import { RunCancelled } from "../../../sandbox/engine/errors.ts";
import { seedDataFolder } from "../../../sandbox/engine/market-data.ts";
import { checkStrategy } from "../../../sandbox/engine/strategy.ts";
import { score } from "../../../sandbox/engine/learner.ts";
import { parseNetwork } from "../../../sandbox/engine/network.ts";
import { drawer, seededRandom } from "../../../sandbox/engine/random.ts";
import { train } from "../../../sandbox/engine/train.ts";
import { uniqueness } from "../../../sandbox/engine/triple-barrier.ts";
import { probeStrategy, temporaryFolder } from "./support.ts";

/** Labels that only the future decides. On noise no network can know them. */
const FUTURE = "{source: context, horizon: 5, bullish_threshold: 0.003, bearish_threshold: -0.003}";

const MLP = /type: mlp, architecture: \{[^}]*\}/;
const WINDOWS = "type: lstm, architecture: {sequence_length: 8, hidden_size: 4, num_layers: 1}";

const series = new Map<string, Bars>();

beforeAll(async () => {
  await using folder = await temporaryFolder();
  await seedDataFolder(folder.path);
  for (const symbol of ["SPX", "SYNTREND", "SYNNOISE"]) series.set(symbol, await readBars(folder.path, symbol, "1d"));
});

type Change = Partial<TrainInput> & { readonly symbol?: string };

function job(modelsDir: string, { symbol = "SYNTREND", ...change }: Change = {}): TrainInput {
  const bars = series.get(symbol);
  if (bars === undefined) throw new Error(`no series ${symbol}`);
  return {
    strategyYaml: probeStrategy({ labels: FUTURE }),
    markets: [{ symbol, series: new Map([["1d", bars]]) }],
    timeframe: "1d",
    startDate: "2000-01-03",
    endDate: "2014-12-31",
    modelsDir,
    operationId: "op-1",
    seed: 1,
    ...change,
  };
}

function completed(result: Awaited<ReturnType<typeof train>>) {
  const metrics = result.training_metrics;
  if ("error" in metrics) throw new Error(metrics.error);
  return metrics;
}

/** Share of the most frequent class in the validation part: what a network that knows nothing can reach. */
async function majority(input: TrainInput): Promise<number> {
  const { strategy } = checkStrategy(input.strategyYaml);
  if (strategy === undefined) throw new Error("strategy does not parse");
  const data = await makeDataset(strategy, input, () => Promise.resolve());
  const counts = [0, 1, 2].map((kind) => data.validation.filter((row) => data.samples.targets[row] === kind).length);
  return Math.max(...counts) / data.validation.length;
}

describe("learning is real", () => {
  test.each([1, 2, 3])("the planted pattern is found (seed %i)", async (seed) => {
    await using folder = await temporaryFolder();
    const input = job(folder.path, { seed });
    const result = await train(input);
    expect(completed(result).best_val_accuracy).toBeGreaterThan((await majority(input)) + 0.15);
    expect(result.test_metrics["test_accuracy"]).toBeGreaterThan((await majority(input)) + 0.2);
  });

  test.each([1, 2, 3])("in noise nothing is found (seed %i)", async (seed) => {
    await using folder = await temporaryFolder();
    const input = job(folder.path, { symbol: "SYNNOISE", seed });
    const accuracy = completed(await train(input)).best_val_accuracy;
    expect(accuracy).toBeLessThan((await majority(input)) + 0.04);
  });

  test("a regression learns the direction", async () => {
    await using folder = await temporaryFolder();
    const strategyYaml = probeStrategy({ labels: "{source: forward_return, horizon: 5}" }).replace(
      "output_format: classification",
      "output_format: regression, cost_model: {round_trip_cost: 0.001, min_edge_multiplier: 1}",
    );
    const result = await train(job(folder.path, { strategyYaml }));
    expect(result.test_metrics["test_accuracy"]).toBeGreaterThan(0.7);
    expect(Object.keys(result.test_metrics).toSorted()).toEqual(["mae", "test_accuracy", "test_loss"]);
  });

  test("the same seed draws the same network, no seed another one", async () => {
    await using folder = await temporaryFolder();
    const input = job(folder.path, { strategyYaml: probeStrategy({ labels: FUTURE, training: "epochs: 2" }) });
    const { seed: _seed, ...unseeded } = input;
    const losses = [];
    for (const one of [input, input, unseeded, unseeded]) losses.push(completed(await train(one)).final_val_loss);
    expect(losses[0]).toBe(losses[1]);
    expect(new Set(losses).size).toBe(3);
  });
});

test("the result has the recorded shape, and the model folder its files", async () => {
  await using folder = await temporaryFolder();
  const strategyYaml = probeStrategy({ labels: "{source: zigzag, zigzag_threshold: 0.015}", training: "epochs: 3" });
  const input = job(folder.path, { symbol: "SPX", strategyYaml });
  const result = await train(input);
  const { training_metrics: _metrics, test_metrics: scores, ...rest } = result;
  const scope = { symbols: ["SPX"], timeframes: ["1d"], start_date: "2000-01-03", end_date: "2014-12-31" };
  expect(rest).toEqual({
    model_path: "models/probe/1d_v1",
    model_info: { parameters_count: 259, trainable_parameters: 259, architecture: "v3_mlp" },
    data_summary: { ...scope, total_samples: 3773, feature_count: 5 },
    session_info: {
      ...scope,
      operation_id: "op-1",
      strategy_name: "probe",
      training_mode: "local",
      use_host_service: false,
    },
    artifacts: { feature_importance: null, per_symbol_metrics: null },
    resource_usage: { training_mode: "local" },
  });
  expect(Object.keys(scores).toSorted()).toEqual(["f1_score", "precision", "recall", "test_accuracy", "test_loss"]);
  expect(scores["recall"]).toBeCloseTo(scores["test_accuracy"] ?? 0, 12);
  const metrics = completed(result);
  expect(metrics.history.val_loss).toHaveLength(3);
  const best = metrics.history.val_loss.indexOf(Math.min(...metrics.history.val_loss));
  expect(metrics.best_val_accuracy).toBe(metrics.history.val_accuracy[best]);

  await train(input);
  const parent = join(folder.path, "probe");
  expect((await readdir(parent)).toSorted()).toEqual(["1d_latest", "1d_v1", "1d_v2"]);
  expect(await readlink(join(parent, "1d_latest"))).toBe("1d_v2");
  expect((await readdir(join(parent, "1d_v1"))).toSorted()).toEqual([
    "config.json",
    "features.json",
    "metadata.json",
    "metadata_v3.json",
    "metrics.json",
    "model.pt",
    "model_full.pt",
  ]);
  expect(JSON.parse(await readFile(join(parent, "1d_v1", "metrics.json"), "utf8"))).toEqual(metrics);
});

test("trainings of one strategy at once get different versions and all finish", async () => {
  await using folder = await temporaryFolder();
  const input = job(folder.path, { strategyYaml: probeStrategy({ labels: FUTURE, training: "epochs: 1" }) });
  const paths = await Promise.all([train(input), train(input), train(input)]);
  expect(paths.map((result) => result.model_path).toSorted()).toEqual([1, 2, 3].map((n) => `models/probe/1d_v${n}`));
});

test("progress counts epochs and batches as recorded", async () => {
  await using folder = await temporaryFolder();
  const seen: RunProgress[] = [];
  const strategyYaml = probeStrategy({ labels: FUTURE, training: "epochs: 4, batch_size: 32" });
  await train(job(folder.path, { strategyYaml, onProgress: (progress) => seen.push(progress) }));
  expect(seen[0]).toMatchObject({ percentage: 0, currentStep: "Starting v3 training pipeline" });
  expect(seen[1]?.currentStep).toMatch(/^Epoch 1\/4 · Batch 10\/\d+$/);
  expect(seen.at(-1)).toMatchObject({ percentage: 100, currentStep: "Epoch 4/4", stepsCompleted: 4, stepsTotal: 4 });
  const percentages = seen.map((progress) => progress.percentage);
  expect(percentages).toEqual(percentages.toSorted((a, b) => a - b));
});

test("other work in the process goes on during a training", async () => {
  await using folder = await temporaryFolder();
  const stop = new AbortController();
  let turns = 0;
  const strategyYaml = probeStrategy({ labels: FUTURE, training: "epochs: 100000, batch_size: 4" });
  const running = train(job(folder.path, { strategyYaml, signal: stop.signal }));
  // Each turn is one pass of the event loop. A training that blocks it would never let the tenth turn come.
  const turn = (): void => {
    turns++;
    if (turns === 10) stop.abort();
    else setImmediate(turn);
  };
  setImmediate(turn);
  await expect(running).rejects.toBeInstanceOf(RunCancelled);
  expect(turns).toBe(10);
});

async function cancelAfter(input: TrainInput, epochs: number): Promise<TrainingCheckpoint> {
  const stop = new AbortController();
  const onEpoch = (metrics: EpochMetrics): void => {
    if (metrics.epoch === epochs - 1) stop.abort();
  };
  const error: unknown = await train({ ...input, signal: stop.signal, onEpoch }).catch((reason: unknown) => reason);
  if (!(error instanceof RunCancelled)) throw error;
  return error.checkpoint as TrainingCheckpoint;
}

test("a cancelled training leaves a checkpoint that a resume goes on from", async () => {
  await using folder = await temporaryFolder();
  const strategyYaml = probeStrategy({ labels: FUTURE, training: "epochs: 8, batch_size: 32, learning_rate: 0.005" });
  const input = job(folder.path, { strategyYaml });
  const checkpoint = await cancelAfter(input, 3);
  expect(checkpoint.state).toMatchObject({ epoch: 2, learning_rate: 0.005 });
  expect(checkpoint.state.training_history.val_loss).toHaveLength(3);
  expect(Object.keys(checkpoint.artifacts).toSorted()).toEqual(["best_model.pt", "model.pt", "optimizer.pt"]);
  expect(await readdir(folder.path)).toEqual([]);

  const epochs: number[] = [];
  const steps: RunProgress[] = [];
  const stored = JSON.parse(JSON.stringify(checkpoint)) as TrainingCheckpoint;
  const result = await train({
    ...input,
    resume: stored,
    onEpoch: (metrics) => void epochs.push(metrics.epoch),
    onProgress: (progress) => steps.push(progress),
  });
  expect(epochs).toEqual([3, 4, 5, 6, 7]);
  expect(completed(result).epochs_trained).toBe(5);
  expect(steps[1]?.currentStep).toMatch(/^Epoch 4\/8 · Batch 10\//);
  expect(steps[1]?.percentage).toBeLessThan(20);
  expect(completed(result).history.train_loss[0]).toBeLessThan(checkpoint.state.training_history.train_loss[0] ?? 0);
});

test("a second cancel leaves a checkpoint that tells of the epochs since the resumption", async () => {
  await using folder = await temporaryFolder();
  const input = job(folder.path, { strategyYaml: probeStrategy({ labels: FUTURE, training: "epochs: 8" }) });
  const first = await cancelAfter(input, 2);
  const second = await cancelAfter({ ...input, resume: first }, 4);
  expect(second.state.epoch).toBe(3);
  expect(second.state.training_history.val_loss).toHaveLength(2);
  expect(second.state.best_val_loss).toBe(Math.min(...second.state.training_history.val_loss));
});

test("cancelled before the first epoch there is no checkpoint", async () => {
  await using folder = await temporaryFolder();
  const error: unknown = await train(job(folder.path, { signal: AbortSignal.abort() })).catch(
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(RunCancelled);
  expect(error).toMatchObject({ checkpoint: undefined });
});

test("a long pause between epochs ends at once when cancelled", async () => {
  await using folder = await temporaryFolder();
  const input = job(folder.path, { epochDelayMs: 3_600_000 });
  expect((await cancelAfter(input, 1)).state.epoch).toBe(0);
});

test("a loss that is no number in the first batch ends it completed with an error inside", async () => {
  await using folder = await temporaryFolder();
  const strategyYaml = probeStrategy({ labels: FUTURE, training: "epochs: 2, batch_size: 9999" }).replace(
    "nn_inputs:",
    "nn_inputs:\n  - {raw_indicator: endless, timeframes: all}",
  );
  const input = job(folder.path, {
    strategyYaml: strategyYaml.replace("indicators:", "indicators:\n  endless: {type: momentum}"),
  });
  const [market] = input.markets;
  const bars = market?.series.get("1d");
  if (market === undefined || bars === undefined) throw new Error("no bars");
  const close = bars.close.map((price, i) => (i === 500 ? Infinity : price));
  const result = await train({ ...input, markets: [{ ...market, series: new Map([["1d", { ...bars, close }]]) }] });
  expect(result.training_metrics).toHaveProperty("error", "NaN loss detected on first batch");
  expect(result.model_path).toBe("models/probe/1d_v1");
});

test("a loss that is no number later is a figure like another: the training goes on to its end", async () => {
  await using folder = await temporaryFolder();
  const training = "epochs: 3, learning_rate: 1.0e+300";
  const metrics = completed(
    await train(job(folder.path, { strategyYaml: probeStrategy({ labels: FUTURE, training }) })),
  );
  expect([metrics.epochs_trained, metrics.final_train_loss, metrics.best_val_accuracy]).toEqual([3, Number.NaN, 0]);
});

test("an empty validation part trains and has no figure", async () => {
  await using folder = await temporaryFolder();
  const training = "epochs: 2, data_split: {train: 0.8, validation: 0, test: 0.2}";
  const result = await train(job(folder.path, { strategyYaml: probeStrategy({ labels: FUTURE, training }) }));
  const metrics = completed(result);
  expect([metrics.final_val_loss, metrics.final_val_accuracy, metrics.best_val_accuracy]).toEqual([NaN, NaN, 0]);
  expect(metrics.history.val_loss).toEqual([NaN, NaN]);
  expect(result.test_metrics["test_accuracy"]).toBeGreaterThan(0);
  const rest = "epochs: 2, data_split: {train: 0.8, validation: 0.2, test: 0}";
  const whole = await train(job(folder.path, { strategyYaml: probeStrategy({ labels: FUTURE, training: rest }) }));
  expect(Object.values(whole.test_metrics)).toEqual([NaN, NaN, NaN, NaN, NaN]);
});

/** Validation loss of the network that lies in the model's folder. */
async function storedLoss(folder: string, input: TrainInput): Promise<number> {
  const data = await datasetOf(input);
  const network = parseNetwork(await readFile(join(folder, "probe", "1d_v1", "model.pt"), "utf8"));
  const { loss, weight } = score(network, data.samples, data.validation, data.loss);
  return loss / weight;
}

test("the saved model is that of the last epoch, also when that is much worse than the best", async () => {
  await using folder = await temporaryFolder();
  const training = "epochs: 30, batch_size: 16, learning_rate: 0.05";
  const input = job(folder.path, { symbol: "SYNNOISE", strategyYaml: probeStrategy({ labels: FUTURE, training }) });
  const metrics = completed(await train(input));
  const best = Math.min(...metrics.history.val_loss);
  expect(metrics.final_val_loss).toBeGreaterThan(best * 1.001);
  expect(await storedLoss(folder.path, input)).toBeCloseTo(metrics.final_val_loss, 10);
});

const BARRIERS = "{source: triple_barrier, max_holding_period: 20, compute_weights: true}";

async function datasetOf(input: TrainInput) {
  const { strategy } = checkStrategy(input.strategyYaml);
  if (strategy === undefined) throw new Error("strategy does not parse");
  return await makeDataset(strategy, input, () => Promise.resolve());
}

test("samples are drawn by how much of their own time they have, some several times and others never", async () => {
  // By hand: bar 0 is held for 2 bars, bars 1 and 2 for 1 bar each. At bar 1 two are open, elsewhere one.
  const raw = [(1 + 1 / 2) / 2, 1 / 2, 1];
  const mean = raw.reduce((sum, one) => sum + one, 0) / 3;
  const own = Array.from(uniqueness(Float64Array.of(2, 1, 1)));
  for (const [place, one] of raw.entries()) expect(own[place]).toBeCloseTo(one / mean, 12);

  const weighted = await datasetOf(job("", { strategyYaml: probeStrategy({ labels: BARRIERS }) }));
  expect(weighted.sampling).toHaveLength(weighted.train.length);
  expect(new Set(weighted.sampling).size).toBeGreaterThan(10);
  const plain = await datasetOf(
    job("", { strategyYaml: probeStrategy({ labels: BARRIERS.replace(", compute_weights: true", "") }) }),
  );
  expect(plain.sampling).toBeUndefined();
  const draw = drawer(Float64Array.of(1, 0, 3), seededRandom(5));
  const drawn = Array.from({ length: 4_000 }, draw);
  const share = (place: number): number => drawn.filter((one) => one === place).length / drawn.length;
  expect([share(0), share(1), share(2)].map((one) => one.toFixed(1))).toEqual(["0.3", "0.0", "0.7"]);
});

describe("failures have the recorded texts", () => {
  const zigzag = probeStrategy({ labels: "{source: zigzag, zigzag_threshold: 0.015}" });
  test.each<[string, Change, string | RegExp]>([
    ["window without bars", { startDate: "2031-01-01" }, "No data found in cache for SPX 1d"],
    ["start after end", { startDate: "2014-12-31", endDate: "2000-01-03" }, "No data found in cache for SPX 1d"],
    ["too short", { endDate: "2000-01-14" }, "Insufficient data: 10 points available, 15 required"],
    ["arity", { strategyYaml: zigzag.replace("[25, 50, 75]", "[25, 50]") }, "[MF-InvalidParameters]"],
    ["type", { strategyYaml: zigzag.replace("type: rsi", "type: rsx") }, /^Unknown indicator type 'rsx'\. Available/],
    [
      "one class",
      { strategyYaml: zigzag.replace("0.015", "0.9") },
      "weight tensor should be defined either for all 3 classes or no classes but got weight tensor of shape: [2]",
    ],
    [
      "a class weight for windows",
      { strategyYaml: probeStrategy({ labels: BARRIERS }).replace(MLP, WINDOWS) },
      /^sample_weights length \(\d+\) does not match number of training samples \(\d+\)\.$/,
    ],
    [
      "no test part with barriers",
      {
        strategyYaml: probeStrategy({
          labels: BARRIERS,
          training: "epochs: 1, data_split: {train: 0.8, validation: 0.2, test: 0}",
        }),
      },
      "Training produced no test data",
    ],
    [
      "no validation for windows",
      {
        strategyYaml: probeStrategy({
          labels: FUTURE,
          training: "epochs: 1, data_split: {train: 0.8, validation: 0, test: 0.2}",
        }).replace(MLP, WINDOWS),
      },
      "Expected sequence length to be larger than 0 in RNN",
    ],
    [
      "less validation than a window",
      {
        strategyYaml: probeStrategy({
          labels: FUTURE,
          training: "epochs: 1, data_split: {train: 0.8, validation: 0.001, test: 0.199}",
        }).replace(MLP, WINDOWS),
      },
      /^size mismatch \(got input: \[3\], target: \[\d\]\)$/,
    ],
    ["an unknown network", { strategyYaml: zigzag.replace("type: mlp", "type: cnn") }, "Unknown model type: cnn"],
    ["no layers", { strategyYaml: zigzag.replace("hidden_layers: [16, 8], ", "") }, "'hidden_layers'"],
    [
      "no window",
      { strategyYaml: zigzag.replace("type: mlp", "type: gru") },
      "sequence_length must be specified in architecture config for GRU models",
    ],
    [
      "epochs as a word",
      { strategyYaml: probeStrategy({ labels: FUTURE, training: 'epochs: "5"' }) },
      "unsupported operand type(s) for -: 'str' and 'int'",
    ],
    [
      "a rate that PyYAML takes for a word",
      { strategyYaml: probeStrategy({ labels: FUTURE, training: "learning_rate: 1e-3" }) },
      "'<=' not supported between instances of 'float' and 'str'",
    ],
    [
      "a batch as a word",
      { strategyYaml: probeStrategy({ labels: FUTURE, training: 'batch_size: "32"' }) },
      "batch_size should be a positive integer value, but got batch_size=32",
    ],
    [
      "a source without context data",
      { strategyYaml: zigzag.replace("period: 14", "period: 14, data_source: fred_DGS2") },
      /'fred_DGS2' does not match any context_data source ID \(no context_data declared\)/,
    ],
    [
      "a smoothed adline",
      { strategyYaml: zigzag.replace("{type: rsi, period: 14}", "{type: adline, use_sma_smoothing: true}") },
      "Indicator slow output mismatch: expected {",
    ],
    ["name with a path", { strategyYaml: zigzag.replace("name: probe", "name: ../x") }, "Invalid strategy name"],
  ])("%s", async (_case, change, message) => {
    await using folder = await temporaryFolder();
    const input = job(folder.path, { symbol: "SPX", strategyYaml: zigzag, ...change });
    await expect(train(input)).rejects.toThrow(message);
    expect(await readdir(folder.path)).toEqual([]);
  });
});

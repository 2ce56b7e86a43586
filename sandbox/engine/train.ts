import { performance } from "node:perf_hooks";
import type {
  EpochMetrics,
  TrainingCheckpoint,
  TrainingHistory,
  TrainingResultSummary,
  TrainInput,
} from "./api-types.ts";
import { makeDataset, type Dataset } from "./dataset.ts";
import { EngineError, RunCancelled } from "./errors.ts";
import { formatAdam, freshAdam, Learner, parseAdam, score, type Score } from "./learner.ts";
import { createNetwork, formatNetwork, parameterCount, parseNetwork, type Network } from "./network.ts";
import { storeModel } from "./model-folder.ts";
import { paceFor, type Pace } from "./pacing.ts";
import { requireTrainable } from "./python-values.ts";
import { drawer, seededRandom, shuffle, type Random } from "./random.ts";
import type { Strategy } from "./strategy-model.ts";
import { checkStrategy } from "./strategy.ts";
import { testMetrics } from "./test-metrics.ts";

/** The weight decay that KTRDR gives its optimiser for classes. A regression has none. */
const WEIGHT_DECAY = 0.0001;

/** A training under way. Epochs count from 0 over the whole training, `first` is where this run began. */
interface Session {
  readonly input: TrainInput;
  readonly strategy: Strategy;
  readonly data: Dataset;
  readonly network: Network;
  readonly learner: Learner;
  readonly random: Random;
  readonly pace: Pace;
  readonly first: number;
  readonly history: TrainingHistory;
  /** Weights of the checkpoint that a resume began with. They are saved unless an epoch beats their loss. */
  kept: Network | undefined;
  bestLoss: number;
  bestAccuracy: number;
  /** Number of finished epochs of the whole training. */
  epoch: number;
}

/**
 * Trains a network as the strategy says and stores the weights of the LAST epoch. KTRDR means to keep the best weights,
 * but keeps a reference to the live ones. So `best_val_*` describe a model that no file holds (docs/ktrdr.md §11.2).
 * Learning is real: minibatches, Adam, dropout, chronological split. Without `seed` every run differs.
 * Rejects with EngineError when it fails (texts of recording 06). Rejects with RunCancelled when the signal stops it;
 * its checkpoint is that of the last finished epoch. A NaN loss in the very first batch ends the training
 * "completed" with `training_metrics.error` (docs/ktrdr.md §6.3). Later NaN, and those of an empty validation part, are
 * ordinary figures.
 */
export async function train(input: TrainInput): Promise<TrainingResultSummary> {
  const started = performance.now();
  report(input, 0, "Starting v3 training pipeline", 0, 0, 0);
  const strategy = readStrategy(input.strategyYaml);
  const pace = paceFor(input.signal);
  const data = await makeDataset(strategy, input, pace.breathe);
  if (pace.stopped()) throw new RunCancelled<TrainingCheckpoint>(undefined);
  requireTrainable(strategy.document);
  const session = openSession(input, strategy, data, pace);
  let error: string | undefined;
  while (session.epoch < strategy.training.epochs && error === undefined) {
    if (!(await runEpoch(session))) error = "NaN loss detected on first batch";
    else if (session.epoch < strategy.training.epochs) await pace.rest(input.epochDelayMs ?? 0);
    if (pace.stopped()) throw cancelled(session);
  }
  if (session.history.val_loss.length === 0) error ??= "No training history available";
  const seconds = (performance.now() - started) / 1000;
  const metrics = error === undefined ? completedMetrics(session, seconds) : { error };
  const modelPath = await storeModel(input.modelsDir, {
    strategy,
    symbols: input.markets.map((market) => market.symbol),
    timeframe: input.timeframe,
    timeframes: timeframesOf(input),
    network: savedModel(session),
    features: data.features,
    metrics,
  });
  return summary(session, modelPath, metrics);
}

function readStrategy(text: string): Strategy {
  const check = checkStrategy(text);
  const problem = check.yamlError ?? check.missing[0]?.message ?? check.errors[0];
  if (check.strategy === undefined || problem !== undefined) {
    throw new EngineError("STRATEGY-Invalid", `Strategy validation failed: ${problem ?? "not v3 format"}`);
  }
  if (!/^[A-Za-z0-9][A-Za-z0-9_-]*$/.test(check.strategy.name)) {
    throw new EngineError("STRATEGY-Invalid", `Invalid strategy name: ${check.strategy.name}`);
  }
  return check.strategy;
}

function openSession(input: TrainInput, strategy: Strategy, data: Dataset, pace: Pace): Session {
  const random = input.seed === undefined ? Math.random : seededRandom(input.seed);
  const kept = input.resume;
  const { classes, features } = data.samples;
  const network =
    kept === undefined
      ? createNetwork(strategy, features.width, classes, random)
      : parseNetwork(artifact(kept, "model.pt"));
  const adam = kept === undefined ? freshAdam(parameterCount(network)) : parseAdam(artifact(kept, "optimizer.pt"));
  const first = kept === undefined ? 0 : kept.state.epoch + 1;
  return {
    input,
    strategy,
    data,
    network,
    learner: new Learner(
      network,
      data.loss,
      { rate: strategy.training.learningRate, decay: classes === 1 ? 0 : WEIGHT_DECAY },
      random,
      adam,
    ),
    random,
    pace,
    first,
    history: { train_loss: [], train_accuracy: [], val_loss: [], val_accuracy: [] },
    kept: kept === undefined ? undefined : parseNetwork(artifact(kept, "best_model.pt")),
    bestLoss: kept?.state.best_val_loss ?? Infinity,
    // KTRDR does not know the accuracy of the checkpoint's best epoch and makes one up from its loss.
    bestAccuracy: kept === undefined ? 0 : Math.max(0, Math.min(1, 1 - kept.state.best_val_loss)),
    epoch: first,
  };
}

function timeframesOf(input: TrainInput): string[] {
  return [...(input.markets[0]?.series.keys() ?? [])];
}

function artifact(checkpoint: TrainingCheckpoint, name: string): string {
  const text = checkpoint.artifacts[name];
  if (text === undefined) throw new EngineError("CHECKPOINT-Corrupt", `Checkpoint artifact missing: ${name}`);
  return text;
}

/** The weights that KTRDR would write: the last ones, or the checkpoint's when no later epoch was better. */
function savedModel(session: Session): Network {
  return session.kept ?? session.network;
}

/** One pass over the training part; false when the first loss of all is not a number. */
async function runEpoch(session: Session): Promise<boolean> {
  const began = performance.now();
  const { data, pace, input, strategy } = session;
  const size = Math.max(1, Math.floor(strategy.training.batchSize));
  const batches = Math.ceil(data.train.length / size);
  const order = orderOf(data, session.random);
  const total: Score = { loss: 0, weight: 0, hits: 0, count: 0 };
  for (let batch = 0; batch < batches; batch++) {
    session.learner.teach(data.samples, order.subarray(batch * size, (batch + 1) * size), total);
    if (session.epoch === 0 && batch === 0 && Number.isNaN(total.loss)) return false;
    if (batch % 10 === 9 || batch === batches - 1) progress(session, batch + 1, batches);
    await pace.breathe();
    if (pace.stopped()) throw cancelled(session);
  }
  const validation = score(session.network, data.samples, data.validation, data.loss);
  const metrics: EpochMetrics = {
    epoch: session.epoch,
    train_loss: total.loss / total.weight,
    train_accuracy: total.hits / total.count,
    val_loss: validation.loss / validation.weight,
    val_accuracy: validation.hits / validation.count,
    learning_rate: strategy.training.learningRate,
    duration: (performance.now() - began) / 1000,
    timestamp: `${new Date().toISOString().slice(0, 19)}Z`,
  };
  finishEpoch(session, metrics);
  await input.onEpoch?.(metrics, () => snapshot(session));
  return true;
}

/** Every row once in a random order. With weights as many rows are drawn by weight, some of them several times. */
function orderOf({ train, sampling }: Dataset, random: Random): Uint32Array {
  if (sampling === undefined) return shuffle(train.slice(), random);
  const draw = drawer(sampling, random);
  return train.map(() => train[draw()] ?? 0);
}

function finishEpoch(session: Session, metrics: EpochMetrics): void {
  const { history } = session;
  history.train_loss.push(metrics.train_loss);
  history.train_accuracy.push(metrics.train_accuracy);
  history.val_loss.push(metrics.val_loss);
  history.val_accuracy.push(metrics.val_accuracy);
  if (metrics.val_loss < session.bestLoss) {
    session.bestLoss = metrics.val_loss;
    session.bestAccuracy = metrics.val_accuracy;
    session.kept = undefined;
  }
  session.epoch += 1;
}

/** Percentage of this run's batches; after a resume it starts at 0 again although epochs count on (recording 13). */
function progress(session: Session, batch: number, batches: number): void {
  const epochs = session.strategy.training.epochs;
  const done = (session.epoch - session.first) * batches + batch;
  const share = done / Math.max(1, (epochs - session.first) * batches);
  const position = `Epoch ${session.epoch + 1}/${epochs}`;
  const step = batch === batches ? position : `${position} · Batch ${batch}/${batches}`;
  report(session.input, 100 * share, step, Math.floor(share * epochs), epochs, done);
}

function report(input: TrainInput, percentage: number, step: string, done: number, total: number, items: number): void {
  input.onProgress?.({
    percentage,
    currentStep: step,
    stepsCompleted: done,
    stepsTotal: total,
    itemsProcessed: items,
  });
}

function cancelled(session: Session): RunCancelled<TrainingCheckpoint> {
  // A resumed run that stops before it has finished an epoch leaves its checkpoint as it is.
  return new RunCancelled(session.history.val_loss.length > 0 ? snapshot(session) : undefined);
}

/**
 * State of the last finished epoch. The weights may be some batches further, and a resume repeats those. For a resumed
 * run the state covers only the epochs since then, as at KTRDR; so does its lowest loss.
 */
function snapshot(session: Session): TrainingCheckpoint {
  const history: TrainingHistory = structuredClone(session.history);
  return {
    state: {
      epoch: session.epoch - 1,
      train_loss: history.train_loss.at(-1) ?? 0,
      val_loss: history.val_loss.at(-1) ?? 0,
      train_accuracy: history.train_accuracy.at(-1) ?? 0,
      val_accuracy: history.val_accuracy.at(-1) ?? 0,
      learning_rate: session.strategy.training.learningRate,
      best_val_loss: Math.min(...history.val_loss),
      training_history: history,
    },
    artifacts: {
      "model.pt": formatNetwork(session.network),
      "optimizer.pt": formatAdam(session.learner.adam),
      // KTRDR has the weights of this moment where the best epoch's should be (docs/ktrdr.md §11.2).
      "best_model.pt": formatNetwork(savedModel(session)),
    },
  };
}

function completedMetrics(session: Session, seconds: number): TrainingResultSummary["training_metrics"] {
  const { history } = session;
  return {
    epochs_trained: history.val_loss.length,
    training_time: seconds,
    final_train_loss: history.train_loss.at(-1) ?? 0,
    final_train_accuracy: history.train_accuracy.at(-1) ?? 0,
    best_train_accuracy: Math.max(...history.train_accuracy),
    final_val_loss: history.val_loss.at(-1) ?? 0,
    final_val_accuracy: history.val_accuracy.at(-1) ?? 0,
    best_val_accuracy: session.bestAccuracy,
    history,
  };
}

function summary(
  session: Session,
  modelPath: string,
  metrics: TrainingResultSummary["training_metrics"],
): TrainingResultSummary {
  const { input, strategy, data } = session;
  const scope = { symbols: input.markets.map((market) => market.symbol), timeframes: timeframesOf(input) };
  const dates = { start_date: input.startDate, end_date: input.endDate };
  const parameters = parameterCount(session.network);
  return {
    model_path: modelPath,
    training_metrics: metrics,
    test_metrics: testMetrics(savedModel(session), data),
    model_info: { parameters_count: parameters, trainable_parameters: parameters, architecture: "v3_mlp" },
    data_summary: {
      ...scope,
      ...dates,
      total_samples: data.count,
      feature_count: data.features.length,
    },
    session_info: {
      operation_id: input.operationId,
      strategy_name: strategy.name,
      ...scope,
      training_mode: "local",
      use_host_service: false,
      ...dates,
    },
    artifacts: { feature_importance: null, per_symbol_metrics: null },
    resource_usage: { training_mode: "local" },
  };
}

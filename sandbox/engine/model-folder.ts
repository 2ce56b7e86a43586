import { randomUUID } from "node:crypto";
import { mkdir, readdir, readFile, rename, stat, symlink, writeFile } from "node:fs/promises";
import { isAbsolute, join } from "node:path";
import type { TrainingResultSummary } from "./api-types.ts";
import { EngineError } from "./errors.ts";
import { resolveFeatures, type Feature } from "./features.ts";
import { formatNetwork, parameterCount, parseNetwork, type Network } from "./network.ts";
import { strategyOf, treeOf, type Strategy } from "./strategy-model.ts";

/** What a backtest needs of a model. */
export interface StoredModel {
  readonly strategy: Strategy;
  readonly network: Network;
  /** Timeframes of the training. A backtest runs on the first one. */
  readonly timeframes: readonly string[];
  /** The features in the order that is part of the model. */
  readonly features: readonly Feature[];
}

/** A trained network with what belongs in its folder. */
export interface ModelToStore {
  readonly strategy: Strategy;
  readonly symbols: readonly string[];
  readonly timeframe: string;
  readonly timeframes: readonly string[];
  readonly network: Network;
  readonly features: readonly Feature[];
  readonly metrics: TrainingResultSummary["training_metrics"];
}

/**
 * Writes `<modelsDir>/<strategy>/<tf>_v<N>` (N = highest + 1) with the files of docs/ktrdr.md §4.2, points
 * `<tf>_latest` at it and returns `models/<strategy>/<tf>_v<N>`. `model.pt` holds this engine's own JSON, not torch's
 * format.
 */
export async function storeModel(modelsDir: string, model: ModelToStore): Promise<string> {
  const parent = join(modelsDir, model.strategy.name);
  await mkdir(parent, { recursive: true });
  const version = await claimVersion(parent, model.timeframe);
  const folder = join(parent, version);
  const files: Record<string, unknown> = {
    "config.json": model.strategy.document,
    "metrics.json": model.metrics,
    "features.json": featuresFile(model),
    "metadata.json": metadataFile(model),
    "metadata_v3.json": metadataV3File(model),
  };
  const network = formatNetwork(model.network);
  await Promise.all([
    writeFile(join(folder, "model.pt"), network),
    writeFile(join(folder, "model_full.pt"), network),
    ...Object.entries(files).map(([name, content]) =>
      writeFile(join(folder, name), `${JSON.stringify(content, null, 2)}\n`),
    ),
  ]);
  const link = join(parent, `.${randomUUID()}`);
  await symlink(version, link);
  await rename(link, join(parent, `${model.timeframe}_latest`));
  return `models/${model.strategy.name}/${version}`;
}

/** Makes the next version's folder. When another training took the number first, the next number is tried. */
async function claimVersion(parent: string, timeframe: string): Promise<string> {
  const prefix = `${timeframe}_v`;
  const taken = (await readdir(parent))
    .filter((name) => name.startsWith(prefix))
    .map((name) => Number(name.slice(prefix.length)));
  for (let number = 1 + Math.max(0, ...taken.filter(Number.isInteger)); ; number++) {
    try {
      await mkdir(join(parent, `${prefix}${number}`));
      return `${prefix}${number}`;
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
    }
  }
}

function featuresFile(model: ModelToStore): unknown {
  return {
    model_version: "pure_fuzzy_v1",
    feature_type: "pure_fuzzy",
    fuzzy_features: model.features.map((feature) => feature.id),
    feature_count: model.features.length,
    temporal_config: null,
    scaling_info: null,
    feature_importance: null,
  };
}

function metadataFile(model: ModelToStore): unknown {
  const metrics = model.metrics;
  const done = "error" in metrics ? undefined : metrics;
  return {
    strategy_name: model.strategy.name,
    symbol: model.symbols.length > 1 ? "MULTI" : model.symbols[0],
    timeframe: model.timeframe,
    created_at: now(),
    is_trained: true,
    model_type: model.network.kind,
    model_version: "pure_fuzzy_v1",
    architecture_type: "v3_mlp",
    input_size: model.features.length,
    pytorch_version: null,
    engine: "sandbox",
    training_summary: {
      epochs: done?.epochs_trained ?? 0,
      final_accuracy: done?.final_train_accuracy ?? 0,
      best_val_accuracy: done?.best_val_accuracy ?? 0,
    },
    feature_engineering: { parameters: parameterCount(model.network) },
  };
}

function metadataV3File(model: ModelToStore): unknown {
  const { document } = model.strategy;
  return {
    model_name: model.strategy.name,
    strategy_name: model.strategy.name,
    created_at: now(),
    strategy_version: model.strategy.version,
    indicators: document["indicators"],
    fuzzy_sets: document["fuzzy_sets"],
    nn_inputs: document["nn_inputs"],
    resolved_features: model.features.map((feature) => feature.id),
    training_symbols: model.symbols,
    training_timeframes: model.timeframes,
    training_metrics: model.metrics,
    output_type: outputType(model.strategy),
    model_type: model.network.kind,
    sequence_length: model.network.kind === "mlp" ? null : model.network.window,
    context_data_config: null,
    context_source_ids: null,
  };
}

/** The labels decide it. A backtest does not look at it: class 0 of a regime is traded as BUY, class 2 as SELL. */
function outputType(strategy: Strategy): string {
  const source = strategy.training.labels["source"];
  if (source === "forward_return") return "regression";
  return source === "regime" || source === "context" ? `${source}_classification` : "classification";
}

/** Naive UTC with microseconds, as Python writes it. */
function now(): string {
  return `${new Date().toISOString().slice(0, 23)}000`;
}

/**
 * Loads a model folder. Errors have the real texts (recording 09): no path, folder not found, no metadata_v3.json
 * (a path to model.pt, for example).
 */
export async function loadModel(workDir: string, modelPath: string | undefined): Promise<StoredModel> {
  if (modelPath === undefined || modelPath === "") {
    throw new EngineError("BACKTEST-NoModel", "model_path is required for backtesting");
  }
  const folder = isAbsolute(modelPath) ? modelPath : join(workDir, modelPath);
  const found = await stat(folder).catch(() => undefined);
  if (found === undefined) throw new EngineError("MODEL-NotFound", `Model directory not found: ${modelPath}`);
  const read = (name: string): Promise<string> => readFile(join(folder, name), "utf8");
  await read("metadata_v3.json").catch(() => {
    const text = "This model may not be a v3 model or may need to be retrained.";
    throw new EngineError("MODEL-NoMetadata", `V3 metadata not found at ${modelPath}/metadata_v3.json. ${text}`);
  });
  const [config, metadata, network] = await Promise.all([
    read("config.json"),
    read("metadata_v3.json"),
    read("model.pt"),
  ]);
  const strategy = strategyOf(treeOf(JSON.parse(config)));
  const stored = JSON.parse(metadata) as { training_timeframes: string[]; resolved_features: string[] };
  const features = resolveFeatures(strategy).filter((feature) => stored.resolved_features.includes(feature.id));
  return { strategy, network: parseNetwork(network), timeframes: stored.training_timeframes, features };
}

import type { MembershipSpec } from "./fuzzy.ts";

/** A fuzzy set: where its values come from and its memberships in file order. */
export interface FuzzySet {
  readonly indicator: string;
  readonly memberships: readonly { readonly name: string; readonly spec: MembershipSpec }[];
}

/** One entry of `nn_inputs`. */
export interface NetworkInput {
  readonly fuzzySet?: string;
  readonly rawIndicator?: string;
  readonly timeframes: "all" | readonly string[];
}

/**
 * A readable v3 strategy (docs/ktrdr.md §4.3). Numbers are as in the file or KTRDR's defaults; nothing is
 * range-checked.
 */
export interface Strategy {
  readonly name: string;
  readonly version: string;
  readonly symbols: readonly string[];
  readonly timeframes: readonly string[];
  readonly baseTimeframe: string | undefined;
  /** Providers of `context_data`, which KTRDR asks over the network. */
  readonly contextProviders: readonly string[];
  readonly indicators: ReadonlyMap<
    string,
    { readonly type: string; readonly params: Readonly<Record<string, unknown>> }
  >;
  readonly fuzzySets: ReadonlyMap<string, FuzzySet>;
  readonly inputs: readonly NetworkInput[];
  readonly network: {
    readonly kind: "mlp" | "lstm" | "gru";
    readonly dropout: number;
    /** Of an mlp. */
    readonly hiddenLayers: readonly number[];
    readonly activation: string;
    /** Of the recurrent ones: numbers that a cell keeps, cells on top of each other, rows that it reads. */
    readonly hiddenSize: number;
    readonly layerCount: number;
    readonly window: number;
  };
  readonly output: "classification" | "regression";
  readonly decisions: {
    readonly confidenceThreshold: number;
    readonly minSignalSeparationHours: number;
    readonly allowShortFromFlat: boolean;
    readonly positionAware: boolean;
    /** The smallest forecast that a regression trades on: round trip cost x edge multiplier. */
    readonly minForecast: number;
  };
  readonly training: {
    readonly epochs: number;
    readonly learningRate: number;
    readonly batchSize: number;
    readonly loss: string;
    readonly focalGamma: number;
    readonly huberDelta: number;
    readonly labels: Tree;
    readonly trainShare: number;
    readonly validationShare: number;
    readonly testShare: number | undefined;
  };
  /** The file as plain data, for config.json of the model folder. */
  readonly document: Tree;
}

export type Tree = Readonly<Record<string, unknown>>;

/** True for plain mappings. */
export function isTree(value: unknown): value is Tree {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The value itself when it is a mapping, an empty one otherwise. */
export function treeOf(value: unknown): Tree {
  return isTree(value) ? value : {};
}

/** A number of a mapping. The default when it is missing or no number. */
export function numberIn(tree: Tree, key: string, fallback: number): number {
  const value = tree[key];
  return typeof value === "number" ? value : fallback;
}

function textIn(tree: Tree, key: string, fallback: string): string {
  const value = tree[key];
  return typeof value === "string" || typeof value === "number" ? String(value) : fallback;
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** The strategy of a document with all sections. A value of a wrong type takes KTRDR's default. */
export function strategyOf(document: Tree): Strategy {
  const data = treeOf(document["training_data"]);
  const symbols = treeOf(data["symbols"]);
  const timeframes = treeOf(data["timeframes"]);
  const decisions = treeOf(document["decisions"]);
  const costs = treeOf(decisions["cost_model"]);
  return {
    name: textIn(document, "name", ""),
    version: textIn(document, "version", "3.0"),
    symbols: namesIn(symbols, "symbol"),
    timeframes: namesIn(timeframes, "timeframe"),
    baseTimeframe: typeof timeframes["base_timeframe"] === "string" ? timeframes["base_timeframe"] : undefined,
    contextProviders: listOf(document["context_data"]).map((entry) => textIn(treeOf(entry), "provider", "")),
    indicators: indicatorsIn(treeOf(document["indicators"])),
    fuzzySets: fuzzySetsIn(treeOf(document["fuzzy_sets"])),
    inputs: listOf(document["nn_inputs"]).map((input) => inputOf(treeOf(input))),
    network: networkIn(treeOf(document["model"])),
    output: decisions["output_format"] === "regression" ? "regression" : "classification",
    decisions: {
      confidenceThreshold: numberIn(decisions, "confidence_threshold", 0.5),
      minSignalSeparationHours: numberIn(treeOf(decisions["filters"]), "min_signal_separation", 4),
      allowShortFromFlat: decisions["allow_short_from_flat"] === true,
      positionAware: decisions["position_awareness"] !== false,
      minForecast: numberIn(costs, "round_trip_cost", 0.003) * numberIn(costs, "min_edge_multiplier", 1.5),
    },
    training: trainingIn(treeOf(document["training"]), decisions["output_format"] === "regression"),
    document,
  };
}

function namesIn(tree: Tree, single: string): string[] {
  const list = listOf(tree["list"]).map(String);
  const one = textIn(tree, single, "");
  return list.length > 0 ? list : one === "" ? [] : [one];
}

function indicatorsIn(tree: Tree): Strategy["indicators"] {
  return new Map(
    Object.entries(tree).map(([id, value]) => {
      const { type, ...params } = treeOf(value);
      return [id, { type: typeof type === "string" ? type : "", params }];
    }),
  );
}

function fuzzySetsIn(tree: Tree): ReadonlyMap<string, FuzzySet> {
  return new Map(
    Object.entries(tree).map(([id, value]) => {
      const { indicator, ...members } = treeOf(value);
      const memberships = Object.entries(members).map(([name, member]) => ({ name, spec: membershipOf(member) }));
      return [id, { indicator: typeof indicator === "string" ? indicator : "", memberships }];
    }),
  );
}

function membershipOf(value: unknown): MembershipSpec {
  const tree = treeOf(value);
  const parameters = Array.isArray(value) ? value : listOf(tree["parameters"]);
  return { type: textIn(tree, "type", "triangular"), parameters: parameters.map(Number) };
}

function inputOf(tree: Tree): NetworkInput {
  const timeframes = Array.isArray(tree["timeframes"]) ? tree["timeframes"].map(String) : "all";
  return {
    ...(typeof tree["fuzzy_set"] === "string" ? { fuzzySet: tree["fuzzy_set"] } : {}),
    ...(typeof tree["raw_indicator"] === "string" ? { rawIndicator: tree["raw_indicator"] } : {}),
    timeframes,
  };
}

function networkIn(model: Tree): Strategy["network"] {
  const architecture = treeOf(model["architecture"]);
  const type = textIn(model, "type", "mlp").toLowerCase();
  return {
    kind: type === "lstm" || type === "gru" ? type : "mlp",
    hiddenSize: numberIn(architecture, "hidden_size", 64),
    layerCount: numberIn(architecture, "num_layers", 2),
    window: numberIn(architecture, "sequence_length", 1),
    hiddenLayers: listOf(architecture["hidden_layers"]).map(Number),
    dropout: numberIn(architecture, "dropout", 0.2),
    activation: textIn(architecture, "activation", "relu"),
  };
}

function trainingIn(tree: Tree, regression: boolean): Strategy["training"] {
  const split = treeOf(tree["data_split"]);
  return {
    epochs: numberIn(tree, "epochs", 100),
    learningRate: numberIn(tree, "learning_rate", 0.001),
    batchSize: numberIn(tree, "batch_size", 32),
    loss: textIn(tree, "loss", regression ? "huber" : "cross_entropy"),
    focalGamma: numberIn(tree, "focal_gamma", 2),
    huberDelta: numberIn(tree, "huber_delta", 0.01),
    labels: treeOf(tree["labels"]),
    trainShare: numberIn(split, "train", 0.7),
    validationShare: numberIn(split, "validation", 0.15),
    testShare: typeof split["test"] === "number" ? split["test"] : undefined,
  };
}

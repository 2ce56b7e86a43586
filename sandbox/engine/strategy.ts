import { parseDocument } from "yaml";
import { resolveSource } from "./features.ts";
import { readAsPyYaml } from "./python-values.ts";
import { findIndicator } from "./indicators/registry.ts";
import { isTree, strategyOf, treeOf, type Strategy, type Tree } from "./strategy-model.ts";

/** A problem in the real backend's wire form. */
export interface StrategyIssue {
  readonly category: string;
  readonly message: string;
}

/**
 * What the real backend finds in a strategy file, and only that: unreadable YAML, missing sections, and semantic
 * errors. Types, parameters, arity, labels and file names are not looked at (docs/ktrdr.md §2.6).
 */
export interface StrategyCheck {
  readonly yamlError?: string;
  /** False when `indicators` is no mapping or `nn_inputs` is missing: such a file cannot be trained. */
  readonly isV3: boolean;
  readonly missing: readonly StrategyIssue[];
  /** Semantic errors, one line each, without the leading bullet. */
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
  readonly strategy?: Strategy;
}

const REQUIRED: readonly [section: string, category: string][] = [
  ["name", "structure"],
  ["training_data", "structure"],
  ["indicators", "indicators"],
  ["fuzzy_sets", "fuzzy_sets"],
  ["nn_inputs", "nn_inputs"],
  ["model", "structure"],
  ["decisions", "structure"],
  ["training", "structure"],
];

/** Reads and checks a strategy file's text; never throws for what a file may contain. */
export function checkStrategy(text: string): StrategyCheck {
  const parsed = parseDocument(text, { version: "1.1", schema: "core" });
  const yamlError = parsed.errors[0]?.message;
  if (yamlError !== undefined) return { yamlError, isV3: false, missing: [], errors: [], warnings: [] };
  readAsPyYaml(parsed);
  let document: Tree;
  try {
    document = treeOf(parsed.toJS({ maxAliasCount: 100 }));
  } catch (error) {
    const yamlBomb = error instanceof Error ? error.message : String(error);
    return { yamlError: yamlBomb, isV3: false, missing: [], errors: [], warnings: [] };
  }
  const missing = REQUIRED.filter(([section]) => document[section] === undefined || document[section] === null).map(
    ([section, category]) => ({ category, message: `Missing required field: ${section}` }),
  );
  const isV3 = isTree(document["indicators"]) && document["nn_inputs"] !== undefined;
  if (missing.length > 0 || !isV3) return { isV3, missing, errors: [], warnings: [] };
  const strategy = strategyOf(document);
  return { isV3, missing, errors: semanticErrors(strategy), warnings: unusedIndicators(strategy), strategy };
}

function semanticErrors(strategy: Strategy): string[] {
  const errors: string[] = [];
  const available = (names: Iterable<string>): string => [...names].toSorted().join(", ");
  const checkReference = (where: string, reference: string): void => {
    const { indicatorId, output } = resolveSource(reference);
    const indicator = strategy.indicators.get(indicatorId);
    if (indicator === undefined) {
      const known = available(strategy.indicators.keys());
      errors.push(`${where}: '${indicatorId}' not found in indicators. Available indicators: ${known}`);
      return;
    }
    const outputs = findIndicator(indicator.type)?.outputs;
    if (output === null || outputs === undefined || outputs.includes(output)) return;
    const valid = outputs.length > 0 ? `Valid outputs: ${outputs.join(", ")}` : "It has a single output";
    errors.push(`${where}: '${output}' is not an output of ${indicator.type}. ${valid}`);
  };
  for (const [name, set] of strategy.fuzzySets) {
    checkReference(`fuzzy_sets.${name}.indicator`, set.indicator);
    if (set.memberships.length === 0) errors.push(`fuzzy_sets.${name}: at least one membership function is required`);
  }
  for (const [index, input] of strategy.inputs.entries()) {
    const where = `nn_inputs[${index}]`;
    if ((input.fuzzySet === undefined) === (input.rawIndicator === undefined)) {
      errors.push(`${where}: exactly one of fuzzy_set and raw_indicator is required`);
    } else if (input.fuzzySet !== undefined && !strategy.fuzzySets.has(input.fuzzySet)) {
      const known = available(strategy.fuzzySets.keys());
      errors.push(`${where}.fuzzy_set: '${input.fuzzySet}' not found in fuzzy_sets. Available fuzzy sets: ${known}`);
    } else if (input.rawIndicator !== undefined) checkReference(`${where}.raw_indicator`, input.rawIndicator);
    const timeframes = input.timeframes === "all" ? [] : input.timeframes;
    for (const timeframe of timeframes.filter((one) => !strategy.timeframes.includes(one))) {
      const known = strategy.timeframes.join(", ");
      errors.push(
        `${where}.timeframes: '${timeframe}' not in training_data.timeframes. Available timeframes: ${known}`,
      );
    }
  }
  return [...errors, ...outputErrors(strategy), ...sourceErrors(strategy)];
}

function outputErrors(strategy: Strategy): string[] {
  const format = treeOf(strategy.document["decisions"])["output_format"] ?? "classification";
  if (format !== "classification" && format !== "regression") {
    return [`decisions.output_format: '${JSON.stringify(format)}' must be classification or regression`];
  }
  if (format === "regression" && strategy.decisions.minForecast <= 0) {
    return ["decisions.cost_model: regression requires round_trip_cost > 0 and min_edge_multiplier > 0"];
  }
  return [];
}

/** A `data_source` without any context data is an error. Which sources a provider gives is not checked here. */
function sourceErrors({ indicators, contextProviders }: Strategy): string[] {
  if (contextProviders.length > 0) return [];
  return [...indicators].flatMap(([id, { params }]) =>
    params["data_source"] == null
      ? []
      : [
          `indicators.${id}.data_source: '${pythonText(params["data_source"])}' does not match any context_data source ID ` +
            "(no context_data declared). Available source IDs: none",
        ],
  );
}

const pythonText = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));

function unusedIndicators(strategy: Strategy): string[] {
  const references = [
    ...[...strategy.fuzzySets.values()].map((set) => set.indicator),
    ...strategy.inputs.map((input) => input.rawIndicator ?? ""),
  ].map((reference) => resolveSource(reference).indicatorId);
  return [...strategy.indicators.keys()]
    .filter((id) => !references.includes(id))
    .map((id) => `indicators.${id}: defined but not used`);
}

import type { Bar, DataRange, DateWindow } from "../market-data.ts";
import { checkContext } from "./check-context.ts";
import { checkData } from "./check-data.ts";
import { checkFuzzySets } from "./check-fuzzy-sets.ts";
import { checkIndicators, strategyWarmUp } from "./check-indicators.ts";
import { checkInputs } from "./check-inputs.ts";
import { checkLabels, type ExaminedLabels } from "./check-labels.ts";
import { checkLookAhead } from "./check-look-ahead.ts";
import { checkModel } from "./check-model.ts";
import { checkStructure } from "./check-structure.ts";
import { checkDecisions, checkTraining } from "./check-training.ts";
import { listFeatures } from "./features.ts";
import { Report, type Finding } from "./finding.ts";
import { strategyMarket, type StrategyMarket } from "./market.ts";
import { parseStrategy, type StrategyText } from "./parse.ts";
import type { Examined } from "./rules.ts";
import { isMapping, own } from "./shape.ts";

export interface ValidateInput {
  /** YAML of the strategy. */
  readonly text: string;
  /** File name, with or without folder and .yaml; the name inside must equal its stem. */
  readonly fileName?: string | undefined;
  /** Bars a training would use, oldest first: label classes are counted on them. */
  readonly bars?: readonly Bar[] | undefined;
  /** What KTRDR has stored for the first symbol and timeframe. */
  readonly range?: DataRange | undefined;
  /** Symbols of the planned training; the strategy's own when absent. */
  readonly symbols?: readonly string[] | undefined;
  /** Dates of the planned training; the strategy's own when absent. */
  readonly window?: DateWindow | undefined;
}

export interface StrategySummary extends StrategyMarket {
  readonly name: string | null;
  readonly description: string | null;
  readonly indicatorTypes: readonly string[];
  /** Feature names in the order the network gets them. */
  readonly features: readonly string[];
  /** Bars before every indicator is trustworthy. */
  readonly warmUpBars: number;
  readonly labels: ExaminedLabels | null;
}

export interface Validation {
  /** No finding of severity error. */
  readonly valid: boolean;
  /** Errors first, then in the order of the text. */
  readonly findings: readonly Finding[];
  /** Null when the text could not be read. */
  readonly summary: StrategySummary | null;
}

/**
 * All findings about a strategy before anything is computed: what KTRDR refuses, what it accepts and fails on later,
 * and what it silently ignores (docs/ktrdr.md §2.6, §4.3). Pure; never throws.
 */
export function validateStrategy(input: ValidateInput): Validation {
  const parsed = parseStrategy(input.text);
  if (!parsed.ok) return { valid: false, findings: parsed.findings, summary: null };
  const examined = examine(parsed.text, input);
  examined.report.findings.push(...parsed.findings);
  checkStructure(examined);
  checkData(examined);
  checkIndicators(examined);
  checkFuzzySets(examined);
  checkInputs(examined);
  checkLookAhead(examined);
  checkContext(examined);
  checkModel(examined);
  checkDecisions(examined);
  checkTraining(examined);
  const labels = checkLabels(examined);
  const findings = inOrder(examined.report.findings);
  return { valid: !examined.report.hasErrors, findings, summary: summarise(examined, labels) };
}

function examine(text: StrategyText, input: ValidateInput): Examined {
  const raw = text.value;
  const section = (name: string) => {
    const value = own(raw, name);
    return isMapping(value) ? value : {};
  };
  return {
    text,
    raw,
    indicators: section("indicators"),
    fuzzySets: section("fuzzy_sets"),
    ...strategyMarket(raw),
    ...(input.symbols === undefined ? {} : { symbols: input.symbols }),
    fileName: input.fileName === undefined ? null : stem(input.fileName),
    bars: input.bars ?? null,
    range: input.range ?? null,
    window: input.window ?? null,
    report: new Report(text.lineOf),
  };
}

const stem = (fileName: string): string => (fileName.split(/[\\/]/).at(-1) ?? "").replace(/\.ya?ml$/i, "");

function inOrder(findings: readonly Finding[]): readonly Finding[] {
  const rank = (finding: Finding) => (finding.severity === "error" ? 0 : 1);
  return findings.toSorted((a, b) => rank(a) - rank(b) || (a.line ?? 0) - (b.line ?? 0));
}

function summarise(examined: Examined, labels: ExaminedLabels | null): StrategySummary {
  const { raw, indicators, fuzzySets, symbols, timeframes, timeframe, slower } = examined;
  const text = (value: unknown) => (typeof value === "string" ? value : null);
  const features = listFeatures({ indicators, fuzzySets, inputs: own(raw, "nn_inputs"), timeframes });
  const types = Object.values(indicators).map((entry) => text(own(entry, "type")));
  return {
    name: text(own(raw, "name")),
    description: text(own(raw, "description")),
    symbols,
    timeframes,
    timeframe,
    slower,
    indicatorTypes: [...new Set(types.filter((type) => type !== null))],
    features: features.map((feature) => feature.featureId),
    warmUpBars: strategyWarmUp(indicators),
    labels,
  };
}

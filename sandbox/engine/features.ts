import type { Bars } from "./bars.ts";
import { EngineError } from "./errors.ts";
import { membership, type MembershipSpec } from "./fuzzy.ts";
import { computeIndicator } from "./indicators/registry.ts";
import type { Strategy } from "./strategy-model.ts";

/** One input of the network. `id` is `{tf}_{fuzzy set}_{membership}` or `{tf}_{reference}_raw` (docs/ktrdr.md §4.3). */
export interface Feature {
  readonly id: string;
  readonly timeframe: string;
  readonly indicatorId: string;
  readonly output: string | null;
  readonly fuzzy?: { readonly set: string; readonly membership: string; readonly spec: MembershipSpec };
}

/** Features row by row: row i holds `width` numbers, NaN where a value does not exist (yet). */
export interface FeatureMatrix {
  readonly rows: number;
  readonly width: number;
  readonly values: Float64Array;
}

/** The features of one timeframe on its own bars: one column for each, in their order. */
export interface FeatureColumns {
  readonly timeframe: string;
  readonly time: Float64Array;
  readonly columns: ReadonlyMap<Feature, Float64Array>;
}

/** `dmi.plus_di` is output `plus_di` of indicator `dmi`; without a dot it is the first output. */
export function resolveSource(reference: string): { indicatorId: string; output: string | null } {
  const dot = reference.indexOf(".");
  return dot < 0
    ? { indicatorId: reference, output: null }
    : { indicatorId: reference.slice(0, dot), output: reference.slice(dot + 1) };
}

/** Inputs of the network in the order that is part of the model: nn_inputs, then timeframes, then memberships. */
export function resolveFeatures(strategy: Strategy): Feature[] {
  return strategy.inputs.flatMap((input) => {
    const timeframes = input.timeframes === "all" ? strategy.timeframes : input.timeframes;
    return timeframes.flatMap((timeframe): Feature[] => {
      if (input.fuzzySet === undefined) {
        const reference = input.rawIndicator ?? "";
        const source = resolveSource(reference);
        return [{ id: `${timeframe}_${reference}_raw`, timeframe, ...source }];
      }
      const name = input.fuzzySet;
      const set = strategy.fuzzySets.get(name);
      const source = resolveSource(set?.indicator ?? "");
      return (set?.memberships ?? []).map((member) => ({
        id: `${timeframe}_${name}_${member.name}`,
        timeframe,
        ...source,
        fuzzy: { set: name, membership: member.name, spec: member.spec },
      }));
    });
  });
}

/**
 * Every feature on the bars of its own timeframe. Timeframes without a series are left out with their features. Raw
 * inputs stay as they are, because KTRDR's trainer never reads `normalization`. `breathe` is awaited between columns.
 * Errors: those of indicators and memberships, and `No features computed ...` when nothing is left.
 */
export async function computeFeatures(
  strategy: Strategy,
  features: readonly Feature[],
  series: ReadonlyMap<string, Bars>,
  breathe: () => Promise<void>,
): Promise<FeatureColumns[]> {
  const needed = [...series].filter(([timeframe]) => features.some((feature) => feature.timeframe === timeframe));
  if (needed.length === 0) throw noFeatures();
  // All indicators come first. So a bad type is reported before a bad membership, as at KTRDR.
  const sources = new Map<string, Float64Array>();
  const keyOf = (feature: Feature): string => `${feature.timeframe} ${feature.indicatorId} ${feature.output ?? ""}`;
  for (const [timeframe, bars] of needed) {
    for (const feature of features.filter((one) => one.timeframe === timeframe)) {
      const key = keyOf(feature);
      if (!sources.has(key)) sources.set(key, sourceSeries(strategy, feature, bars));
      await breathe();
    }
  }
  const tables: FeatureColumns[] = [];
  for (const [timeframe, bars] of needed) {
    const columns = new Map<Feature, Float64Array>();
    for (const feature of features.filter((one) => one.timeframe === timeframe)) {
      const source = sources.get(keyOf(feature)) ?? new Float64Array(bars.length);
      columns.set(feature, feature.fuzzy === undefined ? source : source.map(membership(feature.fuzzy.spec)));
      await breathe();
    }
    tables.push({ timeframe, time: bars.time, columns });
  }
  return tables;
}

function noFeatures(): EngineError {
  return new EngineError("FEATURES-None", "No features computed - check data and configuration");
}

function sourceSeries(strategy: Strategy, feature: Feature, bars: Bars): Float64Array {
  const indicator = strategy.indicators.get(feature.indicatorId);
  if (indicator === undefined) throw noFeatures();
  const outputs = computeIndicator(indicator.type, indicator.params, bars, feature.indicatorId);
  const series = feature.output === null ? Object.values(outputs)[0] : outputs[feature.output];
  if (series === undefined) throw noFeatures();
  return series;
}

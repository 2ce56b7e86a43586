import { sliceBars, type Bars } from "./bars.ts";
import { EngineError } from "./errors.ts";
import { membership, type MembershipSpec } from "./fuzzy.ts";
import { computeIndicator } from "./indicators/registry.ts";
import type { Strategy } from "./strategy-model.ts";

/** One input of the network. `id` is `{tf}_{fuzzy set}_{membership}` or `{tf}_{reference}_raw` (contract §4.3). */
export interface Feature {
  readonly id: string;
  readonly timeframe: string;
  readonly indicatorId: string;
  readonly output: string | null;
  readonly fuzzy?: { readonly set: string; readonly membership: string; readonly spec: MembershipSpec };
  readonly raw?: { readonly normalization: "minmax" | "zscore" | "none" };
}

/** Scale of a raw feature, learnt on the training part only: scaled = (value - offset) / span. */
export interface Scale {
  readonly offset: number;
  readonly span: number;
}

/** Features of every bar: row i holds `width` numbers of bar i, all finite. */
export interface FeatureMatrix {
  readonly rows: number;
  readonly width: number;
  readonly values: Float64Array;
  readonly scales: Readonly<Record<string, Scale>>;
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
        return [
          { id: `${timeframe}_${reference}_raw`, timeframe, ...source, raw: { normalization: input.normalization } },
        ];
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

/** The price series of a run by timeframe, already cut to the window; `base` is the one whose bars are the samples. */
export interface Window {
  readonly base: string;
  readonly bars: ReadonlyMap<string, Bars>;
}

/** Cuts the series of a run to ISO dates, both ends included. */
export function windowOf(
  base: string,
  bars: Bars,
  others: ReadonlyMap<string, Bars>,
  from: number,
  to: number,
): Window {
  const series = new Map([...others, [base, bars] as const]);
  return { base, bars: new Map([...series].map(([timeframe, one]) => [timeframe, sliceBars(one, from, to)])) };
}

/**
 * Every feature on every base bar; a value that does not exist yet counts as 0 membership (or a raw 0). A slower
 * timeframe gives its last bar that was complete when the base bar began. `fitRows`: raw scales are learnt on the
 * first so many rows, unless `scales` brings them. `breathe` is awaited between columns. Errors: those of indicators and memberships, and
 * `No features computed ...` when a feature's timeframe has no series.
 */
export async function computeFeatures(
  strategy: Strategy,
  features: readonly Feature[],
  window: Window,
  fit: { readonly rows: number } | { readonly scales: Readonly<Record<string, Scale>> },
  breathe: () => Promise<void>,
): Promise<FeatureMatrix> {
  const base = window.bars.get(window.base);
  if (base === undefined) throw noFeatures();
  const sources = new Map<string, Float64Array>();
  const scales: Record<string, Scale> = {};
  const values = new Float64Array(base.length * features.length);
  // All indicators first: a bad type is reported before a bad membership, as in the real backend.
  const columns: Float64Array[] = [];
  for (const feature of features) {
    const key = `${feature.timeframe} ${feature.indicatorId} ${feature.output ?? ""}`;
    const column = sources.get(key) ?? sourceSeries(strategy, feature, window, base);
    sources.set(key, column);
    columns.push(column);
    await breathe();
  }
  for (const [place, feature] of features.entries()) {
    const column = columns[place] ?? new Float64Array(base.length);
    const degree = feature.fuzzy === undefined ? undefined : membership(feature.fuzzy.spec);
    const scale = feature.raw === undefined ? undefined : scaleFor(feature, column, fit);
    if (scale !== undefined) scales[feature.id] = scale;
    for (let i = 0; i < base.length; i++) {
      const value = column[i] ?? Number.NaN;
      const scaled = degree ? degree(value) : (value - (scale?.offset ?? 0)) / (scale?.span ?? 1);
      values[i * features.length + place] = Number.isFinite(scaled) ? scaled : 0;
    }
    await breathe();
  }
  return { rows: base.length, width: features.length, values, scales };
}

function noFeatures(): EngineError {
  return new EngineError("FEATURES-None", "No features computed - check data and configuration");
}

function sourceSeries(strategy: Strategy, feature: Feature, window: Window, base: Bars): Float64Array {
  const bars = window.bars.get(feature.timeframe);
  const indicator = strategy.indicators.get(feature.indicatorId);
  if (bars === undefined || indicator === undefined) throw noFeatures();
  const outputs = computeIndicator(indicator.type, indicator.params, bars);
  const series = feature.output === null ? Object.values(outputs)[0] : outputs[feature.output];
  if (series === undefined) throw noFeatures();
  return feature.timeframe === window.base ? series : lastComplete(series, bars, base);
}

/** Values of another timeframe on the base bars, without looking ahead: a bar is complete when the next one began. */
function lastComplete(series: Float64Array, bars: Bars, base: Bars): Float64Array {
  let next = 0;
  return base.time.map((time) => {
    while (next < bars.length && (bars.time[next] ?? Infinity) <= time) next++;
    return series[next - 2] ?? Number.NaN;
  });
}

function scaleFor(
  feature: Feature,
  column: Float64Array,
  fit: { readonly rows: number } | { readonly scales: Readonly<Record<string, Scale>> },
): Scale {
  const none = { offset: 0, span: 1 };
  if ("scales" in fit) return fit.scales[feature.id] ?? none;
  const known = column.subarray(0, fit.rows).filter(Number.isFinite);
  if (known.length === 0 || feature.raw?.normalization === "none") return none;
  if (feature.raw?.normalization === "minmax") {
    const low = known.reduce((least, value) => Math.min(least, value), Infinity);
    const high = known.reduce((most, value) => Math.max(most, value), -Infinity);
    return { offset: low, span: high > low ? high - low : 1 };
  }
  const centre = known.reduce((total, value) => total + value, 0) / known.length;
  const spread = Math.sqrt(known.reduce((total, value) => total + (value - centre) ** 2, 0) / known.length);
  return { offset: centre, span: spread > 0 ? spread : 1 };
}

import type { Bars } from "../bars.ts";
import { EngineError } from "../errors.ts";
import { MOMENTUM } from "./catalogue-momentum.ts";
import { VOLATILITY, VOLUME } from "./catalogue-range.ts";
import { TREND } from "./catalogue-trend.ts";
import { resolveParams } from "./params.ts";
import type { IndicatorSpec } from "./spec.ts";

/** The 31 indicator types in the order the real backend lists them (alphabetical; docs/ktrdr.md §4.4). */
export const INDICATORS: readonly IndicatorSpec[] = [...MOMENTUM, ...TREND, ...VOLATILITY, ...VOLUME].toSorted((a, b) =>
  a.type < b.type ? -1 : 1,
);

/** Type names, alphabetical, as in `available_indicators`. */
export const INDICATOR_TYPES: readonly string[] = INDICATORS.map((spec) => spec.type);

const BY_NAME = new Map<string, IndicatorSpec>();
for (const spec of INDICATORS) {
  for (const name of [spec.type, spec.className, spec.name, ...spec.aliases]) BY_NAME.set(name.toLowerCase(), spec);
}

/** The catalogue entry for a type name, class name or alias, whatever its case; undefined when there is none. */
export function findIndicator(name: string): IndicatorSpec | undefined {
  return BY_NAME.get(name.toLowerCase());
}

/**
 * All outputs of an indicator over `bars`, by output name (`value` for a single unnamed one), NaN where there is no
 * value yet. Throws `CONFIG-UnknownIndicator`, `INDICATOR-InvalidParameters` or `DATA-InsufficientData`
 * (texts of recordings 02, 06 and 09), and an output mismatch when the outputs are not those of the catalogue. Unknown
 * parameters are ignored. `id` is the strategy's name for it.
 */
export function computeIndicator(
  type: string,
  params: Readonly<Record<string, unknown>>,
  bars: Bars,
  id: string = type,
): Record<string, Float64Array> {
  const spec = findIndicator(type);
  if (spec === undefined) {
    const known = INDICATOR_TYPES.map((name) => `'${name}'`).join(", ");
    throw new EngineError("CONFIG-UnknownIndicator", `Unknown indicator type '${type}'. Available: [${known}]`, {
      indicator_id: type,
    });
  }
  const checked = resolveParams(spec, params);
  const required = spec.minBars(checked);
  if (bars.length < required) {
    const message = `Insufficient data: ${bars.length} points available, ${required} required`;
    throw new EngineError("DATA-InsufficientData", message, { available: bars.length, required });
  }
  const outputs = spec.compute(bars, checked);
  const names = Object.keys(outputs);
  if (
    spec.outputs.length > 0 &&
    (names.length !== spec.outputs.length || !names.every((one) => spec.outputs.includes(one)))
  ) {
    const shown = (all: readonly string[]) => `{${all.map((one) => `'${one}'`).join(", ")}}`;
    const message = `Indicator ${id} output mismatch: expected ${shown(spec.outputs)}, got ${shown(names)}`;
    throw new EngineError("INDICATOR-Outputs", message);
  }
  return outputs;
}

import type { Bars } from "../bars.ts";

/** A parameter of an indicator: integers are strict, limits are inclusive unless `above` is set. */
export interface ParamSpec {
  readonly kind: "int" | "float" | "bool" | "choice";
  readonly default: number | boolean | string;
  readonly min?: number;
  /** Exclusive lower limit. */
  readonly above?: number;
  readonly max?: number;
  /** Exclusive upper limit. */
  readonly below?: number;
  readonly options?: readonly string[];
}

/** Checked parameter values by name, with typed readers. */
export interface Params {
  readonly number: (name: string) => number;
  readonly flag: (name: string) => boolean;
  readonly text: (name: string) => string;
}

export type Category = "trend" | "momentum" | "volatility" | "volume" | "multi_purpose";

/** One indicator type of the catalogue (docs/ktrdr.md §4.4). `outputs` is empty when there is a single, unnamed one. */
export interface IndicatorSpec {
  readonly type: string;
  readonly className: string;
  readonly name: string;
  readonly category: Category;
  readonly aliases: readonly string[];
  readonly params: Readonly<Record<string, ParamSpec>>;
  readonly outputs: readonly string[];
  /** Fewest bars that it computes on. */
  readonly minBars: (params: Params) => number;
  /** One series per output, the key `value` for an unnamed one; NaN where there is no value yet. */
  readonly compute: (bars: Bars, params: Params) => Record<string, Float64Array>;
}

/** Whole number with a default and inclusive limits. */
export function int(fallback: number, min: number, max: number): ParamSpec {
  return { kind: "int", default: fallback, min, max };
}

/** The price column an indicator reads. */
export const SOURCE: ParamSpec = {
  kind: "choice",
  default: "close",
  options: ["open", "high", "low", "close", "volume"],
};

/** The column named by the parameter `source`. */
export function sourceOf(bars: Bars, params: Params): Float64Array {
  switch (params.text("source")) {
    case "open":
      return bars.open;
    case "high":
      return bars.high;
    case "low":
      return bars.low;
    case "volume":
      return bars.volume;
    default:
      return bars.close;
  }
}

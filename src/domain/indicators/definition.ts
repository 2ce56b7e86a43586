/** How the catalogue describes an indicator type. */

export type ParameterType = "int" | "float" | "string" | "bool";

export type ParameterValue = number | string | boolean;

export interface IndicatorParameter {
  readonly name: string;
  readonly type: ParameterType;
  readonly default: ParameterValue;
  /** Inclusive lower bound. */
  readonly min?: number;
  /** Exclusive lower bound. */
  readonly above?: number;
  /** Inclusive upper bound. */
  readonly max?: number;
  /** Exclusive upper bound. */
  readonly below?: number;
  readonly values?: readonly string[];
}

export type IndicatorGroup = "momentum" | "trend" | "volatility" | "volume" | "levels";

/** What the numbers of an output are measured in; decides whether fixed fuzzy memberships make sense. */
export type OutputUnit =
  /** Stays inside `OutputScale.range` whatever the market does. */
  | "bounded"
  /** Centred or relative, without limits (percent, ratios, standard units). */
  | "relative"
  /** Price differences: the size grows with the price of the symbol. */
  | "price_difference"
  /** A price level: drifts with the market for ever. */
  | "price"
  /** Volume, or a running total. */
  | "cumulative";

export interface OutputScale {
  readonly unit: OutputUnit;
  /** Limits of bounded outputs, which no value exceeds. */
  readonly range?: readonly [low: number, high: number];
  /** Where practically all values lie, when that is much narrower than `range`. */
  readonly usual?: readonly [low: number, high: number];
}

export interface IndicatorDefinition {
  /** Canonical type name, as strategies write it. */
  readonly type: string;
  /** Other names that KTRDR resolves to the same type (compared without case). */
  readonly aliases: readonly string[];
  readonly group: IndicatorGroup;
  readonly meaning: string;
  readonly parameters: readonly IndicatorParameter[];
  /** Names for `<id>.<output>`; empty when the indicator has a single unnamed output. */
  readonly outputs: readonly string[];
  /** Scale by output name; `""` is the scale of the single output or of every output not listed. */
  readonly scales: Readonly<Record<string, OutputScale>>;
  /** Parameters whose sum is the number of bars before the first trustworthy value. */
  readonly lag: readonly string[];
  /** True when new bars change its past values: as an input of the network it would tell the future. */
  readonly repaints?: boolean;
  /** Outputs that exist only while a boolean parameter is true. */
  readonly optionalOutputs?: Readonly<Record<string, string>>;
}

type Lists = "aliases" | "outputs" | "lag";
type Written = Omit<IndicatorDefinition, "group" | Lists> & Partial<IndicatorDefinition>;

/** Indicators of one group; unless said otherwise KTRDR also knows one by its class, and it has a single output that lags by its period. */
export const inGroup = (group: IndicatorGroup, written: readonly Written[]): readonly IndicatorDefinition[] =>
  written.map((each) => ({ group, aliases: [`${each.type}Indicator`], outputs: [], lag: ["period"], ...each }));

export const int = (name: string, fallback: number, min: number, max: number): IndicatorParameter => ({
  name,
  type: "int",
  default: fallback,
  min,
  max,
});

export const period = (fallback: number, min: number, max: number): IndicatorParameter =>
  int("period", fallback, min, max);

export const float = (
  name: string,
  fallback: number,
  bounds: Pick<IndicatorParameter, "min" | "above" | "max" | "below">,
): IndicatorParameter => ({ name, type: "float", default: fallback, ...bounds });

export const bool = (name: string, fallback: boolean): IndicatorParameter => ({
  name,
  type: "bool",
  default: fallback,
});

export const oneOf = (name: string, values: readonly [string, ...string[]]): IndicatorParameter => ({
  name,
  type: "string",
  default: values[0],
  values,
});

/** Which price column is read. */
export const source: IndicatorParameter = {
  name: "source",
  type: "string",
  default: "close",
  values: ["close", "open", "high", "low", "volume"],
};

export const bounded = (low: number, high: number, usual?: readonly [number, number]): OutputScale => ({
  unit: "bounded",
  range: [low, high],
  ...(usual === undefined ? {} : { usual }),
});
export const relative: OutputScale = { unit: "relative" };
export const price: OutputScale = { unit: "price" };
export const priceDifference: OutputScale = { unit: "price_difference" };
export const cumulative: OutputScale = { unit: "cumulative" };

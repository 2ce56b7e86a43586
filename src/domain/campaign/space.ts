/**
 * A search space: which values its dimensions have, and how a number from 0 to 1 becomes one of them. Workflows call this,
 * so it parses nothing; checkSpace (check-space.ts) has refused what would not fit.
 */
import { toSignificant } from "../statistics.ts";
import type { Dimension, JsonValue, Point } from "./dimension.ts";

/** So many significant digits keep a strategy's text readable. */
const DIGITS = 6;

/** The greatest number below 1. */
export const LAST_UNIT = 1 - 2 ** -53;

export type Range =
  | { readonly kind: "int" | "float" | "log"; readonly from: number; readonly to: number }
  | { readonly kind: "choice"; readonly values: readonly JsonValue[] };

/** The first range that is given; an empty choice when none is. */
export function rangeOf({ int, float, log, choice = [] }: Dimension): Range {
  for (const [kind, bounds] of [
    ["int", int],
    ["float", float],
    ["log", log],
  ] as const) {
    if (bounds !== undefined) return { kind, from: bounds[0] ?? Number.NaN, to: bounds[1] ?? Number.NaN };
  }
  return { kind: "choice", values: choice };
}

/** What the values of a dimension are called in a point, e.g. `rsi.period`, `training.learning_rate`, `zone.low shift`. */
export function nameOf({ op, target }: Dimension): string {
  switch (op) {
    case "set_architecture":
      return `architecture.${target}`;
    case "set_labels":
      return `labels.${target}`;
    case "set_training":
      return `training.${target}`;
    case "shift_membership":
      return `${target} shift`;
    case "widen_membership":
      return `${target} widen`;
    case "set_parameter":
    case "set_membership":
    case "replace_indicator":
    case "set":
      return target;
  }
}

/** The path in the strategy that a dimension changes, with all that lies below it. */
export function pathOf({ op, target }: Dimension): readonly string[] {
  const parts = target.split(".");
  switch (op) {
    case "set_parameter":
      return ["indicators", ...parts];
    case "replace_indicator":
      return ["indicators", target];
    case "set_membership":
    case "shift_membership":
    case "widen_membership":
      return ["fuzzy_sets", ...parts];
    case "set_architecture":
      return ["model", "architecture", target];
    case "set_labels":
      // Another source takes the settings of the old one away.
      return target === "source" ? LABELS : [...LABELS, target];
    case "set_training":
      return ["training", target];
    case "set":
      return parts;
  }
}

/** Whether one path is the other, or leads to it. */
export const overlap = (one: readonly string[], other: readonly string[]): boolean =>
  one.slice(0, other.length).every((part, at) => part === other[at]);

/** How many values a dimension has; null when they are not counted (float, log). */
export function valuesIn(dimension: Dimension): number | null {
  const range = rangeOf(dimension);
  if (range.kind === "choice") return range.values.length;
  return range.kind === "int" ? range.to - range.from + 1 : null;
}

/** How many points a space has, 1 without dimensions; null when it is not finite. Beyond 2 ** 53 it is not exact. */
export function sizeOfSpace(dimensions: readonly Dimension[]): number | null {
  return dimensions.reduce<number | null>((size, dimension) => {
    const values = valuesIn(dimension);
    return size === null || values === null ? null : size * values;
  }, 1);
}

/** The value at `u`, 0 <= u < 1. Whole numbers and choices have equal shares of it. */
export function valueAt(dimension: Dimension, u: number): JsonValue {
  const range = rangeOf(dimension);
  if (range.kind === "choice") return range.values[Math.floor(u * range.values.length)] ?? null;
  const { kind, from, to } = range;
  if (kind === "int") return from + Math.floor(u * (to - from + 1));
  const exact = kind === "float" ? from + u * (to - from) : from * (to / from) ** u;
  return Math.min(to, Math.max(from, toSignificant(exact, DIGITS)));
}

/** Where a value lies, 0 <= u < 1: the middle of its share when it has one, so that valueAt gives the value again. */
export function unitOf(dimension: Dimension, value: JsonValue): number {
  const range = rangeOf(dimension);
  if (range.kind === "choice") {
    const key = canonical(value);
    const at = range.values.findIndex((one) => canonical(one) === key);
    if (at < 0) throw new Error(`${nameOf(dimension)} has no value ${key}`);
    return (at + 0.5) / range.values.length;
  }
  if (typeof value !== "number") throw new Error(`${nameOf(dimension)} is a number`);
  const { kind, from, to } = range;
  if (kind === "int") return unit((value - from + 0.5) / (to - from + 1));
  return unit(kind === "float" ? (value - from) / (to - from) : Math.log(value / from) / Math.log(to / from));
}

const unit = (u: number): number => Math.min(LAST_UNIT, Math.max(0, u));

/** The values at `units`, one for each dimension, beside what is fixed. */
export function pointAt(dimensions: readonly Dimension[], units: readonly number[], fixed: Point): Point {
  const values = dimensions.map((dimension, at) => [nameOf(dimension), valueAt(dimension, units[at] ?? 0)] as const);
  return { ...fixed, ...Object.fromEntries(values) };
}

/** Equal for equal points, whatever the order of their names: JSON with sorted keys. */
export const pointKey = (point: Point): string => canonical(point);

/** JSON with sorted keys. */
export const canonical = (value: JsonValue): string => JSON.stringify(inOrder(value));

/** The same value with sorted keys. */
export function inOrder(value: Point): Point;
export function inOrder(value: JsonValue): JsonValue;
export function inOrder(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map((one: JsonValue) => inOrder(one));
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, one]) => [key, inOrder(one)]));
}

const LABELS = ["training", "labels"];
/** What a validation loss measures by: losses on both sides of a change of these cannot be compared. */
const MEASURES = [
  LABELS,
  ["training", "loss"],
  ["training", "focal_gamma"],
  ["training", "huber_delta"],
  ["training", "data_split"],
  ["decisions", "output_format"],
];

/** Those that change the labels, or what else a loss measures by. Each of their settings is searched by itself. */
export const labelDimensions = (dimensions: readonly Dimension[]): Dimension[] =>
  dimensions.filter((dimension) => MEASURES.some((path) => overlap(path, pathOf(dimension))));

/** All combinations of values of the label dimensions, which are finite; one empty point when there are none. */
export function labelSettings(dimensions: readonly Dimension[]): Point[] {
  return labelDimensions(dimensions).reduce<Point[]>(
    (settings, dimension) => {
      const count = valuesIn(dimension) ?? 0;
      const values = Array.from({ length: count }, (_, at) => valueAt(dimension, (at + 0.5) / count));
      return settings.flatMap((setting) => values.map((value) => ({ ...setting, [nameOf(dimension)]: value })));
    },
    [{}],
  );
}

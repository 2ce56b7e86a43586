/** Whether values and ranges lie inside a space. */
import type { Dimension, JsonValue, Point } from "./dimension.ts";
import { canonical, nameOf, rangeOf } from "./space.ts";

/** The values of a dimension in words, e.g. `int 3 to 21`. */
export function rangeText(dimension: Dimension): string {
  const range = rangeOf(dimension);
  if (range.kind !== "choice") return `${range.kind} ${range.from} to ${range.to}`;
  return `one of ${range.values.map((value) => JSON.stringify(value)).join(", ")}`;
}

/** What is wrong with a point of a space; null when it is one of its points. */
export function withinSpace(dimensions: readonly Dimension[], point: Point): string | null {
  const names = new Set(dimensions.map(nameOf));
  const foreign = Object.keys(point).find((name) => !names.has(name));
  if (foreign !== undefined) return `there is no dimension ${foreign}`;
  for (const dimension of dimensions) {
    const value = point[nameOf(dimension)];
    if (value === undefined) return `${nameOf(dimension)} has no value`;
    if (!hasValue(dimension, value)) return `${nameOf(dimension)} is ${JSON.stringify(value)}`;
  }
  return null;
}

function hasValue(dimension: Dimension, value: JsonValue): boolean {
  const range = rangeOf(dimension);
  if (range.kind === "choice") return range.values.some((one) => canonical(one) === canonical(value));
  if (typeof value !== "number" || value < range.from || value > range.to) return false;
  return range.kind !== "int" || Number.isInteger(value);
}

/** Why a dimension is no part of another one of the same name; null when it is. */
export function within(whole: Dimension, part: Dimension): string | null {
  const [outer, inner] = [rangeOf(whole), rangeOf(part)];
  if (whole.op !== part.op || outer.kind !== inner.kind) return `it is ${whole.op} with ${rangeText(whole)}`;
  if (outer.kind === "choice" || inner.kind === "choice") {
    const values = inner.kind === "choice" ? inner.values : [];
    if (values.length === 0) return "no value is left";
    const other = values.find((value) => !hasValue(whole, value));
    return other === undefined ? null : `${JSON.stringify(other)} is none of its values`;
  }
  if (!(inner.from < inner.to)) return "its range is empty";
  return inner.from < outer.from || inner.to > outer.to ? `its range is ${rangeText(whole)}` : null;
}

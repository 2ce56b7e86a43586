/** PostgreSQL's JSON parser and JavaScript's writer fail beyond some depth: deeper values are not kept. */
const MOST_DEPTH = 200;
const DEEPER = "(nested deeper than is kept)";

/**
 * JSON text that a `jsonb` column accepts. JavaScript strings may hold what PostgreSQL's cannot (NUL, half surrogate
 * pairs); those characters become U+FFFD.
 */
export function toJsonb(value: unknown): string {
  return JSON.stringify(storable(value, 0)) ?? "null";
}

/** The same for a `text` column. */
export function toText(text: string): string {
  return text.toWellFormed().replaceAll("\u0000", "\uFFFD");
}

/** True for a date, for example. An argument of a client may also be named `toJSON`. */
const writesItself = (value: object): boolean => "toJSON" in value && typeof value.toJSON === "function";

function storable(value: unknown, depth: number): unknown {
  if (typeof value === "string") return toText(value);
  if (typeof value !== "object" || value === null || writesItself(value)) return value;
  if (depth === MOST_DEPTH) return DEEPER;
  if (Array.isArray(value)) return value.map((item) => storable(item, depth + 1));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [toText(key), storable(item, depth + 1)]));
}

/**
 * JSON text that a `jsonb` column accepts. JavaScript strings may hold what PostgreSQL's cannot (NUL, half surrogate
 * pairs); those characters become U+FFFD.
 */
export function toJsonb(value: unknown): string {
  return JSON.stringify(storable(value)) ?? "null";
}

/** The same for a `text` column. */
export function toText(text: string): string {
  return text.toWellFormed().replaceAll("\u0000", "\uFFFD");
}

function storable(value: unknown): unknown {
  if (typeof value === "string") return toText(value);
  if (Array.isArray(value)) return value.map(storable);
  if (typeof value !== "object" || value === null || "toJSON" in value) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [toText(key), storable(item)]));
}

/** Limits of one message, or of one value that a client sends; far above what any tool accepts. */
const MOST_DEPTH = 40;
const MOST_VALUES = 20_000;
const MOST_KEY_CHARS = 500;
const MOST_TEXT_CHARS = 500_000;

/** In words, which limit a JSON value exceeds; null for none. Code that runs after this check may recurse. */
export function excess(value: unknown): string | null {
  let level: readonly unknown[] = [value];
  let values = 0;
  // Goes level by level, because the value may be too deep for recursion.
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > MOST_DEPTH) return `it is nested more than ${MOST_DEPTH} levels deep`;
    values += level.length;
    if (values > MOST_VALUES) return `it holds more than ${MOST_VALUES} values`;
    const inner: unknown[] = [];
    for (const each of level) {
      if (typeof each === "string" && each.length > MOST_TEXT_CHARS) {
        return `it holds a text of more than ${MOST_TEXT_CHARS} characters`;
      }
      if (typeof each !== "object" || each === null) continue;
      if (!Array.isArray(each) && Object.keys(each).some((key) => key.length > MOST_KEY_CHARS)) {
        return `it holds a name of more than ${MOST_KEY_CHARS} characters`;
      }
      for (const one of Object.values(each)) inner.push(one);
    }
    level = inner;
  }
  return null;
}

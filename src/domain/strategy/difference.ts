import { isMapping, own } from "./shape.ts";

/** One path at which two strategies differ. The values are short JSON; null where a strategy has none. */
export interface Difference {
  /** Dotted, e.g. `indicators.dip.period`. */
  readonly path: string;
  readonly before: string | null;
  readonly after: string | null;
}

const SHOWN_CHARS = 120;
/** The name and the description of a strategy do not change what it does. */
const NAMES = new Set(["name", "description"]);

/** The differences of two strategies as plain data, in the order of their paths; names and descriptions are left out. */
export function differences(before: unknown, after: unknown): Difference[] {
  const [old, young] = [leavesOf(before), leavesOf(after)];
  return [...new Set([...old.keys(), ...young.keys()])]
    .filter((path) => old.get(path) !== young.get(path) && !NAMES.has(path))
    .toSorted()
    .map((path) => ({ path, before: shown(old.get(path)), after: shown(young.get(path)) }));
}

const shown = (leaf: string | undefined): string | null =>
  leaf === undefined ? null : leaf.length > SHOWN_CHARS ? `${leaf.slice(0, SHOWN_CHARS)}...` : leaf;

function leavesOf(value: unknown): Map<string, string> {
  const leaves = new Map<string, string>();
  const walk = (node: unknown, path: readonly string[]): void => {
    const entries = path.length === 1 && path[0] === "nn_inputs" ? byWhatTheyFeed(node) : node;
    if (isMapping(entries) && Object.keys(entries).length > 0) {
      for (const [key, inner] of Object.entries(entries)) walk(inner, [...path, key]);
    } else if (path.length > 0) leaves.set(path.join("."), JSON.stringify(entries) ?? "null");
  };
  walk(value, []);
  return leaves;
}

/** Inputs by what they name instead of by position: removing one from the middle then makes one difference. */
function byWhatTheyFeed(inputs: unknown): unknown {
  if (!Array.isArray(inputs)) return inputs;
  return Object.fromEntries(
    inputs.map((input: unknown, at) => {
      const named = own(input, "fuzzy_set") ?? own(input, "raw_indicator");
      return [typeof named === "string" ? named : at, input];
    }),
  );
}

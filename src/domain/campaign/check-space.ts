import { DomainError } from "../errors.ts";
import { alternatives, shown } from "../strategy/finding.ts";
import { mutated } from "../strategy/mutate.ts";
import { isMapping, own } from "../strategy/shape.ts";
import { toSignificant } from "../statistics.ts";
import { changesOf, isMove, strategyValue } from "./changes.ts";
import type { Dimension, JsonValue } from "./dimension.ts";
import { movedMemberships } from "./moves.ts";
import { canonical, labelDimensions, nameOf, overlap, pathOf, pointAt, rangeOf, sizeOfSpace } from "./space.ts";

export const MOST_DIMENSIONS = 12;
/** The losses of each setting are compared among themselves only, so more of them leave too few points each. */
export const MOST_LABEL_SETTINGS = 6;
const FARTHEST_BOUND = 1e9;
const WIDENED = [0.01, 100] as const;
const RANGES = ["int: [5, 40]", "float: [0, 0.5]", "log: [0.0001, 0.01]", "choice: [[16, 8], [32]]"];

/**
 * Refuses a space that cannot be searched over the base.
 * @throws DomainError `invalid_input`, naming the dimension, what is wrong with it and what would do; `strategy_invalid`
 * when the base cannot be read
 */
export function checkSpace(dimensions: readonly Dimension[], baseText: string): void {
  if (dimensions.length === 0 || dimensions.length > MOST_DIMENSIONS)
    throw new DomainError("invalid_input", {
      what: `A space has 1 to ${MOST_DIMENSIONS} dimensions, not ${dimensions.length}.`,
      why: dimensions.length === 0 ? "nothing would be searched" : "so many trials are affordable in no larger space",
      next: "name what is to be varied, with a range each",
    });
  const base = strategyValue(baseText);
  for (const [at, dimension] of dimensions.entries()) {
    const found =
      rangeProblem(dimension) ??
      pathProblem(dimension) ??
      baseProblem(dimension, base) ??
      (isMove(dimension) ? moveProblem(dimension, base) : valueProblem(dimension, base));
    if (found !== null) throw refused(dimension, at, found);
  }
  assertApart(dimensions, base);
  assertFewLabels(dimensions);
  // What the rules above do not know, the change itself refuses.
  const middle = dimensions.map(() => 0.5);
  mutated(baseText, changesOf(dimensions, pointAt(dimensions, middle, {}), baseText), null);
}

interface Problem {
  readonly why: string;
  readonly valid: readonly string[];
}

const problem = (why: string, ...valid: string[]): Problem => ({ why, valid });

function refused(dimension: Dimension, at: number, { why, valid }: Problem): DomainError {
  return new DomainError("invalid_input", {
    what: `Dimension ${at + 1} (${dimension.op} ${dimension.target}) cannot be searched.`,
    why,
    valid,
    next: "correct it and call again; nothing was started",
  });
}

/** What is wrong with its range, whatever it varies; null when it has one range of values. */
export function rangeProblem(dimension: Dimension): Problem | null {
  const given = (["int", "float", "log", "choice"] as const).filter((kind) => dimension[kind] !== undefined);
  if (given.length === 0) return problem("it has no range", ...RANGES);
  if (given.length > 1) return problem(`it has several ranges: ${given.join(", ")}`, ...RANGES);
  const range = rangeOf(dimension);
  if (range.kind === "choice") return choiceProblem(range.values);
  const { kind, from, to } = range;
  const asked = `its range ${kind} [${from}, ${to}]`;
  if (![from, to].every((bound) => Math.abs(bound) <= FARTHEST_BOUND))
    return problem(`${asked} is not finite`, `bounds from -${FARTHEST_BOUND} to ${FARTHEST_BOUND}`);
  if (from >= to) return problem(`${asked} is empty`, `${kind}: [from, to] with from < to`);
  if (kind === "int" && ![from, to].every(Number.isInteger))
    return problem(`${asked} is not of whole numbers`, "whole bounds", "float instead of int");
  if (kind === "log" && from <= 0) return problem(`${asked} has no logarithms`, "log: [from, to] with 0 < from < to");
  if (kind !== "int" && toSignificant(from, 6) >= toSignificant(to, 6))
    return problem(`${asked} is empty: its values are rounded to 6 significant digits`, "a wider range");
  return null;
}

function choiceProblem(values: readonly JsonValue[]): Problem | null {
  if (values.length === 0) return problem("its choice is empty", "choice: a list of values");
  const keys = values.map(canonical);
  const twice = keys.findIndex((key, at) => keys.indexOf(key) !== at);
  return twice < 0 ? null : problem(`its choice has ${shown(values[twice])} twice`, "each value once");
}

/** Whether the operation can have such a target, in whatever strategy. */
function pathProblem(dimension: Dimension): Problem | null {
  const { op, target } = dimension;
  const parts = target.split(".");
  if (parts.includes("")) return problem("its target is no path", "names with a point between them");
  if (op === "set_parameter" && parts.length < 2)
    return problem("its target names no parameter", "indicator.parameter");
  if (op === "set_membership" && parts.length < 2) return problem("its target names no member", "fuzzy_set.member");
  if (isMove(dimension) && parts.length > 2)
    return problem("its target is inside of a membership", "fuzzy_set", "fuzzy_set.member");
  const path = pathOf(dimension);
  if (path[0] === "name") return problem("a strategy of a campaign gets its name from the campaign", "another target");
  if (path[0] === "training_data")
    return problem(
      "a market is no dimension: the results of different data cannot be compared",
      "a campaign for each market",
    );
  if (overlap(["training", "epochs"], path))
    return problem("the campaign itself says how many epochs are trained", "another target, e.g. training.batch_size");
  return null;
}

/** Whether the base has the target. What it leaves to a default must be written in it, or a misspelling goes unseen. */
function baseProblem({ op, target }: Dimension, base: unknown): Problem | null {
  const path = op === "set_labels" ? ["training", "labels", target] : pathOf({ op, target });
  let parent = base;
  for (const [at, part] of path.entries()) {
    const child = childOf(parent, part);
    if (child === undefined) {
      const where = at === 0 ? "the base" : `${path.slice(0, at).join(".")} of the base`;
      return problem(
        `there is no ${part} in ${where}`,
        ...(isMapping(parent) ? [alternatives(Object.keys(parent).filter((key) => key !== "name"))] : []),
        "the base with it written in",
      );
    }
    parent = child;
  }
  return null;
}

const childOf = (parent: unknown, part: string): unknown =>
  Array.isArray(parent) ? (/^\d{1,4}$/.test(part) ? parent[Number(part)] : undefined) : own(parent, part);

/** Whether the values are of the kind that stands there. */
function valueProblem(dimension: Dimension, base: unknown): Problem | null {
  const range = rangeOf(dimension);
  const path = dimension.op === "set_labels" ? ["training", "labels", dimension.target] : pathOf(dimension);
  const there = path.reduce(childOf, base);
  if (range.kind !== "choice")
    return typeof there === "number"
      ? null
      : problem(`the base has ${shown(there)} there, which is no number`, "choice: a list of such values");
  const isFit = fitting(dimension, there);
  const odd = range.values.find((value) => !isFit(value));
  return odd === undefined
    ? null
    : problem(`its choice has ${shown(odd)} where the base has ${shown(there)}`, "choice: a list of such values");
}

/** Numbers and switches stay what they are; lists, mappings and words may stand for each other. */
function fitting({ op }: Dimension, there: unknown): (value: unknown) => boolean {
  if (op === "replace_indicator") return isMapping;
  const isPlain = (value: unknown) => typeof value === "number" || typeof value === "boolean";
  return (value) => (isPlain(there) ? typeof value === typeof there : !isPlain(value));
}

function moveProblem(dimension: Dimension, base: unknown): Problem | null {
  const moved = movedMemberships(base, dimension.target);
  if (moved.length === 0) return problem("there is no membership to move", "fuzzy_set", "fuzzy_set.member");
  const unread = moved.find(({ membership }) => membership === null);
  if (unread !== undefined)
    return problem(`${unread.path.join(".")} of the base is no membership: ${shown(unread.written)}`, "a valid base");
  const range = rangeOf(dimension);
  const values = range.kind === "choice" ? range.values : [range.from, range.to];
  const odd = values.find((value) => typeof value !== "number" || Math.abs(value) > FARTHEST_BOUND);
  if (odd !== undefined) return problem(`${shown(odd)} moves nothing`, `numbers up to ${FARTHEST_BOUND}`);
  const [least, most] = WIDENED;
  const extreme = values.find((value) => Number(value) < least || Number(value) > most);
  if (dimension.op === "shift_membership" || extreme === undefined) return null;
  return problem(`no membership is useful ${shown(extreme)} times as wide`, `factors from ${least} to ${most}`);
}

/** Dimensions must be independent: the value of one must not undo the value of another. */
function assertApart(dimensions: readonly Dimension[], base: unknown): void {
  const touched = dimensions.map((dimension) =>
    isMove(dimension) ? movedMemberships(base, dimension.target).map(({ path }) => path) : [pathOf(dimension)],
  );
  for (const [at, one] of dimensions.entries()) {
    for (const [before, other] of dimensions.slice(0, at).entries()) {
      const place = `dimension ${before + 1} (${other.op} ${other.target})`;
      // Moves of the same points add up.
      const shared =
        isMove(one) && isMove(other)
          ? undefined
          : touched[at]?.find((path) => touched[before]?.some((theirs) => overlap(path, theirs)));
      if (shared !== undefined)
        throw refused(one, at, problem(`${place} changes ${shared.join(".")} too`, "one of them", "set with mappings"));
      if (nameOf(one) === nameOf(other))
        throw refused(one, at, problem(`${place} is called ${nameOf(one)} too`, "one of them", "set with a path"));
    }
  }
}

function assertFewLabels(dimensions: readonly Dimension[]): void {
  const labels = labelDimensions(dimensions);
  const settings = sizeOfSpace(labels);
  if (settings !== null && settings <= MOST_LABEL_SETTINGS) return;
  const first = labels.find((one) => sizeOfSpace([one]) === null) ?? labels[0];
  if (first === undefined) return;
  throw refused(
    first,
    dimensions.indexOf(first),
    problem(
      `it changes what a loss measures by, so each setting is searched by itself; ${settings === null ? "a range of numbers has too many" : `there are ${settings}`}`,
      `int or choice, with at most ${MOST_LABEL_SETTINGS} settings of ${alternatives(labels.map(nameOf))} together`,
    ),
  );
}

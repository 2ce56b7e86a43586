import { DomainError } from "../errors.ts";
import type { StrategyChange } from "../strategy/mutate.ts";
import { parseStrategy } from "../strategy/parse.ts";
import type { Dimension, JsonValue, Point } from "./dimension.ts";
import { movedMemberships, movedValue, type Move, type Placed } from "./moves.ts";
import { nameOf } from "./space.ts";

/**
 * The changes that make the point's strategy out of the base, for mutated(). Moves of the same membership become one change.
 * @throws DomainError `strategy_invalid` when a base whose memberships move cannot be read
 */
export function changesOf(dimensions: readonly Dimension[], point: Point, baseText: string): readonly StrategyChange[] {
  // A move starts from what is there; most spaces have none, and reading costs as much as changing.
  const base = dimensions.some(isMove) ? strategyValue(baseText) : null;
  const changes: StrategyChange[] = [];
  const moves = new Map<string, { placed: Placed; move: Move }>();
  for (const dimension of dimensions) {
    const value = valueIn(point, dimension);
    if (!isMove(dimension)) {
      changes.push(changeTo(dimension, value));
      continue;
    }
    for (const placed of movedMemberships(base, dimension.target)) {
      const key = placed.path.join(".");
      const { shift, widen } = moves.get(key)?.move ?? { shift: 0, widen: 1 };
      const move =
        dimension.op === "shift_membership"
          ? { shift: shift + Number(value), widen }
          : { shift, widen: widen * Number(value) };
      moves.set(key, { placed, move });
    }
  }
  const moved = [...moves.values()].map(({ placed, move }): StrategyChange => {
    const [, set, member] = placed.path;
    return { op: "set_membership", target: `${set}.${member}`, value: movedValue(placed, move) };
  });
  return [...changes, ...moved];
}

type Moving = Dimension & { readonly op: "shift_membership" | "widen_membership" };

export const isMove = (dimension: Dimension): dimension is Moving =>
  dimension.op === "shift_membership" || dimension.op === "widen_membership";

/**
 * A strategy's text as plain data.
 * @throws DomainError `strategy_invalid`
 */
export function strategyValue(text: string): unknown {
  const parsed = parseStrategy(text);
  if (parsed.ok) return parsed.text.value;
  const [first] = parsed.findings;
  throw new DomainError("strategy_invalid", {
    what: "The base strategy cannot be read.",
    why: first === undefined ? "it is no YAML mapping" : `${first.what} ${first.why}`,
    next: "validate_strategy says what to mend",
  });
}

function changeTo({ op, target }: Exclude<Dimension, Moving>, value: JsonValue): StrategyChange {
  switch (op) {
    case "set_architecture":
    case "set_labels":
    case "set_training":
      return { op, value: { [target]: value } };
    case "set_parameter":
    case "set_membership":
    case "replace_indicator":
    case "set":
      return { op, target, value };
    case "shift_membership":
    case "widen_membership":
      throw new Error(`${op} is no single change`);
  }
}

function valueIn(point: Point, dimension: Dimension): JsonValue {
  const value = point[nameOf(dimension)];
  if (value === undefined) throw new Error(`the point has no ${nameOf(dimension)}`);
  return value;
}

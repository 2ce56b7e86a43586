import { Report } from "../strategy/finding.ts";
import type { Membership } from "../strategy/membership.ts";
import { readMembership } from "../strategy/read-membership.ts";
import { isMapping, own } from "../strategy/shape.ts";
import { toSignificant } from "../statistics.ts";

/** Sums such as 0.1 + 0.2 are written without the noise of their last digits. */
const DIGITS = 12;

/** A membership where the strategy has it. */
export interface Placed {
  /** Of a fuzzy set. */
  readonly path: readonly ["fuzzy_sets", string, string];
  /** As it is written: a list of points, or a mapping of type and parameters. */
  readonly written: unknown;
  /** Null when it cannot be read. */
  readonly membership: Membership | null;
}

/** The memberships that a move of `set` or `set.member` moves; none when the strategy has no such set or member. */
export function movedMemberships(strategy: unknown, target: string): readonly Placed[] {
  const [id = "", member] = target.split(".");
  const set = own(own(strategy, "fuzzy_sets"), id);
  if (!isMapping(set)) return [];
  return Object.keys(set)
    .filter((name) => name !== "indicator" && (member === undefined || name === member))
    .map((name) => {
      const path = ["fuzzy_sets", id, name] as const;
      const written = own(set, name);
      return { path, written, membership: readMembership(name, written, path, new Report(() => null)) };
    });
}

export interface Move {
  /** Added to every point, in the indicator's unit. */
  readonly shift: number;
  /** What the distances from the middle are multiplied by, above 0: from the peak, or the middle between both tops. */
  readonly widen: number;
}

/** The membership elsewhere, written as it was. Points stay in their order. */
export function movedValue({ written, membership }: Placed, move: Move): unknown {
  if (membership === null) throw new Error("a membership that cannot be read does not move");
  const parameters = movedPoints(membership, move).map((point) => toSignificant(point, DIGITS));
  return isMapping(written) ? { ...written, parameters } : parameters;
}

function movedPoints({ type, parameters }: Membership, { shift, widen }: Move): number[] {
  const [first = 0, second = 0, third = 0] = parameters;
  if (type === "gaussian") return [first + shift, second * widen];
  const middle = type === "triangular" ? second : (second + third) / 2;
  return parameters.map((point) => middle + shift + (point - middle) * widen);
}

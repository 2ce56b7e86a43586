import { z } from "zod";
import type { Stored } from "../stored.ts";

/** The changes of strategy/mutate.ts that have one value, and two moves of memberships (moves.ts). */
export const DIMENSION_OPS = [
  "set_parameter",
  "set_membership",
  "set_architecture",
  "set_labels",
  "set_training",
  "replace_indicator",
  "set",
  "shift_membership",
  "widen_membership",
] as const;

const bounds = z.tuple([z.number(), z.number()]);

/** One thing that a campaign varies, and exactly one range of values for it; checkSpace refuses all else. */
export const Dimension = z.strictObject({
  op: z.enum(DIMENSION_OPS),
  /** As of mutate_strategy; the key for set_architecture, set_labels and set_training; fuzzy_set[.member] for the moves. */
  target: z.string(),
  /** Whole numbers, both bounds included. */
  int: bounds.optional(),
  /** Numbers of six significant digits, evenly. */
  float: bounds.optional(),
  /** Numbers of six significant digits, evenly by their logarithms. */
  log: bounds.optional(),
  choice: z.array(z.json()).optional(),
});
export type Dimension = Stored<typeof Dimension>;

/** One strategy of a space: the value of each dimension, by the dimension's name (`nameOf`). */
export const Point = z.record(z.string(), z.json());
export type Point = Stored<typeof Point>;

export type JsonValue = Point[string];

/** What whoever steers a campaign may say. Nothing of it tells a result. */
import { z } from "zod";
import type { Stored } from "../stored.ts";
import { Dimension, Point } from "./dimension.ts";
import { within } from "./inside.ts";
import { nameOf } from "./space.ts";

/** Those that are absent stay. */
const LowerBudget = z.strictObject({
  trainings: z.number().optional(),
  trials: z.number().optional(),
  hours: z.number().optional(),
  deadline: z.string().optional(),
});
export type LowerBudget = Stored<typeof LowerBudget>;

export const Order = z.discriminatedUnion("kind", [
  /** Points that are tried first, marked as suggested. */
  z.strictObject({ kind: z.literal("suggest"), points: z.array(Point) }),
  /** A dimension with a smaller range. */
  z.strictObject({ kind: z.literal("narrow"), dimension: Dimension }),
  /** Budgets that are lower than before. */
  z.strictObject({
    kind: z.literal("budget"),
    budget: LowerBudget,
  }),
  /** The search ends; the best points that there are become finalists. */
  z.strictObject({ kind: z.literal("finish") }),
]);
export type Order = Stored<typeof Order>;

export interface CampaignOrder {
  readonly order: Order;
  /** Why, in the words of who gave it. Untrusted. */
  readonly reason: string;
  readonly client: string;
  /** ISO-8601 UTC. */
  readonly at: string;
}

/** The dimensions as they stand after all orders. One that is no part of the range before it, given at the same moment, is void. */
export function narrowed(dimensions: readonly Dimension[], orders: readonly CampaignOrder[]): readonly Dimension[] {
  const ranges = orders.flatMap(({ order }) => (order.kind === "narrow" ? [order.dimension] : []));
  return dimensions.map((dimension) =>
    ranges
      .filter((range) => nameOf(range) === nameOf(dimension))
      .reduce((now, range) => (within(now, range) === null ? range : now), dimension),
  );
}

export const isFinished = (orders: readonly CampaignOrder[]): boolean =>
  orders.some(({ order }) => order.kind === "finish");

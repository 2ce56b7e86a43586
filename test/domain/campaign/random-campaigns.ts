/** Random campaigns, worlds and orders for properties that every campaign has. */
import fc from "fast-check";
import { hash } from "node:crypto";
import type { Dimension, Point } from "../../../src/domain/campaign/dimension.ts";
import { narrowed, type CampaignOrder, type Order } from "../../../src/domain/campaign/orders.ts";
import { labelSettings, pointAt } from "../../../src/domain/campaign/space.ts";
import type { CampaignState } from "../../../src/domain/campaign/state.ts";
import type { CampaignRequest } from "../../../src/domain/kinds/campaign.ts";
import { SMALL_BASE, SMALL_CAMPAIGN, type Simulation, type World } from "./simulated.ts";

const X: Dimension = { op: "set", target: "place.x", float: [0, 1] };
const Y: Dimension = { op: "set", target: "place.y", float: [0, 1] };
const COUNT: Dimension = { op: "set", target: "count", int: [1, 4] };
const KIND: Dimension = { op: "set", target: "kind", choice: [{ name: "a", at: 1 }, { at: 2, name: "b" }, "c"] };
const LABELS: Dimension = { op: "set_labels", target: "zigzag_threshold", choice: [0.02, 0.03] };

const SPACES: readonly (readonly Dimension[])[] = [
  [X, Y],
  [COUNT],
  [COUNT, KIND],
  [X, KIND],
  [X, LABELS],
  [COUNT, LABELS],
];

/** The usual four times out of five. */
const mostly = <A, B>(usual: fc.Arbitrary<A>, rare: fc.Arbitrary<B>): fc.Arbitrary<A | B> =>
  fc.oneof({ arbitrary: usual, weight: 4 }, { arbitrary: rare, weight: 1 });

/** Hours that are far too few, and so many that they never count. */
const HOURS = fc.oneof(fc.double({ min: 0.005, max: 3, noNaN: true }), fc.constant(1_000));
const DEADLINE = fc.integer({ min: 0, max: 90 }).map((minutes) => minutesOn(minutes));

/** After the simulation began. */
const minutesOn = (minutes: number): string =>
  new Date(Date.parse("2026-01-05T18:00:00Z") + 60_000 * minutes).toISOString();

const requests: fc.Arbitrary<CampaignRequest> = fc
  .record({
    dimensions: fc.constantFrom(...SPACES),
    method: fc.constantFrom("spread" as const, "adaptive" as const),
    seed: fc.integer({ min: 1, max: 1_000 }),
    epochs: fc.constantFrom(1, 2, 5, 12, 81),
    trainings: mostly(fc.integer({ min: 60, max: 200 }), fc.integer({ min: 1, max: 60 })),
    trials: mostly(fc.constant(70), fc.integer({ min: 1, max: 40 })),
    hours: mostly(fc.constant(null), HOURS),
    deadline: mostly(fc.constant(null), DEADLINE),
    finalists: fc.integer({ min: 1, max: 6 }),
    draws: fc.integer({ min: 1, max: 7 }),
    walked: mostly(fc.constant(null), fc.integer({ min: 1, max: 2 })),
    commission: fc.constantFrom(0, 0.001),
    atOnce: fc.integer({ min: 1, max: 6 }),
  })
  .map(({ trainings, trials, hours, deadline, walked, ...given }) => ({
    ...SMALL_CAMPAIGN,
    ...given,
    slippage: 0,
    budget: { trainings, trials, hours, deadline },
    walk:
      walked === null || SMALL_CAMPAIGN.walk === null
        ? null
        : { ...SMALL_CAMPAIGN.walk, windows: SMALL_CAMPAIGN.walk.windows.slice(0, 4), draws: walked },
  }));

type Event =
  | { readonly kind: "suggest"; readonly count: number }
  | { readonly kind: "narrow" | "finish" }
  | { readonly kind: "lower"; readonly what: "trainings" | "trials" | "hours"; readonly share: number }
  | { readonly kind: "deadline"; readonly minutes: number }
  | { readonly kind: "limit"; readonly left: number };

const share = fc.double({ min: 0, max: 1, noNaN: true });

/** What others do, and before which step. */
const events: fc.Arbitrary<readonly (readonly [step: number, event: Event])[]> = fc.array(
  fc.tuple(
    fc.integer({ min: 0, max: 12 }),
    fc.oneof<fc.Arbitrary<Event>[]>(
      fc.record({ kind: fc.constant("suggest" as const), count: fc.integer({ min: 1, max: 40 }) }),
      fc.record({ kind: fc.constantFrom("narrow" as const, "finish" as const) }),
      fc.record({
        kind: fc.constant("lower" as const),
        what: fc.constantFrom("trainings" as const, "trials" as const, "hours" as const),
        share,
      }),
      fc.record({ kind: fc.constant("deadline" as const), minutes: fc.integer({ min: 0, max: 60 }) }),
      fc.record({ kind: fc.constant("limit" as const), left: fc.integer({ min: 0, max: 20 }) }),
    ),
  ),
  { maxLength: 3 },
);

const PLANTED: Omit<World, "failing"> = {
  loss: (values, epochs) => Math.abs(Number(values["place.x"] ?? values["count"]) - 0.3) + 1 / epochs,
  lossDeviation: 0.1,
  sharpe: (values) => 1.5 - Math.abs(Number(values["place.x"] ?? values["count"]) - 0.3),
  sharpeDeviation: 0.3,
  costs: 0.1,
};

/** A campaign with all that may happen to it. */
export const campaigns: fc.Arbitrary<Simulation> = fc
  .record({
    request: requests,
    seed: fc.integer({ min: 1, max: 1_000 }),
    failing: mostly(fc.constantFrom(0, 0.1), fc.constantFrom(0.3, 0.5, 1)),
    refusing: mostly(fc.constantFrom(0, 0.3), fc.constantFrom(0.9, 1)),
    tried: mostly(fc.constantFrom(0, 60), fc.constant(2_000)),
    left: mostly(fc.constant(null), fc.integer({ min: 0, max: 60 })),
    events,
  })
  .map(({ request, seed, failing, refusing, tried, left, events: happening }) => ({
    request,
    seed,
    tried,
    left,
    baseText: SMALL_BASE,
    world: {
      ...PLANTED,
      failing,
    },
    judge: (text) => (chanceOf(text) < refusing ? "it is no valid strategy" : null),
    steer: (state) =>
      happening.filter(([step]) => step === state.steps.length).reduce((now, [, event]) => after(now, event), state),
  }));

/** The same for the same strategy, whatever its name. */
const chanceOf = (text: string): number =>
  Number.parseInt(hash("sha256", text.slice(text.indexOf("\n"))).slice(0, 8), 16) / 2 ** 32;

function after(state: CampaignState, event: Event): CampaignState {
  if (event.kind === "limit") return { ...state, left: Math.min(state.left ?? event.left, event.left) };
  const order: CampaignOrder = {
    order: orderOf(state, event),
    reason: "it was time",
    client: "tests",
    at: minutesOn(0),
  };
  return { ...state, orders: [...state.orders, order] };
}

function orderOf({ request, orders }: CampaignState, event: Exclude<Event, { kind: "limit" }>): Order {
  const dimensions = narrowed(request.dimensions, orders);
  switch (event.kind) {
    case "suggest":
      return { kind: "suggest", points: suggestions(dimensions, event.count) };
    case "narrow":
      return { kind: "narrow", dimension: narrower(dimensions[0] ?? X) };
    case "finish":
      return { kind: "finish" };
    case "deadline":
      return { kind: "budget", budget: { deadline: minutesOn(event.minutes) } };
    case "lower":
      return {
        kind: "budget",
        budget: { [event.what]: lowered(event.share * (request.budget[event.what] ?? 1), event.what) },
      };
  }
}

const lowered = (value: number, what: string): number => (what === "hours" ? value : Math.floor(value));

function suggestions(dimensions: readonly Dimension[], count: number): Point[] {
  const settings = labelSettings(dimensions);
  return Array.from({ length: count }, (_, at) => {
    const units = dimensions.map((_dimension, axis) => ((at + 1) * 0.618_034 * (axis + 1)) % 1);
    const values = pointAt(dimensions, units, {});
    return { ...values, ...settings[at % settings.length] };
  });
}

function narrower(dimension: Dimension): Dimension {
  const half = (from: number, to: number): [number, number] => [from, (from + to) / 2];
  if (dimension.float !== undefined) return { ...dimension, float: half(...(dimension.float as [number, number])) };
  return dimension.int === undefined ? dimension : { ...dimension, int: [1, 2] };
}

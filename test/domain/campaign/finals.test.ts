import { describe, expect, test } from "vitest";
import { bestInTurn } from "../../../src/domain/campaign/climb.ts";
import { finalPoints } from "../../../src/domain/campaign/finals.ts";
import { hoursOf } from "../../../src/domain/campaign/reckoning.ts";
import { standingOf } from "../../../src/domain/campaign/standing.ts";
import { usedBy, type CampaignState, type Stage } from "../../../src/domain/campaign/state.ts";
import type { CampaignRequest } from "../../../src/domain/kinds/campaign.ts";
import { simulated, SMALL_BASE, SMALL_CAMPAIGN, type Simulation, type World } from "./simulated.ts";

const WORLD: World = {
  loss: (values, epochs) => Math.abs(Number(values["place.x"] ?? 0.3) - 0.3) + 1 / epochs,
  lossDeviation: 0.02,
  sharpe: () => 3,
  sharpeDeviation: 0.1,
  costs: 0.1,
  failing: 0,
};

interface Given extends Pick<Simulation, "steer"> {
  readonly request?: Partial<CampaignRequest>;
  readonly world?: Partial<World>;
  readonly seed?: number;
}

/** Three finalists: each of five draws, one backtest at twice the costs, a walk-forward and a measurement. */
const ended = ({ request = {}, world = {}, seed = 3, ...given }: Given): CampaignState =>
  simulated({
    ...given,
    request: { ...SMALL_CAMPAIGN, budget: { ...SMALL_CAMPAIGN.budget, trainings: 134 }, ...request },
    baseText: SMALL_BASE,
    world: { ...WORLD, ...world },
    seed,
  });

const endOf = ({ steps }: CampaignState) => steps.at(-1)?.stop;
const runsOf = ({ steps, runs }: CampaignState, wanted: Stage) => {
  const numbers = new Set(steps.filter(({ stage }) => stage === wanted).map(({ step }) => step));
  return runs.filter(({ step }) => numbers.has(step));
};

test("draws are backtested for a whole finalist or not at all, and who has all of them leads", () => {
  const steer = ({ steps }: CampaignState) => (steps.at(-1)?.stage === "draws" ? { left: 6 } : {});
  const state = ended({ steer, world: { sharpe: (values) => 3 + Number(values["place.y"] ?? 0) } });
  const tests = runsOf(state, "tests");
  expect(tests).toHaveLength(4);
  expect(new Set(tests.map(({ point }) => point)).size).toBe(1);
  const { finalists } = standingOf(state);
  expect(finalists.map(({ sharpes }) => sharpes.length)).toEqual([5, 1, 1]);
  expect(runsOf(state, "proof").find(({ role }) => role === "costs")?.point).toBe(finalists[0]?.point);
  expect(endOf(state)?.reason).toBe("trials");
});

describe("examinations that are lacking are told", () => {
  test("when they failed", () => {
    const state = ended({ world: { breaks: ({ role }) => role === "costs" } });
    expect(endOf(state)).toEqual({
      reason: "finished",
      says: "The finalists were examined as far as possible: of 24 examinations 3 failed.",
    });
  });

  test("when a draw left no model to test", () => {
    const state = ended({ world: { breaks: ({ role, draw }) => role === "train" && draw === 4 } });
    expect(endOf(state)?.says).toBe(
      "The finalists were examined as far as possible: of 24 examinations 3 never began.",
    );
  });
});

test("two finalists whose draws luck explains are not examined further", () => {
  const state = ended({ request: { finalists: 2 }, world: { sharpe: () => -0.5 } });
  expect(runsOf(state, "tests")).toHaveLength(2 * 4);
  expect(runsOf(state, "proof")).toEqual([]);
  const says = expect.stringMatching(/^More trials are in vain: the best of 2 finalists shows a Sharpe of -0\.\d\d,/);
  expect(endOf(state)).toEqual({ reason: "futility", says });
});

test("finalists that the hours do not pay are told with the end of the search", () => {
  const steer = (state: CampaignState) => {
    if (state.steps.length !== 3) return {};
    const hours = usedBy(state).hours + 1.5 * hoursOf(state, [{ role: "test", rung: 2 }]);
    const at = state.now.toISOString();
    return { orders: [{ order: { kind: "budget" as const, budget: { hours } }, reason: "late", client: "tests", at }] };
  };
  const state = ended({ steer });
  expect(runsOf(state, "first")).toHaveLength(1);
  expect(state.steps.find(({ stage }) => stage === "first")?.stop?.says).toMatch(
    /^The search ended: .* hours are used up; to examine the finalists further takes about \d\.\d\d\.$/,
  );
});

test("where points were drawn again, finalists are those of them that stayed best", () => {
  const states = [1, 2, 3, 4, 5, 6, 7, 8].map((seed) =>
    ended({
      seed,
      request: { method: "adaptive", finalists: 2, budget: { ...SMALL_CAMPAIGN.budget, trainings: 900 } },
      world: { loss: () => 1, lossDeviation: 1 },
    }),
  );
  let luckier = 0;
  for (const state of states) {
    const redrawn = new Set(runsOf(state, "redraw").map(({ point }) => point));
    const finalists = finalPoints(state).map(({ n }) => n);
    expect(finalists).toHaveLength(2);
    expect(finalists.filter((n) => !redrawn.has(n))).toEqual([]);
    const [best] = bestInTurn(state, 2);
    if (!redrawn.has(best?.n ?? -1)) luckier += 1;
  }
  // Points with three draws only would have been chosen else.
  expect(luckier).toBeGreaterThan(0);
});

test("a test of less than two months is not measured, and nothing is lacking", () => {
  const state = ended({ request: { startDate: "2019-11-05", endDate: "2019-12-31" }, world: { sharpe: () => 12 } });
  expect(new Set(runsOf(state, "proof").map(({ role }) => role))).toEqual(new Set(["costs", "walk"]));
  expect(endOf(state)?.says).toBe("All finalists were tested and examined.");
});

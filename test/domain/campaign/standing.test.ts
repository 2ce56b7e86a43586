import { describe, expect, test } from "vitest";
import type { Dimension } from "../../../src/domain/campaign/dimension.ts";
import { campaignHeadline } from "../../../src/domain/campaign/headline.ts";
import { standingOf } from "../../../src/domain/campaign/standing.ts";
import { usedBy } from "../../../src/domain/campaign/state.ts";
import type { CampaignRequest, Finalist } from "../../../src/domain/kinds/campaign.ts";
import { simulated, SMALL_BASE, SMALL_CAMPAIGN, type World } from "./simulated.ts";

const WORLD: World = {
  loss: (values, epochs) => Math.abs(Number(values["place.x"] ?? 0.3) - 0.3) + 1 / epochs,
  lossDeviation: 0.02,
  sharpe: (values) => 3 - Math.abs(Number(values["place.x"] ?? 0.3) - 0.3),
  sharpeDeviation: 0.1,
  costs: 0.1,
  failing: 0,
};

const ended = (request: Partial<CampaignRequest>, world: Partial<World> = {}) =>
  simulated({
    request: { ...SMALL_CAMPAIGN, ...request },
    baseText: SMALL_BASE,
    world: { ...WORLD, ...world },
    seed: 3,
  });

describe("what the loss was worth", () => {
  const PLACE: Dimension = { op: "set", target: "place.x", float: [0, 1] };
  const labels = (...choice: number[]): Dimension => ({ op: "set_labels", target: "zigzag_threshold", choice });

  test("is told over finalists of one label setting", () => {
    expect(standingOf(ended({ dimensions: [PLACE, labels(0.02)] })).proxy?.pairs).toBe(4);
  });

  test("is not told over several, whose losses cannot be compared", () => {
    const { finalists, proxy } = standingOf(ended({ dimensions: [PLACE, labels(0.02, 0.03)] }));
    expect(finalists).toHaveLength(4);
    expect(proxy).toBeNull();
  });
});

describe("a campaign whose jobs were not all begun", () => {
  const state = ended({});
  const last = state.steps.length - 1;
  const [first] = state.steps.filter(({ stage }) => stage === "first");
  const unprepared = (from: number) =>
    state.runs.map((run) => (run.step >= from ? { ...run, jobId: null, status: null, figures: null } : run));

  test("has used up only what was begun", () => {
    const { used } = standingOf({ ...state, runs: unprepared(first?.step ?? 0) });
    expect(used.trials).toBe(0);
    expect(usedBy(state).trials).toBeGreaterThan(0);
  });

  test("counts a job that could not be prepared as failed when its step has ended, and not before", () => {
    const runs = unprepared(0).filter(({ step }) => step === 0);
    const failed = (steps: number) =>
      standingOf({ ...state, steps: state.steps.slice(0, steps), runs }).rungs[0]?.failed;
    expect([failed(1), failed(last)]).toEqual([0, runs.length]);
  });
});

describe("the headline", () => {
  const told = (request: Partial<CampaignRequest>, given: Partial<Finalist> = {}) => {
    const standing = standingOf(ended(request));
    const finalists = standing.finalists.map((finalist) => ({ ...finalist, ...given }));
    const { strategy, symbol, timeframe, startDate, endDate, method } = SMALL_CAMPAIGN;
    return campaignHeadline({
      kind: "campaign",
      strategy,
      symbol,
      timeframe,
      startDate,
      endDate,
      method,
      ...standing,
      finalists,
      points: 30,
      refused: 3,
      ended: {
        reason: "finished",
        says: "It is over.",
      },
      overfitting: null,
      caveats: [],
      engine: { name: "sandbox", version: "1.0.0" },
    });
  };

  test("counts the points that are valid, and names a draw only where there is one in the middle", () => {
    expect(told({ draws: 3 })).toMatch(/^27 points, .* leads \d finalists by the Sharpe \d\.\d\d of its middle draw;/);
    expect(told({ draws: 2 })).toMatch(/ leads \d finalists by the median Sharpe \d\.\d\d of its draws;/);
  });

  test("says of one that never traded that it never did", () => {
    expect(told({}, { median: null })).toMatch(/ leads \d finalists and never traded;/);
  });
});

test("a finalist none of whose draws traded has no median", () => {
  const state = ended({});
  const runs = state.runs.map((run) =>
    run.role === "test" && run.figures !== null ? { ...run, figures: { ...run.figures, sharpe: null } } : run,
  );
  const { finalists, proxy } = standingOf({ ...state, runs });
  expect(finalists).toHaveLength(4);
  expect(new Set(finalists.flatMap(({ median, decisive }) => [median, decisive]))).toEqual(new Set([null]));
  expect(proxy).toBeNull();
});

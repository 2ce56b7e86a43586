import { expect, test } from "vitest";
import { campaignSecondsLeft } from "../../../src/domain/campaign/time-left.ts";
import type { CampaignState, Stage } from "../../../src/domain/campaign/state.ts";
import { simulated, SMALL_BASE, SMALL_CAMPAIGN, type World } from "./simulated.ts";

/** Losses fall for ever, so that the whole budget is spent. */
function world(): World {
  let losses = 0;
  return { loss: () => (losses -= 1), lossDeviation: 0, sharpe: () => 3, sharpeDeviation: 0.1, costs: 0.1, failing: 0 };
}

/** Jobs of KTRDR's, of which each is followed by a pause. Walk-forwards and measurements are made of many. */
const jobsIn = ({ runs, request: { walk } }: CampaignState): number =>
  runs.reduce(
    (sum, { role }) => sum + (role === "walk" ? (walk?.windows.length ?? 0) * 7 : role === "measure" ? 24 : 1),
    0,
  );

/** What is told before each step, beside the truth. One worker computes, and pauses so many seconds after each job. */
function told(pause: number) {
  const seen: { readonly stage: Stage; readonly left: number | null; readonly at: number }[] = [];
  const elapsed = (state: CampaignState) =>
    state.runs.reduce((sum, { seconds }) => sum + seconds, 0) + pause * jobsIn(state);
  const ended = simulated({
    request: { ...SMALL_CAMPAIGN, atOnce: 4, budget: { ...SMALL_CAMPAIGN.budget, trainings: 300 } },
    baseText: SMALL_BASE,
    world: world(),
    seed: 4,
    watch: (state, { stage }) =>
      seen.push({ stage, left: campaignSecondsLeft(state, elapsed(state)), at: elapsed(state) }),
  });
  return { seen, ended, truth: (at: number) => elapsed(ended) - at };
}

test.each([0, 10, 60])("is about right from the first rung on, with pauses of %i s", (pause) => {
  const { seen, truth } = told(pause);
  const [first, ...others] = seen;
  expect(first?.left).toBeNull();
  expect(others.at(-1)).toMatchObject({ stage: "over", left: 0 });
  for (const { left, at } of others.slice(0, -1)) {
    expect((left ?? 0) / truth(at)).toBeGreaterThan(0.9);
    expect((left ?? 0) / truth(at)).toBeLessThan(1.1);
  }
});

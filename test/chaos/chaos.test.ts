import { afterAll, describe, expect, it } from "vitest";
import { Campaign } from "./campaign.ts";
import { drawScenario, type Kind, type Scenario, type Strike } from "./scenario.ts";

/** A short campaign; `make chaos` runs longer ones. */
const SEED = 2;
const RUNS = 4;

const campaign = new Campaign();
let struck = 0;

afterAll(async () => {
  await campaign.end();
}, 60_000);

describe(`a campaign of seed ${SEED}`, () => {
  it.each(Array.from({ length: RUNS }, (_, index) => index))(
    "breaks nothing in run %i",
    async (index) => {
      const report = await campaign.run(drawScenario(SEED, index));
      struck += report.struck.length;
      expect(report.broken, JSON.stringify(report, null, 1)).toEqual([]);
    },
    240_000,
  );

  const struckBy = (kind: Kind, strike: Strike, pace: number): Scenario => {
    return { kind, behind: false, cancelAt: null, strikes: [strike], followUp: false, pace };
  };

  // KTRDR chooses the id of these and shows it in the answer only: the next process of ours has to be quick.
  it.each(["backtest", "data_load"] as const)(
    "finds again a %s whose start was answered to a killed worker",
    async (kind) => {
      const killed: Strike = { at: "posted", attack: { do: "kill", part: "worker" }, forMs: 0 };
      const report = await campaign.run(struckBy(kind, killed, 3));
      expect(report).toMatchObject({ broken: [], limits: [] });
    },
    240_000,
  );

  it("really struck, and leaves no process behind", async () => {
    await campaign.end();
    expect(struck).toBeGreaterThanOrEqual(RUNS);
    expect(campaign.left).toEqual([]);
  }, 60_000);
});

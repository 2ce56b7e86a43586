import { afterAll, describe, expect, it } from "vitest";
import { Campaign } from "./campaign.ts";
import { inTests, type MatrixKind } from "./matrix.ts";

/** The tests of the matrix for one kind of job, in a lab of their own. */
export function provesToHold(kind: MatrixKind): void {
  const campaign = new Campaign();

  afterAll(async () => {
    await campaign.end();
  }, 60_000);

  describe(`a ${kind} holds`, () => {
    const cells = inTests().filter(({ scenario }) => scenario.kind === kind);

    it.each(cells)(
      "$row",
      async ({ scenario }) => {
        const report = await campaign.run(scenario);
        expect(report, JSON.stringify(report, null, 1)).toMatchObject({ broken: [], limits: [] });
        expect(report.struck, "strikes that were carried out").toHaveLength(scenario.strikes.length);
      },
      240_000,
    );

    it("and leaves no process behind", async () => {
      await campaign.end();
      expect(campaign.left).toEqual([]);
    }, 60_000);
  });
}

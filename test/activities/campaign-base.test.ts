/** A campaign whose base is no longer the one that was checked plans nothing. */
import { MockActivityEnvironment } from "@temporalio/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { campaignActivities } from "../../src/activities/campaign.ts";
import { systemClock } from "../../src/activities/clock.ts";
import type { ActivityDeps } from "../../src/activities/deps.ts";
import { createCampaignReader, createCampaignWriter } from "../../src/store/campaigns.ts";
import { createJobReader } from "../../src/store/job-reader.ts";
import { createJobWriter } from "../../src/store/job-writer.ts";
import { createLedger } from "../../src/store/ledger.ts";
import { createPool, type Pool } from "../../src/store/pool.ts";
import { CAMPAIGN, campaignInput, recordCampaign } from "../support/campaigns.ts";
import { createTestDatabase, type TestDatabase } from "../support/postgres.ts";

const ID = "campaign-changed-1";

let database: TestDatabase;
let pool: Pool;
beforeAll(async () => {
  database = await createTestDatabase();
  pool = createPool(database.url);
});
afterAll(async () => {
  await pool?.end();
  await database?.drop();
});

test("the base was changed between the check and the start", async () => {
  const campaigns = { ...createCampaignReader(pool), ...createCampaignWriter(pool) };
  // Its text is kept only when it is the one that was checked.
  await recordCampaign({ writer: createJobWriter(pool) }, ID);
  const deps = { jobs: createJobReader(pool), ledger: createLedger(pool), campaigns, clock: systemClock };
  const activities = campaignActivities(deps as unknown as ActivityDeps);
  const planning = new MockActivityEnvironment().run(
    async () => await activities.planCampaign(campaignInput(ID, CAMPAIGN), 0),
  );
  await expect(planning).rejects.toMatchObject({
    code: "strategy_changed",
    message: expect.stringContaining("The strategy probe was changed or removed before the campaign began"),
  });
  expect(await campaigns.record(ID)).toMatchObject({ steps: [], points: [], runs: [] });
});

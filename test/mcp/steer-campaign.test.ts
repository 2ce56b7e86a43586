import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { steerCampaign } from "../../src/research/jobs/steer-campaign.ts";
import { outcomeOf } from "../support/job-inputs.ts";
import { CAMPAIGN, endsWell, pointOf, recordCampaign, recordStep, testOf, trainingOf } from "../support/campaigns.ts";
import { recordTraining } from "../support/job-records.ts";
import { startStack, type Stack } from "../support/mcp-stack.ts";

let stack: Stack;
beforeAll(async () => {
  stack = await startStack({ temporal: true });
});
afterAll(() => stack.stop());

const reason = "short periods did well before";
const steer = async (task_id: string, orders: Record<string, unknown>) =>
  await stack.ask("steer_campaign", { task_id, reason, ...orders });
const refused = async (task_id: string, orders: Record<string, unknown>) =>
  await stack.refused("steer_campaign", { task_id, reason, ...orders });
const orders = async (taskId: string) => (await stack.deps.records.campaigns.record(taskId)).orders;

const POINT = { "dip.period": 5, "architecture.activation": "tanh" };
const NARROWER = { "dip.period": [4, 9] };

/** A campaign whose first bracket is trained. */
async function searching(name: string): Promise<string> {
  const id = `campaign-${name}`;
  await recordCampaign(stack, id);
  const points = [pointOf(0), pointOf(1)];
  const runs = points.map(({ n }) => trainingOf(id, n, 0));
  await recordStep(stack, id, 0, { stage: "rung", bracket: 0, rung: 0, points, runs });
  return id;
}

describe("steer_campaign", () => {
  test("gives several orders at once, and the same call gives none again", async () => {
    const id = await searching("several");
    const all = { suggest: [POINT], narrow: NARROWER, trainings: 40, hours: 2, finish: true };
    const given = ["suggest", "narrow", "budget", "finish"];
    expect(await steer(id, all)).toMatchObject({ task_id: id, kind: "campaign", final: false, ordered: given });
    expect(await steer(id, all)).toMatchObject({ ordered: given });
    const known = await orders(id);
    expect(known.map(({ order }) => order.kind)).toEqual(given);
    expect(known).toContainEqual({
      order: { kind: "narrow", dimension: { op: "set_parameter", target: "dip.period", int: [4, 9] } },
      reason,
      client: "stack-test",
      at: expect.any(String),
    });
    expect(await stack.ask("get_results", { task_id: id, detail: "full" })).toMatchObject({
      figures: {
        space: { "dip.period": "int 4 to 9" },
        steered: given.map((order) => expect.objectContaining({ order, reason })),
      },
    });
    expect(await stack.ask("get_task_status", { task_id: id })).toMatchObject({
      batch: { trainings_left: 38, hours_left: 2 },
    });
  });

  test("one wrong order of several, and none is given", async () => {
    const id = await searching("wrong");
    expect(await refused(id, { suggest: [POINT], narrow: { "dip.period": [4, 90] }, finish: true })).toMatch(
      /dip\.period cannot be narrowed so\. Why: its range is int 3 to 21.*nothing was ordered/,
    );
    expect(await orders(id)).toEqual([]);
  });

  test.each<[string, Record<string, unknown>, RegExp]>([
    ["nothing", {}, /Nothing is ordered\. Valid: suggest, narrow/],
    [
      "a suggestion outside of the space",
      { suggest: [{ ...POINT, "dip.period": 40 }] },
      /Suggestion 1 .*dip\.period is 40.*int 3 to 21/,
    ],
    ["half a period", { suggest: [POINT, { ...POINT, "dip.period": 4.5 }] }, /Suggestion 2 .*dip\.period is 4\.5/],
    ["a suggestion without a dimension", { suggest: [{ "dip.period": 5 }] }, /architecture\.activation has no value/],
    ["a foreign dimension", { suggest: [{ ...POINT, "trend.period": 9 }] }, /there is no dimension trend\.period/],
    [
      "10,000 suggestions",
      { suggest: Array.from({ length: 10_000 }, () => POINT) },
      /10000 suggestions are too many: 0 wait already, and at most 50 may/,
    ],
    ["10,001 suggestions", { suggest: Array.from({ length: 10_001 }, () => POINT) }, /suggest: at most 10000 entries/],
    ["a range outside", { narrow: { "dip.period": [2, 9] } }, /its range is int 3 to 21/],
    ["one bound", { narrow: { "dip.period": [4] } }, /its range has two numbers/],
    ["choices where a range is", { narrow: { "dip.period": ["short", "long"] } }, /its range has two numbers/],
    ["bounds that are no whole numbers", { narrow: { "dip.period": [4.5, 9.5] } }, /not of whole numbers/],
    ["an empty range", { narrow: { "dip.period": [9, 4] } }, /is empty/],
    ["a choice that it has not", { narrow: { "architecture.activation": ["gelu"] } }, /"gelu" is none of its values/],
    [
      "an unknown dimension",
      { narrow: { "trend.period": [4, 9] } },
      /there is no such dimension.*dip\.period: int 3 to 21/,
    ],
    ["more trainings", { trainings: 100 }, /A budget of 100 trainings is not lower.*it is 60, and 2 are used up/],
    ["the same trials", { trials: 8 }, /A budget of 8 trials is not lower/],
    ["more hours", { hours: 6 }, /A budget of 6 hours is not lower.*it is 5, and \d\.\d\d are used up/],
    ["a deadline that has passed", { deadline: "2020-01-01T00:00:00Z" }, /has passed.*cancel_task/],
    ["a deadline in words", { deadline: "tomorrow" }, /deadline: a moment is written as/],
    ["a reason of two letters", { finish: true, reason: "no" }, /reason: at least 3 characters/],
  ])("refuses %s", async (name, wish, why) => {
    const id = await searching(name.replaceAll(/\W/g, "-"));
    expect(await refused(id, wish)).toMatch(why);
    expect(await orders(id)).toEqual([]);
  });

  test("a deadline comes earlier only", async () => {
    const id = await searching("deadline");
    await steer(id, { deadline: "2120-01-02T00:00:00Z" });
    expect(await refused(id, { deadline: "2120-01-03T00:00:00Z" })).toMatch(/is later than the present one/);
    await steer(id, { deadline: "2120-01-01T00:00:00Z" });
    expect(await stack.ask("get_task_status", { task_id: id })).toMatchObject({
      batch: { ends_by: "2120-01-01T00:00:00Z" },
    });
  });

  test("takes no suggestion that could not be trained any more", async () => {
    const id = await searching("spent");
    await steer(id, { trainings: 4 });
    expect(await refused(id, { suggest: [POINT] })).toMatch(
      /No suggestion can be trained any more.*are left for the search/,
    );
    expect((await orders(id)).map(({ order }) => order.kind)).toEqual(["budget"]);
  });

  test("a range is narrowed from where it stands", async () => {
    const id = await searching("narrower");
    await steer(id, { narrow: NARROWER });
    expect(await refused(id, { narrow: { "dip.period": [3, 9] } })).toMatch(/its range is int 4 to 9/);
    expect(await refused(id, { suggest: [{ ...POINT, "dip.period": 12 }] })).toMatch(/dip\.period is 12/);
  });

  test("only lower budgets are taken while finalists are tested, and nothing when it is over", async () => {
    const id = await searching("tested");
    const first = { stage: "first" as const, stop: { reason: "trainings" as const, says: "The search ended." } };
    await recordStep(stack, id, 1, { ...first, runs: [testOf(id, 0)] }, endsWell);
    for (const order of [{ finish: true }, { suggest: [POINT] }, { narrow: NARROWER }]) {
      expect(await refused(id, order)).toMatch(/The search of this campaign is over: its finalists are tested/);
    }
    expect(await steer(id, { trials: 4 })).toMatchObject({ ordered: ["budget"] });
    await stack.writer.finish(id, outcomeOf(id, "cancelled"), null, null);
    expect(await refused(id, { trials: 2 })).toMatch(/has ended: there is nothing to steer/);
  });

  test("what is no campaign, or has not begun, is said to be so", async () => {
    await recordTraining(stack.writer, "train-no-campaign");
    expect(await refused("train-no-campaign", { finish: true })).toMatch(
      /is a training, and only a campaign is steered/,
    );
    expect(await refused("campaign-unknown-1", { finish: true })).toMatch(/^\[task_not_found /);
    const { jobId } = await stack.deps.jobs.start(CAMPAIGN, { forceReason: null, client: "test" });
    expect(await refused(jobId, { finish: true })).toMatch(/^\[task_not_finished .*no worker has taken it up yet/);
  });

  test("somebody else's is steered by an operator only", async () => {
    const id = await searching("owned");
    const wish = { jobId: id, suggest: [], narrow: {}, budget: {}, finish: true, reason };
    const asked = async (name: string, scope: "research" | "operate") =>
      await steerCampaign({ deps: stack.deps, caller: { name, scope, source: "token" } }, wish);
    await expect(asked("bob", "research")).rejects.toThrow("steering it needs the scope operate");
    expect(await orders(id)).toEqual([]);
    // The records of these tests are those of a client called test.
    await asked("test", "research");
    await asked("chief", "operate");
    expect(await orders(id)).toMatchObject([{ client: "test" }]);
  });
});

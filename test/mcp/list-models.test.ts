import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  CAMPAIGN,
  endsWell,
  pointOf,
  recordCampaign,
  recordStep,
  strategyOf,
  trainingOf,
} from "../support/campaigns.ts";
import { recordTraining } from "../support/job-records.ts";
import { startStack, type Stack } from "../support/mcp-stack.ts";

describe("list_models", () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startStack();
    await recordTraining(stack.writer, "train-probe-1", {
      modelPath: "models/probe/1d_v1",
      baseRate: { label: "BUY", share: 0.6, test: { label: "BUY", share: 0.62 } },
    });
    await recordTraining(stack.writer, "train-probe-2", { modelPath: "models/probe/1d_v2", finalValLoss: null });
  });
  afterAll(async () => {
    await stack.stop();
  });

  test("newest first, with figures, window and the training that made it", async () => {
    const { models, more } = await stack.ask("list_models");
    expect(more).toBe(false);
    expect(models).toMatchObject([
      { task_id: "train-probe-2", final_val_loss: null },
      {
        task_id: "train-probe-1",
        model_path: "models/probe/1d_v1",
        trained_on: "2000-01-03 to 2014-12-31",
        final_val_loss: 1.01,
        final_val_accuracy: 0.5,
        test_base_rate: 0.62,
        engine: "sandbox-1.0.0",
      },
    ]);
  });

  test("says when there are more", async () => {
    const { models, more } = await stack.ask("list_models", { limit: 1, strategy: "probe", symbol: "SPX" });
    expect([(models as unknown[]).length, more]).toEqual([1, true]);
  });

  test("leaves out what campaigns made, and says so, unless its strategy is named", async () => {
    const [id, symbol] = ["campaign-models-1", CAMPAIGN.symbol];
    await recordCampaign(stack, id);
    const runs = [0, 1].map((n) => trainingOf(id, n, 0));
    await recordStep(
      stack,
      id,
      0,
      { stage: "rung", bracket: 0, rung: 0, points: [pointOf(0), pointOf(1)], runs },
      endsWell,
    );
    const { models, left_out } = await stack.ask("list_models", { symbol });
    expect(JSON.stringify(models)).not.toContain(strategyOf(id, 0, 0));
    expect(left_out).toBe("2 models of strategies that campaigns made; strategy shows those of one.");
    const named = await stack.ask("list_models", { strategy: strategyOf(id, 0, 0) });
    expect(named["models"]).toMatchObject([{ strategy: strategyOf(id, 0, 0) }]);
    expect(named).not.toHaveProperty("left_out");
  });

  test("a filter that nothing meets gives nothing", async () => {
    expect(await stack.ask("list_models", { symbol: "EURUSD" })).toMatchObject({ models: [], more: false });
  });
});

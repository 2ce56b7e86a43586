import { afterAll, beforeAll, describe, expect, test } from "vitest";
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

  test("a filter that nothing meets gives nothing", async () => {
    expect(await stack.ask("list_models", { symbol: "EURUSD" })).toMatchObject({ models: [], more: false });
  });
});

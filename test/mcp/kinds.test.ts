import { expect, test } from "vitest";
import { keeperOf, KINDS, kindOfWorkflow, slotKindOf, type SlotKind } from "../../src/domain/kinds/index.ts";
import { TOOLS } from "../../src/mcp/tools/index.ts";
import * as workflows from "../../src/workflows/index.ts";

const shapeOf = (name: string) => TOOLS.find((tool) => tool.name === name)?.input.shape ?? {};

test("whatever is to be called again takes the arguments that the advice names", () => {
  for (const { again: advice } of KINDS) {
    const starting = [
      "train_model",
      "run_backtest",
      "load_market_data",
      "start_batch",
      "measure_equity",
      "start_walk_forward",
      "start_campaign",
      "evaluate_on_holdout",
    ];
    const tools = starting.filter((name) => advice.includes(name));
    expect(tools, advice).toHaveLength(1);
    for (const name of ["force_new_reason", "at_once", "max_failures"].filter((one) => advice.includes(one))) {
      expect(shapeOf(tools[0] ?? ""), advice).toHaveProperty(name);
    }
  }
});

test("only a training is told to look at its strategy", () => {
  expect(KINDS.filter(({ mend }) => mend.includes("validate_strategy")).map(({ name }) => name)).toEqual(["training"]);
});

test("each is started by tools that exist, and found by its id and its workflow", () => {
  for (const { name, prefix, workflow, startedBy, computing } of KINDS) {
    for (const tool of startedBy) expect(TOOLS.map((one) => one.name)).toContain(tool);
    expect(slotKindOf(`${prefix}-x-1`)).toBe(computing === null ? null : keeperOf(name as SlotKind));
    expect(kindOfWorkflow(workflow)).toBe(name);
    expect(workflows).toHaveProperty(workflow);
  }
});

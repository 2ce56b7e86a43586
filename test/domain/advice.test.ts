import { expect, test } from "vitest";
import { mend, startAgain } from "../../src/domain/advice.ts";
import type { JobKind } from "../../src/domain/job.ts";
import { TOOLS } from "../../src/mcp/tools/index.ts";

const KINDS: readonly JobKind[] = ["training", "backtest", "data_load", "batch"];
const shapeOf = (name: string) => TOOLS.find((tool) => tool.name === name)?.input.shape ?? {};

test("whatever is to be called again takes the arguments that the advice names", () => {
  for (const kind of KINDS) {
    const advice = startAgain(kind);
    const tools = ["train_model", "run_backtest", "load_market_data", "start_batch"].filter((name) =>
      advice.includes(name),
    );
    expect(tools, advice).toHaveLength(1);
    for (const name of ["force_new_reason", "at_once", "max_failures"].filter((one) => advice.includes(one))) {
      expect(shapeOf(tools[0] ?? ""), advice).toHaveProperty(name);
    }
  }
});

test("only a training is told to look at its strategy", () => {
  expect(mend("training")).toContain("validate_strategy");
  for (const kind of ["backtest", "data_load"] as const) expect(mend(kind)).not.toContain("validate_strategy");
});

/** One of our workers is stopped (SIGSTOP, a paused machine) in the middle of a start, and another one takes over. */
import { describe, expect, it } from "vitest";
import { MINUTE, SECOND, SimulatedStage } from "./stage.ts";

const backtest = () => new SimulatedStage({ type: "backtesting", computingMs: 10 * MINUTE, workers: 2 });

describe.each(["before", "after"] as const)("a worker stopped right %s it marked its start", (when) => {
  it("sends nothing when it wakes: the start is the other one's, and both know the same operation", async () => {
    const stage = backtest();
    stage.record.hold.push({ [when]: stage.clock.sleep(2 * MINUTE) });
    const stopped = stage.perform("startComputation", stage.input, 1);
    await stage.clock.run(stage.clock.sleep(15 * SECOND), MINUTE);
    const other = await stage.clock.run(stage.perform("startComputation", stage.input, 1), MINUTE);
    expect(stage.model.starts()).toBe(1);
    expect(await stage.clock.run(stopped, 5 * MINUTE)).toMatchObject({ operationId: other.operationId });
    expect(stage.model.starts()).toBe(1);
  });
});

it.each(["backtesting", "training"] as const)(
  "a worker killed after KTRDR had answered its start of a %s, before it wrote anything down: the next one finds it",
  async (type) => {
    const stage = new SimulatedStage({ type, computingMs: 10 * MINUTE, workers: 2 });
    const first = await stage.clock.run(stage.perform("startComputation", stage.input, 1), MINUTE);
    const nothing = { operationId: null, workerId: null, workerEndpoint: null, startedAt: null };
    stage.record.computations.splice(0, 1, { ...stage.record.computations[0]!, ...nothing });
    const second = await stage.clock.run(stage.perform("startComputation", stage.input, 1), 2 * MINUTE);
    expect(second.operationId).toBe(first.operationId);
    expect(stage.model.starts()).toBe(1);
  },
);

describe("PostgreSQL's clock", () => {
  it.each([-10, 10])(
    "%i minutes off: a start whose answer was lost and that takes effect late is still found",
    async (minutes) => {
      const stage = backtest();
      stage.record.skewMs = minutes * MINUTE;
      stage.ktrdr.startFaults.push("late and lost");
      const started = await stage.clock.run(stage.perform("startComputation", stage.input, 1), MINUTE);
      expect(started.faultsSeen).toEqual(["start_answer_lost"]);
      expect(stage.model.starts()).toBe(1);
    },
  );

  it.each([-10, 10])("%i minutes off: a start that came to nothing is sent again after its while", async (minutes) => {
    const stage = backtest();
    stage.record.skewMs = minutes * MINUTE;
    stage.ktrdr.startFaults.push("lost on the way");
    await stage.clock.run(stage.perform("startComputation", stage.input, 1), 2 * MINUTE);
    expect(stage.model.starts()).toBe(1);
  });
});

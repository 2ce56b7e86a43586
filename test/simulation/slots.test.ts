import { describe, expect, it } from "vitest";
import type { SlotWatch } from "../../src/domain/slots.ts";
import { JOB, MINUTE, SimulatedStage } from "./stage.ts";

const watch = (known: Partial<SlotWatch>): SlotWatch => ({
  kind: "training",
  held: [],
  queued: ["train-next"],
  mayGrant: true,
  ...known,
});

/** A training computes in the first of two workers. */
async function computing(workers: number): Promise<SimulatedStage> {
  const stage = new SimulatedStage({ type: "training", computingMs: 60 * MINUTE, workers });
  await stage.clock.run(stage.perform("startComputation", stage.input, 1), MINUTE);
  return stage;
}

describe("watching for a free worker", () => {
  it.each(["held", "settling"] as const)(
    "does not count a %s job whose own worker hangs against the others",
    async (as) => {
      const stage = await computing(2);
      const [worker] = stage.model.workers;
      if (worker !== undefined) worker.hangs = true;
      // The registry takes a while to call it unhealthy.
      await stage.clock.run(stage.clock.sleep(MINUTE), 2 * MINUTE);
      const news = stage.perform("watchSlots", watch({ [as]: [JOB] }));
      expect(await stage.clock.run(news, 2 * MINUTE)).toMatchObject({ free: true });
    },
  );

  it.each(["held", "settling"] as const)("counts a %s job that no worker is known of", async (as) => {
    const stage = new SimulatedStage({ type: "training", computingMs: MINUTE });
    const news = stage.perform("watchSlots", watch({ [as]: ["train-elsewhere"], knownReason: "" }));
    expect(await stage.clock.run(news, MINUTE)).toMatchObject({ free: false });
  });

  it("tells why none is free once that is steady, and tells it once", async () => {
    const stage = await computing(1);
    const reason = "all 1 training worker(s) of KTRDR are taken";
    const news = stage.perform("watchSlots", watch({ held: [JOB], knownReason: "" }));
    expect(await stage.clock.run(news, MINUTE)).toEqual({ free: false, closed: [], waitingFor: reason });
    const again = stage.perform("watchSlots", watch({ held: [JOB], knownReason: reason }));
    await expect(stage.clock.run(again, 5 * MINUTE)).rejects.toThrow(/Not done/);
  });

  it("lets no data load start while one that was terminated is being stopped", async () => {
    const stage = new SimulatedStage({ type: "training", computingMs: MINUTE });
    const news = stage.perform("watchSlots", watch({ kind: "data_load", settling: ["load-gone"], knownReason: "" }));
    expect(await stage.clock.run(news, MINUTE)).toMatchObject({ free: false });
  });
});

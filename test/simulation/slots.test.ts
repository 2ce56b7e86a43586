import { describe, expect, it } from "vitest";
import { DomainError } from "../../src/domain/errors.ts";
import type { SlotWatch } from "../../src/domain/slots.ts";
import { JOB, MINUTE, SimulatedStage } from "./stage.ts";

const watch = (known: Partial<SlotWatch>): SlotWatch => ({
  kind: "training",
  held: [],
  queued: ["train-next"],
  mayGrant: true,
  ...known,
});

/** Starts a training in the first of so many workers. */
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
      // The registry takes a while to call the worker unhealthy.
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

describe("watching while operators have given orders", () => {
  const idle = () => new SimulatedStage({ type: "training", computingMs: MINUTE });
  const BUDGET = { hours: 8, usedHours: 8, renewsAt: "2026-11-27T00:00:00.000Z" };
  const ORDERS = [
    [
      "research is paused by the operator: too hot",
      { pause: { reason: "too hot", since: "2026-11-26T10:00:00.000Z" }, budget: null },
    ],
    [
      "research is paused by the operator",
      { pause: { reason: null, since: "2026-11-26T10:00:00.000Z" }, budget: null },
    ],
    ["today's computing budget of 8 h is used up; it renews at 2026-11-27 00:00 UTC", { pause: null, budget: BUDGET }],
  ] as const;

  it.each(ORDERS)("starts nothing and says: %s", async (waitingFor, orders) => {
    for (const kind of ["training", "data_load"] as const) {
      const stage = idle();
      stage.orders = async () => orders;
      const news = stage.perform("watchSlots", watch({ kind, knownReason: "" }));
      expect(await stage.clock.run(news, MINUTE)).toEqual({ free: false, closed: [], waitingFor });
    }
  });

  it("starts nothing while PostgreSQL cannot say whether research is paused, and goes on once it can", async () => {
    for (const kind of ["training", "data_load"] as const) {
      const stage = idle();
      stage.orders = async () => {
        throw new DomainError("database_unavailable", { what: "PostgreSQL does not answer." });
      };
      const news = stage.perform("watchSlots", watch({ kind, knownReason: "" }));
      expect(await stage.clock.run(news, MINUTE)).toEqual({
        free: false,
        closed: [],
        waitingFor: "PostgreSQL does not answer",
      });
      stage.orders = async () => ({ pause: null, budget: { ...BUDGET, usedHours: 7.99 } });
      const again = stage.perform("watchSlots", watch({ kind, knownReason: "PostgreSQL does not answer" }));
      expect(await stage.clock.run(again, MINUTE)).toMatchObject({ free: true });
    }
  });
});

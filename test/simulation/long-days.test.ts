import { describe, expect, it } from "vitest";
import { DAY, HOUR, JOB, MINUTE, SimulatedStage } from "./stage.ts";

const HOURS_10 = 10 * HOUR;

function training(computingMs: number): SimulatedStage {
  return new SimulatedStage({ type: "training", computingMs });
}

describe("a training of ten hours", () => {
  it("is polled every five seconds, heartbeats as often, and is computed once", async () => {
    const stage = training(HOURS_10);
    expect(await stage.clock.run(stage.job(), DAY)).toMatchObject({ fate: "succeeded", faultsSeen: [] });
    expect(stage.clock.elapsed()).toBeLessThan(HOURS_10 + MINUTE);
    const polls = stage.ktrdr.count("operation");
    expect(polls / 10).toBeGreaterThan(715);
    expect(polls / 10).toBeLessThan(725);
    expect(stage.heartbeats.length).toBeLessThan(polls + 10);
    expect(stage.heartbeats.at(-1)).toMatchObject({ phase: "running", percent: 99 });
    expect(stage.model.starts()).toBe(1);
    // Six minutes pass between two steps of progress, so the worker is asked, too: a frozen view must be noticed.
    expect(stage.ktrdr.count("worker operation")).toBeLessThan(polls);
  });

  it("is still one computation, with percent never going back, when our worker is replaced every half hour", async () => {
    const stage = training(HOURS_10);
    for (let at = 30 * MINUTE; at < HOURS_10; at += 30 * MINUTE) stage.deploys.push(at);
    expect(await stage.clock.run(stage.job(), DAY)).toMatchObject({ fate: "succeeded" });
    expect(stage.attempts).toBe(22);
    expect(stage.model.starts()).toBe(1);
    const percents = stage.heartbeats.map(({ percent }) => percent);
    expect(percents).toEqual(percents.toSorted((a, b) => a - b));
  });
});

describe("an interval between looks that is longer than the heartbeat timeout", () => {
  it("costs no attempt: waiting is told, too", async () => {
    const stage = new SimulatedStage({ type: "training", computingMs: HOUR }, { pollIntervalMs: 25_000 });
    expect(await stage.clock.run(stage.job(), DAY)).toMatchObject({ fate: "succeeded" });
    expect(stage.attempts).toBe(3);
    expect(stage.ktrdr.count("operation")).toBeLessThan(300);
  });
});

describe("KTRDR away for a week", () => {
  it.each(["refuses", "hangs", "babbles"] as const)("(%s) costs the week, not the job", async (how) => {
    const stage = training(HOURS_10);
    stage.model.at(HOUR, () => (stage.model.api = how));
    stage.model.at(HOUR + 7 * DAY, () => (stage.model.api = "serves"));
    expect(await stage.clock.run(stage.job(), 9 * DAY)).toMatchObject({ fate: "succeeded" });
    expect(stage.model.starts()).toBe(1);
    expect(stage.attempts).toBe(3);
  });

  it("says so while it lasts, and does not call it no progress afterwards", async () => {
    const stage = training(2 * DAY);
    stage.model.at(HOUR, () => (stage.model.api = "refuses"));
    stage.model.at(HOUR + DAY, () => stage.model.restartApi());
    expect(await stage.clock.run(stage.job(), 4 * DAY)).toMatchObject({ fate: "succeeded" });
    const at = (ms: number) => stage.heartbeats.findLast((beat) => Date.parse(beat.at) <= stage.startedAt + ms);
    expect(at(HOUR + 12 * HOUR)).toMatchObject({ phase: "ktrdr_unreachable" });
    expect(at(HOUR + DAY + MINUTE)).toMatchObject({ phase: "running" });
    expect(stage.model.mostAtOnce()).toBe(1);
  });

  it("with its worker, suspended for two hours in the middle of a step, goes on where it was", async () => {
    const stage = training(2 * HOUR);
    const [worker] = stage.model.workers;
    const suspend = (yes: boolean) => () => {
      stage.model.api = yes ? "refuses" : "serves";
      worker!.hangs = yes;
    };
    stage.model.at(HOUR + 10_000, suspend(true));
    stage.model.at(3 * HOUR + 10_000, suspend(false));
    expect(await stage.clock.run(stage.job(), DAY)).toMatchObject({ fate: "succeeded" });
    expect(stage.model.starts()).toBe(1);
  });

  it("before the start delays the start", async () => {
    const stage = training(HOUR);
    stage.model.api = "refuses";
    stage.model.at(DAY, () => stage.model.restartApi());
    expect(await stage.clock.run(stage.job(), 2 * DAY)).toMatchObject({ fate: "succeeded" });
    expect(stage.model.starts()).toBe(1);
  });
});

describe("KTRDR restarted with an empty memory", () => {
  it("and its view frozen for hours: the worker is believed", async () => {
    const stage = training(HOURS_10);
    stage.model.at(HOUR, () => stage.model.restartApi());
    const end = await stage.clock.run(stage.job(), DAY);
    expect(end).toMatchObject({ fate: "succeeded", faultsSeen: ["stale_view"] });
    expect(stage.clock.elapsed()).toBeLessThan(HOURS_10 + 2 * MINUTE);
  });

  it("every ten minutes", async () => {
    const stage = training(3 * HOUR);
    for (let at = 10 * MINUTE; at < 3 * HOUR; at += 10 * MINUTE) stage.model.at(at, () => stage.model.restartApi());
    expect(await stage.clock.run(stage.job(), DAY)).toMatchObject({ fate: "succeeded" });
    expect(stage.model.starts()).toBe(1);
  });

  it("is no stall, even where the limit is shorter than the patience with a still view", async () => {
    const stage = new SimulatedStage({ type: "backtesting", computingMs: 2 * MINUTE }, { stallFailAfterMs: 14_000 });
    stage.model.at(MINUTE, () => stage.model.restartApi());
    expect(await stage.clock.run(stage.job(), DAY)).toMatchObject({ fate: "succeeded", faultsSeen: ["stale_view"] });
  });

  it("while our worker was stopped for two hours: progress made meanwhile is progress", async () => {
    const stage = training(HOURS_10);
    stage.clock.pause(HOUR, 2 * HOUR);
    stage.model.at(2 * HOUR, () => stage.model.restartApi());
    expect(await stage.clock.run(stage.job(), DAY)).toMatchObject({ fate: "succeeded" });
    expect(stage.model.starts()).toBe(1);
  });
});

describe("a computation that stands still", () => {
  /** One percent of two hours. */
  const STEP = 72_000;
  const stalledFor = (ms: number): SimulatedStage => {
    const stage = training(2 * HOUR);
    const [worker] = stage.model.workers;
    stage.model.at(HOUR + 1_000, () => (worker!.stalls = true));
    // It shows nothing new until its present step is done, so the computing goes on one step earlier.
    stage.model.at(HOUR + 1_000 + ms - STEP, () => (worker!.stalls = false));
    return stage;
  };

  it("for 59 minutes is waited for, and called stalled after ten", async () => {
    const stage = stalledFor(59 * MINUTE);
    expect(await stage.clock.run(stage.job(), DAY)).toMatchObject({ fate: "succeeded" });
    const stalled = stage.heartbeats.filter(({ phase }) => phase === "stalled");
    expect((stalled.length * 5_000) / MINUTE).toBeGreaterThan(48);
    expect((stalled.length * 5_000) / MINUTE).toBeLessThan(52);
  });

  it("for 61 minutes is given up, and stopped", async () => {
    const stage = stalledFor(61 * MINUTE);
    const end = await stage.clock.run(stage.job(), DAY);
    expect(end).toMatchObject({ fate: "failed", failure: { code: "computation_stalled" }, mayStillCompute: true });
    expect(end).toMatchObject({ partial: { percent: 50 } });
    expect(stage.model.computing()).toBe(1);
    const stopped = stage.perform("stopComputation", stage.input, 1, "job", "computation_stalled");
    expect(await stage.clock.run(stopped, HOUR)).toMatchObject({ stopped: true });
    expect(stage.model.computing()).toBe(0);
  });
});

describe("a training that is cancelled", () => {
  const cancelledAfter = async (stage: SimulatedStage, ms: number) => {
    void stage.job();
    await stage.clock.run(stage.clock.sleep(ms), DAY);
    const report = await stage.clock.run(stage.perform("stopComputation", stage.input, 1, JOB, "cancelled"), DAY);
    expect(stage.model.computing()).toBe(0);
    return report;
  };

  it("keeps the percentage that was shown last, though KTRDR's API has forgotten it", async () => {
    const stage = training(HOURS_10);
    stage.model.at(3 * HOUR, () => {
      stage.model.restartApi();
      stage.model.kill(stage.model.workers[0]!);
    });
    expect(await cancelledAfter(stage, 3 * HOUR)).toMatchObject({ stopped: true, partial: { percent: 29 } });
  });

  it("is not said to have stopped when its worker, which only KTRDR reaches, may have computed on to the end", async () => {
    const stage = training(HOURS_10);
    stage.model.workers[0]!.isDeafElsewhere = true;
    expect(await cancelledAfter(stage, 3 * HOUR)).toMatchObject({
      stopped: true,
      partial: { percent: 30, doubt: expect.stringMatching(/computed it to the end.* models\/probe\/1d_latest/) },
    });
    expect(stage.model.finished(JOB)).toBe(true);
  });
});

describe("KTRDR's worker", () => {
  it("hanging for fifty minutes comes back: no second computation", async () => {
    const stage = training(2 * HOUR);
    const [worker] = stage.model.workers;
    stage.model.at(HOUR, () => (worker!.hangs = true));
    stage.model.at(HOUR + 50 * MINUTE, () => (worker!.hangs = false));
    expect(await stage.clock.run(stage.job(), DAY)).toMatchObject({ fate: "succeeded" });
    expect(stage.model.starts()).toBe(1);
  });

  it.each([
    ["training", 1],
    ["training", 60],
    ["training", 20 * 60],
    ["backtesting", 1],
    ["backtesting", 60],
  ] as const)("(%s) killed and back after %d s: noticed within two minutes, computed again, once", async (type, s) => {
    const stage = new SimulatedStage({ type, computingMs: 2 * HOUR });
    const [worker] = stage.model.workers;
    stage.model.at(HOUR, () => stage.model.kill(worker!));
    stage.model.at(HOUR + s * 1_000, () => stage.model.revive(worker!));
    expect(await stage.clock.run(stage.job(), DAY)).toMatchObject({ fate: "succeeded" });
    expect(stage.model.starts()).toBe(2);
    expect(stage.model.mostAtOnce()).toBe(1);
    const again = stage.model.log.filter(({ event }) => event === "start")[1]!.at - stage.startedAt;
    expect(again).toBeLessThan(HOUR + s * 1_000 + 2 * MINUTE);
  });

  it("killed before its first sign of progress is noticed as well", async () => {
    const stage = training(2 * HOUR);
    const [worker] = stage.model.workers;
    stage.model.at(20_000, () => stage.model.kill(worker!));
    stage.model.at(21_000, () => stage.model.revive(worker!));
    expect(await stage.clock.run(stage.job(), DAY)).toMatchObject({ fate: "succeeded" });
    expect(stage.model.starts()).toBe(2);
    expect(stage.clock.elapsed()).toBeLessThan(2 * HOUR + 3 * MINUTE);
  });

  it("killed, and our worker replaced at any moment of finding that out: still lost, not cancelled by somebody", async () => {
    for (let s = 0; s < 60; s += 1) {
      const stage = training(10 * MINUTE);
      const [worker] = stage.model.workers;
      stage.model.at(5 * MINUTE, () => stage.model.kill(worker!));
      stage.model.at(5 * MINUTE + 1_000, () => stage.model.revive(worker!));
      stage.deploys.push(5 * MINUTE + s * 1_000 + 500);
      expect(await stage.clock.run(stage.job(), DAY), `replaced after ${s} s`).toMatchObject({ fate: "succeeded" });
      expect(stage.model.starts()).toBe(2);
    }
  });

  it("killed right after it had finished: the result is found, nothing is computed again", async () => {
    const stage = training(HOUR);
    const [worker] = stage.model.workers;
    stage.model.whenFinished(() => stage.model.kill(worker!));
    expect(await stage.clock.run(stage.job(), DAY)).toMatchObject({ fate: "succeeded" });
    expect(stage.model.starts()).toBe(1);
    expect(stage.clock.elapsed()).toBeLessThan(HOUR + 3 * MINUTE);
  });
});

describe("a computation that ended unobserved", () => {
  it("was turned into a failure while our worker was stopped: the result counts", async () => {
    const stage = training(HOUR);
    stage.clock.pause(50 * MINUTE, HOUR);
    const end = await stage.clock.run(stage.job(), DAY);
    expect(end).toMatchObject({ fate: "succeeded", faultsSeen: ["completed_turned_failed"] });
  });

  it("is shown as resuming for ever: the worker knows its end", async () => {
    const stage = training(3 * HOUR);
    stage.model.at(HOUR, () => stage.model.stickInResuming("job"));
    const end = await stage.clock.run(stage.job(), DAY);
    expect(end).toMatchObject({ fate: "succeeded", faultsSeen: ["stuck_resuming"] });
    expect(stage.clock.elapsed()).toBeLessThan(3 * HOUR + MINUTE);
  });
});

describe("a job that waits for a slot", () => {
  it("costs KTRDR one look at its registry every two seconds, however long", async () => {
    const stage = training(HOUR);
    stage.model.dispatch("somebody-else", {});
    await stage.clock.run(stage.job(), DAY);
    const waited = stage.model.log.find(({ id }) => id === "job")!.at - stage.startedAt;
    expect(waited).toBeGreaterThanOrEqual(HOUR);
    expect(waited).toBeLessThan(HOUR + MINUTE);
    const before = stage.ktrdr.requests.filter(({ at }) => at < stage.startedAt + HOUR);
    expect(new Set(before.map(({ what }) => what))).toEqual(new Set(["registry"]));
    expect(before.length).toBeLessThanOrEqual(1_800);
  });
});

describe("a start whose answer is lost", () => {
  it.each([
    ["training", "answer lost"],
    ["training", "late and lost"],
    ["backtesting", "answer lost"],
    ["backtesting", "late and lost"],
  ] as const)("(%s, %s) is found, not repeated", async (type, fault) => {
    const stage = new SimulatedStage({ type, computingMs: HOUR });
    stage.ktrdr.startFaults.push(fault);
    expect(await stage.clock.run(stage.job(), DAY)).toMatchObject({ fate: "succeeded" });
    expect(stage.model.starts()).toBe(1);
    expect(stage.ktrdr.count("start")).toBe(1);
  });

  it("that came to nothing is lost, and started again", async () => {
    const stage = training(HOUR);
    stage.ktrdr.startFaults.push("came to nothing");
    expect(await stage.clock.run(stage.job(), DAY)).toMatchObject({ fate: "succeeded" });
    expect(stage.model.starts()).toBe(1);
    expect(stage.clock.elapsed()).toBeLessThan(HOUR + 3 * MINUTE);
  });
});

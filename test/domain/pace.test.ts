import { describe, expect, test } from "vitest";
import { leftMs, nextLookMs, spacedMs } from "../../src/domain/pace.ts";

const mark = { at: "2026-01-01T00:00:10.000Z", percent: 4 };
const at = (second: number) => Date.parse("2026-01-01T00:00:00.000Z") + second * 1_000;

describe("the pace of a computation", () => {
  test("is measured from its first progress: loading and the slow first epoch do not count", () => {
    // The first of 25 epochs took ten seconds, and each of the others takes two.
    expect(leftMs(mark, 28, at(22))).toBe(36_000);
    expect(leftMs(mark, 52, at(34))).toBe(24_000);
    expect(leftMs(mark, 4, at(60))).toBeNull();
    expect(leftMs(mark, 100, at(60))).toBeNull();
  });

  test.each([
    ["a short backtest", 0.4, [60]],
    ["a short training", 4.7, [10, 30, 50, 70, 90]],
    ["a training", 60, Array.from({ length: 40 }, (_, epoch) => (epoch + 1) * 2.4)],
    ["a long one", 3_600, Array.from({ length: 100 }, (_, epoch) => epoch + 0.5)],
  ])("the end of %s is noticed within a second, with few looks", (_name, seconds, steps) => {
    let [clock, looks, percent, moved] = [0, 0, 0, 0];
    let from: { at: string; percent: number } | undefined;
    for (; clock < seconds * 1_000; looks += 1) {
      const now = steps.findLast((step) => clock >= step * 10 * seconds) ?? 0;
      if (now > percent) {
        [percent, moved] = [now, clock];
        from ??= { at: new Date(clock).toISOString(), percent };
      }
      const left = from === undefined ? null : leftMs(from, percent, moved);
      clock += nextLookMs(5_000, { elapsedMs: clock, left, stillMs: clock - moved });
    }
    expect(clock - seconds * 1_000).toBeLessThanOrEqual(1_000);
    expect(looks).toBeLessThan(seconds / 5 + 40);
  });

  test("many computations are looked at less often, and never so seldom that KTRDR forgets them", () => {
    expect(spacedMs(5_000, 1)).toBe(5_000);
    expect(spacedMs(5_000, 400)).toBe(5_000);
    expect(spacedMs(5_000, 1_000)).toBe(12_500);
    expect(spacedMs(5_000, 100_000)).toBe(20_000);
    expect(spacedMs(25_000, 1)).toBe(25_000);
  });

  test("what stands still is not looked at more often than it is set", () => {
    expect(nextLookMs(5_000, { elapsedMs: 600_000, left: 1_000, stillMs: 60_000 })).toBe(5_000);
    expect(nextLookMs(5_000, { elapsedMs: 600_000, left: null, stillMs: 0 })).toBe(5_000);
    expect(nextLookMs(200, { elapsedMs: 0, left: null, stillMs: 0 })).toBe(200);
  });
});

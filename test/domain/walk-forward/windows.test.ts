import { expect, test } from "vitest";
import { WARM_UP_BARS } from "../../../src/domain/results/buy-and-hold.ts";
import { FEWEST_TEST_BARS, walkWindows } from "../../../src/domain/walk-forward/windows.ts";

const DAY_MS = 86_400_000;
const stamp = (ms: number) => new Date(ms).toISOString();
const FIRST = Date.parse("2000-01-03T00:00:00Z");
const daily = (bars: number) => Array.from({ length: bars }, (_, n) => stamp(FIRST + n * DAY_MS));
/** Of an exchange that is open seven hours. */
const hourly = (days: number) =>
  Array.from({ length: days }, (_, day) =>
    Array.from({ length: 7 }, (_, hour) => stamp(FIRST + day * DAY_MS + (13 + hour) * 3_600_000)),
  ).flat();

const dayOf = (time: string) => time.slice(0, 10);
/** Bars of the days from one to the other. */
const barsIn = (times: readonly string[], from: string, to: string) =>
  times.filter((time) => from <= dayOf(time) && dayOf(time) <= to);

const CASES = [
  ["daily, anchored", daily(3_000), { windows: 8, anchored: true, gap: 0 }],
  ["daily, rolling, with a gap", daily(2_777), { windows: 12, anchored: false, gap: 17 }],
  ["hourly, rolling", hourly(400), { windows: 5, anchored: false, gap: 3 }],
  ["hourly, anchored", hourly(301), { windows: 4, anchored: true, gap: 0 }],
] as const;

test.each(CASES)(
  "%s: windows follow each other, train before they test, and end with the last bar",
  (_, times, wish) => {
    const { windows, untraded } = walkWindows(times, wish);
    expect(windows).toHaveLength(wish.windows);
    let missed = 0;
    let before: string | null = null;
    for (const { train, test: tested, readFrom } of windows) {
      // What KTRDR trades: all bars that it reads but the first fifty.
      const traded = barsIn(times, readFrom, tested.endDate).slice(WARM_UP_BARS);
      expect(dayOf(traded[0] ?? "")).toBe(tested.startDate);
      expect(traded.length).toBeGreaterThanOrEqual(FEWEST_TEST_BARS - 7);
      const trained = barsIn(times, train.startDate, train.endDate);
      expect(trained.length).toBeGreaterThanOrEqual(3 * (FEWEST_TEST_BARS - 7));
      // The gap lies between, and no day is shared.
      const between = times.indexOf(traded[0] ?? "") - times.indexOf(trained.at(-1) ?? "") - 1;
      expect(between).toBeGreaterThanOrEqual(wish.gap);
      expect(train.endDate < tested.startDate).toBe(true);
      const first = times.indexOf(traded[0] ?? "");
      if (before !== null) missed += first - times.indexOf(before) - 1;
      expect(before === null || first > times.indexOf(before)).toBe(true);
      before = traded.at(-1) ?? null;
      expect(train.startDate === dayOf(times[0] ?? "")).toBe(wish.anchored || trained[0] === times[0]);
    }
    expect(before).toBe(times.at(-1));
    expect(untraded).toBe(missed);
  },
);

test("daily windows leave no bar untraded; hourly ones less than a day each", () => {
  expect(walkWindows(daily(3_000), { windows: 8, anchored: true, gap: 5 }).untraded).toBe(0);
  expect(walkWindows(hourly(400), { windows: 5, anchored: true, gap: 5 }).untraded).toBeLessThan(5 * 7);
});

test("too few bars: how many would do, and how many windows fit", () => {
  const ask = (bars: number, windows: number) => walkWindows(daily(bars), { windows, anchored: true, gap: 10 });
  expect(() => ask(800, 12)).toThrow(/800 bars are too few for 12 windows: 910 would do, about 2\.5 years/);
  const error = (() => {
    try {
      return ask(800, 12);
    } catch (caught) {
      return caught;
    }
  })();
  expect(error).toMatchObject({ code: "invalid_input", valid: ["windows from 4 to 10"] });
  expect(ask(800, 10).windows).toHaveLength(10);
  expect(() => ask(300, 4)).toThrow(/300 bars are too few/);
  expect(() => walkWindows([], { windows: 4, anchored: true, gap: 0 })).toThrow(/0 bars are too few/);
});

test("rolling trainings have one length; a day's bars are never divided", () => {
  const { windows } = walkWindows(daily(2_000), { windows: 7, anchored: false, gap: 0 });
  const lengths = windows.map(({ train }) => Date.parse(train.endDate) - Date.parse(train.startDate));
  expect(new Set(lengths).size).toBe(1);
});

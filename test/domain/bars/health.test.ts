import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SEED_SERIES, seedDataFolder } from "../../../sandbox/engine/market-data.ts";
import { readBars } from "../../../sandbox/engine/price-file.ts";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { barHealth } from "../../../src/domain/bars/health.ts";
import { within, type DefectKind } from "../../../src/domain/bars/defect.ts";
import { barFindings, placeOf } from "../../../src/domain/bars/words.ts";
import type { BarSeries } from "../../../src/domain/bars/series.ts";
import { CALENDARS, rowsAt } from "../../support/price-file.ts";

type Row = [time: number, open: number, high: number, low: number, close: number, volume: number];

const rowsOf = (at: readonly number[]): Row[] =>
  rowsAt(at).map((line, index) => [at[index] ?? 0, ...line.split(",").slice(1).map(Number)] as Row);

function series(rows: readonly Row[], timeframe: string): BarSeries {
  const column = (place: number) => Float64Array.from(rows, (row) => row[place] ?? Number.NaN);
  const [time, open, high, low, close, volume] = [0, 1, 2, 3, 4, 5].map(column);
  return { timeframe, time, open, high, low, close, volume, line: null } as BarSeries;
}

const kinds = (rows: readonly Row[], timeframe = "1d") =>
  Object.fromEntries(barHealth(series(rows, timeframe)).defects.map(({ kind, at }) => [kind, at.length]));

const YEARS = rowsOf(CALENDARS["stock 1d"]("2015-01-01", "2018-12-31"));

describe("sound bars have no finding", () => {
  test.each(Object.entries(CALENDARS))("%s", (name, calendar) => {
    const [from, to] = name.endsWith("1m") ? ["2021-03-01", "2021-03-20"] : ["2018-01-01", "2021-06-30"];
    expect(kinds(rowsOf(calendar(from, to)), name.split(" ")[1])).toEqual({});
  });

  test.each(Object.entries(CALENDARS))("a short window of %s", (name, calendar) => {
    expect(kinds(rowsOf(calendar("2021-03-01", "2021-03-12")), name.split(" ")[1])).toEqual({});
  });

  test("the markets of the sandbox, the S&P 500 of twenty years among them", async () => {
    const dir = await mkdtemp(join(tmpdir(), "ktrdr-mcp-seed-"));
    try {
      await seedDataFolder(dir);
      for (const { symbol, timeframe } of SEED_SERIES) {
        const bars = await readBars(dir, symbol, timeframe);
        expect(barHealth({ ...bars, timeframe, line: null }).defects, symbol).toEqual([]);
      }
    } finally {
      await rm(dir, { recursive: true });
    }
  });
});

describe("what people have is named and counted", () => {
  const at = (index: number, change: (row: Row) => Row): Row[] =>
    YEARS.map((row, i) => (i === index ? change(row) : row));

  test.each<[string, readonly Row[], Partial<Record<DefectKind, number>>]>([
    ["a year's rows twice", YEARS.flatMap((row, i) => (i >= 500 && i < 760 ? [row, row] : [row])), { duplicate: 260 }],
    ["a stamp twice with other prices", at(30, ([, ...rest]) => [YEARS[29]?.[0] ?? 0, ...rest]), { conflict: 1 }],
    ["two downloads appended", [...YEARS.slice(0, 600), ...YEARS.slice(500)], { overlap: 100 }],
    ["newest bar first", YEARS.toReversed(), { newest_first: YEARS.length }],
    ["a shuffled tail", [...YEARS.slice(0, -2), ...YEARS.slice(-2).toReversed()], { unsorted: 1 }],
    ["empty rows", at(100, ([time]) => [time, NaN, NaN, NaN, NaN, NaN]), { empty: 1 }],
    [
      "a price that is no number",
      at(100, ([time, ...rest]) => [time, NaN, ...rest.slice(1)] as Row),
      { not_a_number: 1 },
    ],
    ["an endless price", at(100, ([time, o, , l, c, v]) => [time, o, Infinity, l, c, v]), { not_a_number: 1 }],
    ["zeros", at(100, ([time]) => [time, 0, 0, 0, 0, 0]), { zero: 1 }],
    ["a negative close", at(100, ([time, o, h, , , v]) => [time, o, h, -40.3, -37.6, v]), { negative: 1 }],
    ["a high below the low", at(100, ([time, o, h, l, c, v]) => [time, o, l * 0.9, h, c, v]), { impossible: 1 }],
    ["a close outside", at(100, ([time, o, h, l, , v]) => [time, o, h, l, h * 1.01, v]), { impossible: 1 }],
    [
      "a split of four for one",
      YEARS.map((r, i) => (i < 300 ? r : [r[0], ...r.slice(1, 5).map((p) => p / 4), r[5]]) as Row),
      { jump: 1 },
    ],
    [
      "a split of two for one",
      YEARS.map((r, i) => (i < 300 ? r : [r[0], ...r.slice(1, 5).map((p) => p / 2), r[5]]) as Row),
      { jump: 1 },
    ],
    ["a wrong tick", at(300, ([t, ...p]) => [t, ...p.slice(0, 4).map((x) => x * 10), p[4]] as Row), { jump: 2 }],
    ["two years missing", [...YEARS.slice(0, 250), ...YEARS.slice(750)], { hole: 1 }],
    ["three weeks missing", [...YEARS.slice(0, 250), ...YEARS.slice(265)], { hole: 1 }],
    ["closes alone", YEARS.map(([t, , , , c]) => [t, c, c, c, c, 0]), { close_only: YEARS.length }],
    ["volume that is no number", YEARS.map(([t, o, h, l, c]) => [t, o, h, l, c, NaN]), { no_volume: YEARS.length }],
    ["one volume", YEARS.map(([t, o, h, l, c]) => [t, o, h, l, c, 1000]), { constant_volume: YEARS.length }],
    [
      "what KTRDR makes of columns it does not find",
      YEARS.slice(0, 9).map(([t]) => [t, 100, 100, 100, 100, 0]),
      { constant_price: 9 },
    ],
    [
      "milliseconds read as nanoseconds",
      YEARS.map(([t, ...rest]) => [t / 1e6, ...rest] as Row),
      { numbers_for_times: 0 },
    ],
    ["seconds read as nanoseconds", YEARS.map(([t, ...rest]) => [t / 1e9, ...rest] as Row), { numbers_for_times: 0 }],
    ["a stamp that cannot be read", at(100, ([, ...rest]) => [NaN, ...rest]), { unreadable_time: 1 }],
  ])("%s", (_name, rows, expected) => {
    expect(kinds(rows)).toEqual(expected);
  });

  test.each([
    ["1h", 1],
    ["15m", 4],
  ] as const)("the hour that a local clock shows twice, on %s bars", (timeframe, bars) => {
    const step = timeframe === "1h" ? 3_600_000 : 900_000;
    const night = Date.UTC(2020, 9, 25);
    const times = Array.from({ length: 400 }, (_, index) => night - 200 * step + index * step);
    // After 02:00 the local clock shows 01:00 again.
    const local = times.map((time) => (time >= night + 2 * 3_600_000 ? time - 3_600_000 : time));
    const rows = rowsOf(times).map((row, index) => [local[index] ?? 0, ...row.slice(1)] as Row);
    expect(kinds(rows, timeframe)).toEqual({ doubled_hour: bars });
  });

  test("daily bars under the name of another timeframe", () => {
    expect(kinds(YEARS, "1h")).toEqual({ other_timeframe: YEARS.length });
  });

  const without = (rows: readonly Row[], from: string, to: string): Row[] =>
    rows.filter(([time]) => time < Date.parse(from) || time > Date.parse(to));

  test.each<[string, keyof typeof CALENDARS, string, string, string]>([
    ["three hours of a market that never closes", "crypto 1h", "1h", "2021-03-10T05:00Z", "2021-03-10T07:00Z"],
    ["half an hour of minutes", "crypto 1m", "1m", "2021-03-10T05:00Z", "2021-03-10T05:29Z"],
    ["thirty hours over midnight", "crypto 1h", "1h", "2021-03-10T05:00Z", "2021-03-11T10:00Z"],
    ["hours within a session", "stock 1h", "1h", "2021-03-10T16:00Z", "2021-03-10T17:00Z"],
    ["hours of a night in which currencies trade", "fx 1h", "1h", "2021-03-10T01:00Z", "2021-03-10T04:00Z"],
  ])("%s", (_name, calendar, timeframe, from, to) => {
    const [first, last] = timeframe === "1m" ? ["2021-03-01", "2021-03-20"] : ["2021-02-01", "2021-04-30"];
    const whole = rowsOf(CALENDARS[calendar](first, last));
    const rows = without(whole, from, to);
    const { defects } = barHealth(series(rows, timeframe));
    expect(defects.map(({ kind }) => kind)).toEqual(["hole"]);
    expect(placeOf(defects[0] ?? { kind: "hole", at: [], line: null })).toContain(from.slice(0, 10));
    expect(defects[0]?.detail).toBe(String(whole.length - rows.length));
  });

  test.each<[string, (time: number) => boolean]>([
    ["a lunch", (time) => new Date(time).getUTCHours() !== 16],
    ["half days", (time) => new Date(time).getUTCDate() !== 9 || new Date(time).getUTCHours() < 17],
    [
      "a session that moves with the clock of its country",
      (time) => {
        const hour = new Date(time).getUTCHours();
        return time < Date.UTC(2021, 2, 14) ? hour > 14 : hour < 20;
      },
    ],
    ["minutes without a trade here and there", (time) => (Math.sin(time / 3_600_000) * 1e4) % 1 < 0.85],
  ])("%s is no hole", (_name, open) => {
    const rows = rowsOf(CALENDARS["stock 1h"]("2021-02-01", "2021-05-30").filter(open));
    expect(kinds(rows, "1h")).toEqual({});
  });

  test("bars of weekends where the market is closed on them", () => {
    const extra = rowsOf(CALENDARS["crypto 1d"]("2015-01-01", "2018-12-31")).filter(([time]) => {
      return (
        new Date(time).getUTCDay() % 6 !== 0 ||
        ["2016-03-05", "2016-03-06"].includes(new Date(time).toISOString().slice(0, 10))
      );
    });
    expect(kinds(extra)).toEqual({ closed_day: 1 });
    expect(barHealth(series(extra, "1d")).defects.map(({ kind, detail }) => [kind, detail])).toEqual([
      ["closed_day", "Sunday"],
      ["closed_day", "Saturday"],
    ]);
  });

  test("a price that stands still for months, and one that does so for a week", () => {
    const stale = (from: number, to: number): Row[] =>
      YEARS.map((row, i) => {
        const price = YEARS[from]?.[4] ?? 0;
        return i > from && i <= to ? [row[0], price, price, price, price, 0] : row;
      });
    const [defect] = barHealth(series(stale(300, 380), "1d")).defects;
    expect([defect?.kind, defect?.at.length, defect?.detail]).toEqual([
      "stale",
      80,
      `80 bars from ${new Date(YEARS[301]?.[0] ?? 0).toISOString().slice(0, 10)}`,
    ]);
    expect(kinds(stale(300, 305))).toEqual({});
  });

  test("a day missing where no market closes", () => {
    const rows = rowsOf(CALENDARS["crypto 1h"]("2021-03-01", "2021-04-30"));
    expect(kinds([...rows.slice(0, 240), ...rows.slice(240 + 24)], "1h")).toEqual({ hole: 1 });
  });

  test("months missing of monthly bars", () => {
    const rows = rowsOf(CALENDARS["stock 1M"]("2010-01-01", "2018-12-31"));
    expect(kinds([...rows.slice(0, 40), ...rows.slice(44)], "1M")).toEqual({ hole: 1 });
  });
});

test("defects at random rows are counted, and the first of each kind is placed", () => {
  const spoil: Record<string, (row: Row) => Row> = {
    empty: ([time]) => [time, NaN, NaN, NaN, NaN, NaN],
    zero: ([time]) => [time, 0, 0, 0, 0, 0],
    negative: ([time, o, h, , , v]) => [time, o, h, -2, -1, v],
    impossible: ([time, o, h, l, , v]) => [time, o, h, l, h * 1.001, v],
    no_volume: ([time, o, h, l, c]) => [time, o, h, l, c, NaN],
  };
  const place = fc.integer({ min: 0, max: YEARS.length - 1 });
  const kind = fc.constantFrom(...Object.keys(spoil));
  fc.assert(
    fc.property(fc.dictionary(place.map(String), kind, { maxKeys: 40 }), (planted) => {
      const rows = YEARS.map((row, index) =>
        planted[index] === undefined ? row : (spoil[planted[index]]?.(row) ?? row),
      );
      const { defects } = barHealth(series(rows, "1d"));
      for (const name of Object.keys(spoil)) {
        const wanted = YEARS.filter((_row, index) => planted[index] === name).map(([time]) => time);
        expect(Array.from(defects.find((defect) => defect.kind === name)?.at ?? []), name).toEqual(wanted);
      }
      expect(defects.filter((defect) => !(defect.kind in spoil))).toEqual([]);
    }),
  );
});

describe("a window", () => {
  const rows = YEARS.map((row, index) => (index === 100 || index === 900 ? ([row[0], 0, 0, 0, 0, 0] as Row) : row));
  const report = barHealth(series([...rows.slice(0, 300), ...rows.slice(400)], "1d"));
  const time = (index: number) => YEARS[index]?.[0] ?? 0;

  test("is judged by its own bars alone", () => {
    expect(within(report, time(0), time(250)).defects.map(({ kind, at }) => [kind, at.length])).toEqual([["zero", 1]]);
    expect(within(report, time(150), time(250)).defects).toEqual([]);
    expect(within(report, time(350), time(1000)).defects.map(({ kind }) => kind)).toEqual(["zero", "hole"]);
  });

  test("has findings that name the first bar", () => {
    const [zero, hole] = barFindings("X 1d", report);
    expect(zero).toMatchObject({ severity: "error", code: "bars_zero", what: "2 bars have a price of 0." });
    expect(zero?.where).toBe(`X 1d, ${new Date(time(100)).toISOString().slice(0, 10)}`);
    expect(hole).toMatchObject({ severity: "warning", what: expect.stringMatching(/^A hole: about (9\d|10\d) bars/) });
    expect(placeOf({ kind: "zero", at: [time(100)], line: 102 })).toMatch(/line 102$/);
  });
});

import { hash } from "node:crypto";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { barAt, barsFrom, parseTime, sliceBars, type Bars } from "../../../sandbox/engine/bars.ts";
import { barsPath, formatBarsCsv, parseBarsCsv, readBars } from "../../../sandbox/engine/price-file.ts";
import { SEED_SERIES, seedDataFolder } from "../../../sandbox/engine/market-data.ts";
import { temporaryFolder } from "./support.ts";

test("the S&P 500 file is byte for byte the one of the recordings", async () => {
  await using folder = await temporaryFolder();
  await seedDataFolder(folder.path);
  const content = await readFile(join(folder.path, "SPX_1d.csv"));
  expect(content.byteLength).toBe(332_476);
  expect(hash("sha256", content)).toBe("0d1fa79a14bdc5ae620448ac9c5b008ecbbd9a078a6f77ac811318cba2b92cc9");
});

test("seeding again, or twice at once, changes nothing and leaves no drafts", async () => {
  await using folder = await temporaryFolder();
  await Promise.all([seedDataFolder(folder.path), seedDataFolder(folder.path)]);
  const files = (await readdir(folder.path)).toSorted();
  expect(files).toEqual(SEED_SERIES.map((series) => `${series.symbol}_${series.timeframe}.csv`).toSorted());
  const before = await stat(join(folder.path, "SPX_1d.csv"));
  expect(await seedDataFolder(folder.path)).toEqual([]);
  expect((await stat(join(folder.path, "SPX_1d.csv"))).ino).toBe(before.ino);
});

test("synthetic series are repeatable and every candle is possible", async () => {
  await using first = await temporaryFolder();
  await using second = await temporaryFolder();
  await seedDataFolder(first.path);
  await seedDataFolder(second.path);
  for (const { symbol, timeframe } of SEED_SERIES) {
    expect(symbol).not.toContain("_");
    const file = `${symbol}_${timeframe}.csv`;
    expect(await readFile(join(first.path, file), "utf8")).toBe(await readFile(join(second.path, file), "utf8"));
    const bars = await readBars(first.path, symbol, timeframe);
    for (let i = 0; i < bars.length; i++) {
      const bar = barAt(bars, i);
      expect(bar.low <= Math.min(bar.open, bar.close) && bar.high >= Math.max(bar.open, bar.close)).toBe(true);
    }
  }
  expect((await readBars(first.path, "SYNHOURLY", "1h")).length).toBe(15_456);
});

test("bars survive being written and read", () => {
  const price = fc.double({ min: 0.0001, max: 1e6, noNaN: true });
  const bar = fc.record({
    time: fc.integer({ min: 0, max: 2_000_000_000 }).map((seconds) => seconds * 1000),
    open: price,
    high: price,
    low: price,
    close: price,
    volume: fc.nat(),
  });
  fc.assert(
    fc.property(fc.array(bar, { minLength: 1 }), (rows) => {
      expect(parseBarsCsv(formatBarsCsv(barsFrom(rows)))).toEqual(barsFrom(rows));
    }),
  );
});

test("the reader fills missing columns as the real one does", () => {
  const read = (text: string): Bars => parseBarsCsv(text) ?? barsFrom([]);
  const bars = read("Date,Close,extra\n2020-01-01 00:00:00,5.5,x\n2020-01-02 12:00:00,6,y\n");
  expect(barAt(bars, 0)).toEqual({ time: Date.UTC(2020, 0, 1), open: 5.5, high: 5.5, low: 5.5, close: 5.5, volume: 0 });
  expect(bars.time[1]).toBe(Date.UTC(2020, 0, 2, 12));
  expect(read("t,open,high,low,close,volume\n2020-01-01,1,1,1,1,-1\n").volume[0]).toBe(0);
});

test("a window includes both of its ends, a bare end date ends at midnight", () => {
  const rows = Array.from({ length: 5 }, (_, i) => ({
    time: Date.UTC(2020, 0, 1, i * 12),
    open: 1,
    high: 1,
    low: 1,
    close: i,
    volume: 0,
  }));
  const window = sliceBars(barsFrom(rows), parseTime("2020-01-01T12:00"), parseTime("2020-01-02"));
  expect(Array.from(window.close)).toEqual([1, 2]);
  expect(sliceBars(barsFrom(rows), parseTime("2020-01-03"), parseTime("2020-01-01")).length).toBe(0);
});

test("no file is the real backend's text, and a name never leaves the folder", async () => {
  await using folder = await temporaryFolder();
  await expect(readBars(folder.path, "NOPE", "1d")).rejects.toThrow("No data found in cache for NOPE 1d");
  for (const symbol of ["../secret", "a/b", "..", "A_B", ""]) {
    expect(() => barsPath(folder.path, symbol, "1d")).toThrow("No data found");
  }
  expect(() => parseTime("yesterday")).toThrow("Invalid date");
});

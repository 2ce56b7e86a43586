import { afterAll, beforeAll, expect, test } from "vitest";
import { startStack, type Stack } from "../support/mcp-stack.ts";

let stack: Stack;
beforeAll(async () => {
  stack = await startStack({ ktrdr: true });
});
afterAll(async () => {
  await stack.stop();
});

const SPX = { symbol: "SPX", timeframe: "1d" };
const YEAR = { start_date: "2010-01-04", end_date: "2011-01-01" };

interface Row {
  readonly indicator: string;
  readonly values: number;
  readonly min: number;
  readonly q10: number;
  readonly q25: number;
  readonly median: number;
  readonly q75: number;
  readonly q90: number;
  readonly max: number;
  readonly latest?: readonly number[];
}
const rowsOf = (answer: Record<string, unknown>) => answer["values"] as Row[];

test("spreads the values of every output in ascending order", async () => {
  const answer = await stack.ask("calculate_indicators", {
    ...SPX,
    ...YEAR,
    indicators: [{ type: "RSI", params: { period: 5 } }, { type: "macd" }],
  });
  const rows = rowsOf(answer);
  expect(rows.map((row) => row.indicator)).toEqual([
    "rsi(period=5)",
    "macd().line",
    "macd().signal",
    "macd().histogram",
  ]);
  for (const { min, q10, q25, median, q75, q90, max } of rows) {
    const spread = [min, q10, q25, median, q75, q90, max];
    expect(spread).toEqual(spread.toSorted((a, b) => a - b));
    expect(max).toBeGreaterThan(min);
  }
  expect(rows[0]?.min).toBeGreaterThanOrEqual(0);
  expect(rows[0]?.max).toBeLessThanOrEqual(100);
  expect(answer).toMatchObject({
    bars: 252,
    from: expect.stringMatching(/^2010-01-04/),
    to: expect.stringMatching(/^2010-12-31/),
  });
  expect(JSON.stringify(answer).length / 4).toBeLessThan(600);
});

test("leaves warm-up bars out", async () => {
  const answer = await stack.ask("calculate_indicators", {
    ...SPX,
    ...YEAR,
    indicators: [{ type: "rsi", params: { period: 50 } }],
  });
  expect(rowsOf(answer)[0]?.values).toBe(252 - 50);
});

test("shows as many latest values as wanted, with their dates", async () => {
  const wanted = { ...SPX, ...YEAR, indicators: [{ type: "rsi" }] };
  const five = await stack.ask("calculate_indicators", { ...wanted, latest: 5 });
  expect(rowsOf(five)[0]?.latest).toHaveLength(5);
  expect((five["latest_times"] as string[]).at(-1)).toBe("2010-12-31");
  const none = await stack.ask("calculate_indicators", { ...wanted, latest: 0 });
  expect(rowsOf(none)[0]).not.toHaveProperty("latest");
});

test("takes the newest bars when no dates are given", async () => {
  const answer = await stack.ask("calculate_indicators", { ...SPX, indicators: [{ type: "atr" }] });
  expect(answer["to"]).toMatch(/^2020-04-17/);
  expect(answer["bars"]).toBeGreaterThan(4_500);
});

test.each([
  [{ type: "rsi", params: { perod: 5 } }, /cannot take "perod".*Valid: period: whole number 2\.\.100/],
  [{ type: "rsi", params: { period: 1 } }, /too small.*Valid: period/],
  [{ type: "rsi", params: { period: 5.5 } }, /whole number/],
  [{ type: "psar" }, /parabolicsar comes nearest/],
])("refuses %j, which KTRDR would compute or garble", async (indicator, expected) => {
  const text = await stack.refused("calculate_indicators", { ...SPX, ...YEAR, indicators: [indicator] });
  expect(text).toMatch(/^\[invalid_input -32602\] indicators\.0/);
  expect(text).toMatch(expected);
});

test.each([
  [{ ...SPX, start_date: "1990-01-01", end_date: "1991-01-01" }, /^\[data_not_found/],
  [{ symbol: "NOPE", timeframe: "1d" }, /^\[data_not_found/],
  [{ ...SPX, start_date: "2010-01-01" }, /^\[invalid_input.*go together/],
  [{ ...SPX, start_date: "2011-01-01", end_date: "2010-01-01" }, /^\[invalid_input.*earlier first/],
])("%j: says what is missing", async (market, expected) => {
  expect(await stack.refused("calculate_indicators", { ...market, indicators: [{ type: "rsi" }] })).toMatch(expected);
});

test("a value that is not there is no figure: KTRDR writes 0 for it", async () => {
  const indicators = [{ type: "zigzag" }, { type: "parabolicsar" }, { type: "rsi" }, { type: "supertrend" }];
  const answer = await stack.ask("calculate_indicators", { ...SPX, ...YEAR, indicators });
  const rows = answer["values"] as Record<string, unknown>[];
  const [turns] = rows;
  expect(turns?.["undefined"]).toBeGreaterThan(100);
  expect(turns).toMatchObject({ note: expect.stringContaining("repaints") });
  const of = (name: string) => rows.filter(({ indicator }) => String(indicator).startsWith(name));
  // KTRDR never has a number for the output `trend`.
  expect(of("supertrend().trend")[0]?.["min"]).toBeUndefined();
  for (const row of ["zigzag", "parabolicsar", "rsi"].flatMap(of)) {
    expect(row["min"], JSON.stringify(row)).toBeGreaterThan(0);
    expect(row["q10"], JSON.stringify(row)).toBeGreaterThan(0);
  }
});

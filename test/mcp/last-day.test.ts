import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { EXAMPLE_STRATEGY } from "../../src/domain/strategy/guide-example.ts";
import { startStack, type Stack } from "../support/mcp-stack.ts";
import { CALENDARS, putFile, rowsAt, textOf } from "../support/price-file.ts";

const MARCH = { start_date: "2021-03-01", end_date: "2021-03-31" };
const ONE_DAY = { start_date: "2021-03-10", end_date: "2021-03-10" };

describe.each([
  ["of KTRDR's answers", false],
  ["of the files themselves", true],
])("the last day of a window is a day, out %s", (_name, mounted) => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startStack({ ktrdr: true, mounted });
    const write = async (name: string, calendar: keyof typeof CALENDARS, shift = 0) => {
      const at = CALENDARS[calendar]("2021-01-01", "2021-06-30").map((time) => time + shift);
      await putFile(stack.dataDir, name, textOf(rowsAt(at)));
    };
    await write("COIN_1h.csv", "crypto 1h");
    await write("COIN_5m.csv", "crypto 1h");
    await write("EVENING_1d.csv", "stock 1d", 21 * 3_600_000);
  });
  afterAll(() => stack.stop());

  const checkedOn = async (symbol: string, timeframe: string, window: object) => {
    const yaml = EXAMPLE_STRATEGY.replace("symbol: SPX", `symbol: ${symbol}`).replace(
      "timeframe: 1d",
      `timeframe: ${timeframe}`,
    );
    return (await stack.ask("validate_strategy", { yaml, ...window }))["checked_on"];
  };

  test("for intraday bars and for daily bars that are stamped with the close", async () => {
    expect(await checkedOn("COIN", "1h", MARCH)).toContain("COIN 1h, 744 bars 2021-03-01 to 2021-03-31");
    expect(await checkedOn("COIN", "5m", MARCH)).toContain("744 bars");
    expect(await checkedOn("EVENING", "1d", MARCH)).toContain("EVENING 1d, 23 bars 2021-03-01 to 2021-03-31");
    expect(await checkedOn("SPX", "1d", { start_date: "2015-01-02", end_date: "2015-01-30" })).toContain("20 bars");
  });

  test("for one day alone", async () => {
    expect(await checkedOn("COIN", "1h", ONE_DAY)).toContain("24 bars 2021-03-10 to 2021-03-10");
    expect(await checkedOn("EVENING", "1d", ONE_DAY)).toContain("1 bars");
  });

  test("for indicators, with dates and without", async () => {
    const market = { symbol: "COIN", timeframe: "1h", indicators: [{ type: "rsi" }] };
    expect(await stack.ask("calculate_indicators", { ...market, ...MARCH })).toMatchObject({
      bars: 744,
      to: expect.stringContaining("2021-03-31T23:00"),
    });
    expect(await stack.ask("calculate_indicators", { ...market, ...ONE_DAY })).toMatchObject({ bars: 24 });
    expect((await stack.ask("calculate_indicators", market))["to"]).toContain("2021-06-30T23:00");
  });

  test("a window that ends before it begins is still refused", async () => {
    const answer = await stack.refused("validate_strategy", {
      strategy: stack.strategy,
      start_date: "2021-03-11",
      end_date: "2021-03-10",
    });
    expect(answer).toContain("the earlier first");
  });
});

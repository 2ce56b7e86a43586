/** We check the market that KTRDR trains on. The order of timeframes is that of the sandbox, which was measured. */
import { expect, test } from "vitest";
import { finest } from "../../../sandbox/engine/timeframes.ts";
import { TIMEFRAMES } from "../../../src/domain/market-data.ts";
import { firstMarket, strategyMarket } from "../../../src/domain/strategy/market.ts";

const of = (timeframes: object, symbols: object = { symbol: "SPX" }) =>
  strategyMarket({ training_data: { symbols, timeframes } });

test("a list wins over a single value, whatever the mode says", () => {
  const market = of(
    { mode: "single", timeframe: "1h", list: ["4h"], base_timeframe: "1h" },
    { mode: "single", symbol: "SPX", list: ["EURUSD", "GBPUSD"] },
  );
  expect(market).toEqual({ symbols: ["EURUSD", "GBPUSD"], timeframes: ["4h"], timeframe: "4h", slower: [] });
  expect(firstMarket(market)).toEqual({ symbol: "EURUSD", timeframe: "4h" });
});

test("labels are of the finest one, also of a list in another order and with another base", () => {
  const market = of({ mode: "multi_timeframe", list: ["4h", "1h", "1d"], base_timeframe: "4h" });
  expect(market).toMatchObject({ timeframe: "1h", slower: ["4h", "1d"] });
});

const pairs = TIMEFRAMES.flatMap((a) => TIMEFRAMES.filter((b) => b !== a).map((b) => [a, b] as const));
test.each(pairs)("of %s and %s it is the one that KTRDR learns on", (a, b) => {
  expect(of({ list: [a, b] }).timeframe).toBe(finest([a, b]));
});

test("a text without a usable market has none", () => {
  expect(firstMarket(strategyMarket({}))).toBeNull();
  expect(firstMarket(of({ timeframe: "3h" }))).toBeNull();
  expect(firstMarket(of({ timeframe: "1h" }, { symbol: "^GSPC" }))).toBeNull();
});

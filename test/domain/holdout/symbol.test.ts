import { describe, expect, test } from "vitest";
import { assertOpen, isHoldout, namesHoldout, strategyNamesHoldout } from "../../../src/domain/holdout/symbol.ts";
import { parseStrategy } from "../../../src/domain/strategy/parse.ts";

test.each([
  "SPX.HOLDOUT",
  "spx.holdout",
  " SPX.HoldOut ",
  "SPX .HOLDOUT",
  "SPX.HOLD\u200BOUT",
  "ＳＰＸ．ＨＯＬＤＯＵＴ",
  "SPX.HOLDOUT_1d",
  "../SPX.HOLDOUT_1d.csv",
  "SPX.HOLDOUT.HOLDOUT",
  "\tspx.holdout\n",
])("%j names a holdout", (symbol) => {
  expect(isHoldout(symbol)).toBe(true);
  expect(() => assertOpen("SPX", symbol)).toThrow("neither shown nor computed on");
});

test.each(["SPX", "HOLDOUT", "HOLDOUT.X", "SPX.HOLD", "BRK.B", "", "SPXHOLDOUT"])("%j does not", (symbol) => {
  expect(isHoldout(symbol)).toBe(false);
});

describe("plain data", () => {
  test.each([
    [{ symbol: "spx.holdout" }],
    [{ symbols: ["SPX", "SPX.HOLDOUT"] }],
    [{ strategies: [{ strategy: "a", symbol: "SPX.HOLDOUT" }] }],
    [{ row: { request: { models: [{ symbol: "SPX.HOLDOUT" }] } } }],
  ])("%j names one", (value) => expect(namesHoldout(value)).toBe(true));

  test("a text that speaks of one does not ask for it", () => {
    expect(namesHoldout({ reason: "look at SPX.HOLDOUT later", symbol: "SPX" })).toBe(false);
    expect(namesHoldout(undefined)).toBe(false);
  });
});

describe("strategies", () => {
  const named = (text: string) => {
    const parsed = parseStrategy(text);
    if (!parsed.ok) throw new Error("unreadable");
    return strategyNamesHoldout(parsed.text.value);
  };

  test.each([
    "training_data: {symbols: {mode: single, symbol: SPX.HOLDOUT}}",
    "training_data: {symbols: {mode: multi_symbol, list: [SPX, spx.holdout]}}",
    'training_data: {symbols: {symbol: "SPX\\x2EHOLDOUT"}}',
    "context_data: [{provider: ib, symbol: SPX.HOLDOUT, timeframe: 1d}]",
    "indicators: {a: {type: rsi, data_source: SPX.HOLDOUT}}",
  ])("%s", (text) => expect(named(text)).toBe(true));

  test("may speak of one in their description", () => {
    expect(named("description: never trained on SPX.HOLDOUT\nname: x")).toBe(false);
  });
});

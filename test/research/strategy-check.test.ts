import { describe, expect, test } from "vitest";
import { EXAMPLE_NAME, EXAMPLE_STRATEGY } from "../../src/domain/strategy/guide-example.ts";
import { strategySubject } from "../../src/research/strategies/strategy-check.ts";
import { createStrategyTexts } from "../../src/research/strategies/strategy-texts.ts";
import type { Bars } from "../../src/ktrdr/data.ts";

const deps = { texts: createStrategyTexts() };
const file = { name: EXAMPLE_NAME, text: EXAMPLE_STRATEGY, sha256: "the same" };

/** Bars (400 unless told) whose close is what `closeOf` says. */
function barsOf(closeOf: (index: number) => number, count = 400): Bars {
  const closes = Array.from({ length: count }, (_, index) => closeOf(index));
  return {
    times: closes.map((_, index) => new Date(Date.UTC(2000, 0, 3) + index * 86_400_000).toISOString()),
    ohlcv: closes.map((close) => [close, close + 1, close - 1, close, 1_000] as const),
  };
}

const SWINGS = (index: number) => 100 + 20 * Math.sin(index / 5);
const window = { startDate: "2000-01-03", endDate: "2001-02-05" };
const codesOn = (bars: Bars) => strategySubject(deps, file, { window, bars }).findings.map(({ code }) => code);

describe("label classes", () => {
  test("are counted on the bars that are given, also where only those in the middle differ", () => {
    const swinging = codesOn(barsOf(SWINGS));
    const flat = codesOn(barsOf((index) => (index > 5 && index < 395 ? 100 : SWINGS(index))));
    expect(swinging.filter((code) => code.startsWith("label_"))).toEqual([]);
    expect(flat.filter((code) => code.startsWith("label_"))).not.toEqual([]);
    expect(codesOn(barsOf(SWINGS))).toEqual(swinging);
  });

  test("are counted once for the same bars", () => {
    const bars = barsOf(SWINGS);
    const { findings } = strategySubject(deps, file, { window, bars });
    expect(strategySubject(deps, file, { window, bars }).findings).toBe(findings);
  });
});

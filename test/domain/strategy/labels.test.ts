import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { barAt } from "../../../sandbox/engine/bars.ts";
import { seedDataFolder } from "../../../sandbox/engine/market-data.ts";
import { readBars } from "../../../sandbox/engine/price-file.ts";
import type { Bar } from "../../../src/domain/market-data.ts";
import { labelDistribution, type LabelSettings } from "../../../src/domain/strategy/label-distribution.ts";
import {
  contextLabels,
  countLabels,
  LABEL_CLASSES,
  regimeLabels,
  tripleBarrierLabels,
  zigzagLabels,
  zigzagPivots,
} from "../../../src/domain/strategy/labels.ts";
import { LABEL_SCHEMAS } from "../../../src/domain/strategy/schema.ts";

/** A case of test/fixtures/ktrdr-real/labels.json. */
interface RealLabels {
  readonly bars: { readonly symbol: string; readonly timeframe: string; readonly from: number; readonly count: number };
  readonly labels: { readonly source: LabelSettings["source"] } & Readonly<Record<string, unknown>>;
  readonly trained_on?: string;
}

const bar = (close: number, high = close, low = close): Bar => ({ high, low, close });

describe("zigzag", () => {
  it("turns where price has come back by the threshold", () => {
    const closes = [100, 105, 112, 108, 100, 95, 99, 110];
    expect(zigzagPivots(closes, 0.1)).toEqual([0, 2, 5, 7]);
    expect([...zigzagLabels(closes, 0.1)]).toEqual([1, 0, 1, 2, 2, 1, 0, 1]);
  });

  it("is all HOLD when no swing reaches the threshold", () => {
    expect([...zigzagLabels([100, 101, 99, 100], 0.05)]).toEqual([1, 1, 1, 1]);
    expect(zigzagPivots([], 0.05)).toEqual([]);
  });

  it("pivots alternate between highs and lows and are a threshold apart", () => {
    const walk = fc.array(fc.double({ min: -0.2, max: 0.2, noNaN: true }), { minLength: 2, maxLength: 200 });
    fc.assert(
      fc.property(walk, (steps) => {
        const closes = steps.reduce<number[]>((path, step) => [...path, (path.at(-1) ?? 100) * (1 + step)], [100]);
        const pivots = zigzagPivots(closes, 0.1).map((index) => closes[index]!);
        for (const [index, value] of pivots.entries()) {
          const [before, after] = [pivots[index - 1], pivots[index + 1]];
          if (before !== undefined && after !== undefined)
            expect(Math.sign(value - before)).toBe(-Math.sign(after - value));
          if (before !== undefined) expect(Math.abs(value / before - 1)).toBeGreaterThanOrEqual(0.1 - 1e-9);
        }
      }),
    );
  });
});

describe("triple barrier", () => {
  const settings = { ptMultiplier: 1, slMultiplier: 1, maxHoldingPeriod: 3, volSpan: 3 };

  it("takes the barrier that is met first", () => {
    const quiet = [bar(100, 105, 95), bar(100, 105, 95)];
    const up = [...quiet, bar(104, 120, 99), bar(80, 104, 70), bar(80)];
    const down = [...quiet, bar(96, 101, 70), bar(120, 130, 96), bar(120)];
    expect(tripleBarrierLabels(up, settings)[1]).toBe(0);
    expect(tripleBarrierLabels(down, settings)[1]).toBe(2);
  });

  it("is HOLD when nothing is met, and leaves the end without a label", () => {
    const flat = Array.from({ length: 8 }, () => bar(100, 101, 99));
    expect([...tripleBarrierLabels(flat, { ...settings, ptMultiplier: 2, slMultiplier: 2 })]).toEqual([
      1, 1, 1, 1, 1, -1, -1, -1,
    ]);
  });
});

it("context compares the return over the horizon with its thresholds", () => {
  expect([...contextLabels([100, 101, 99, 99], 1, 0.005, -0.005)]).toEqual([0, 1, 2, -1]);
});

describe("the real KTRDR's labels, bar by bar", async () => {
  const folder = await mkdtemp(join(tmpdir(), "labels-"));
  await seedDataFolder(folder);
  afterAll(() => rm(folder, { recursive: true, force: true }));
  const cases = JSON.parse(
    await readFile(new URL("../../fixtures/ktrdr-real/labels.json", import.meta.url), "utf8"),
  ) as RealLabels[];

  it.each(cases)("$labels on $bars.symbol", async ({ bars: named, labels: given, trained_on: trainedOn }) => {
    const { source, ...section } = given;
    if (source === "forward_return" || trainedOn === undefined) return;
    const series = await readBars(folder, named.symbol, named.timeframe);
    const bars = Array.from({ length: named.count }, (_, index) => barAt(series, named.from + index));
    const settings = LABEL_SCHEMAS[source].safeParse(section);
    const labels = settings.success ? ({ source, settings: settings.data } as LabelSettings) : null;
    const distribution = labels && labelDistribution(labels, bars, { train: 0.7, validation: 0.15 });
    if (distribution === null) {
      // Our code does not reproduce two cases and says so: a volatility other than the range's, and event bars.
      expect(given["vol_method"] !== "atr" || given["cusum_threshold"] !== undefined).toBe(true);
      return;
    }
    const real = LABEL_CLASSES[source].map((_, index) => trainedOn.split(`${index}`).length - 1);
    expect(distribution.all.map((one) => one.bars)).toEqual(real);
    if (source === "regime") {
      const own = regimeLabels(bars, {
        volCrisisThreshold: Number(given["vol_crisis_threshold"]),
        volLookback: Number(given["vol_lookback"]),
      });
      expect([...own].filter((label) => label >= 0).join("")).toBe(trainedOn);
    }
  });
});

it("counts only labelled bars", () => {
  expect(countLabels(Int8Array.from([0, 0, 2, -1]), LABEL_CLASSES.zigzag)).toEqual([
    { label: "BUY", bars: 2, share: 2 / 3 },
    { label: "HOLD", bars: 0, share: 0 },
    { label: "SELL", bars: 1, share: 1 / 3 },
  ]);
});

import { describe, expect, test } from "vitest";
import { LOOKS_AHEAD } from "../../../src/domain/insistence.ts";
import { headline } from "../../../src/domain/kinds/index.ts";
import { measuredFacts } from "../../../src/domain/measured/facts.ts";
import { measured } from "../../../src/domain/results/measurement.ts";
import { barsOf, dayOf, measure, prefixOf, requestOf, wave, type Known } from "../../support/measured.ts";
import { near } from "../luck/near.ts";

/** The series of the vectors: six blocks of forty returns. */
const SERIES = Array.from({ length: 240 }, (_, at) =>
  Number((0.0004 + 0.01 * Math.sin(1.7 * (at + 1)) + 0.004 * Math.cos((at + 1) ** 1.1)).toFixed(6)),
);
const COUNTS = [40, 80, 120, 160, 200, 240];
const KNOWN: Known = { returns: SERIES, market: wave(240, 4), counts: COUNTS };

const sumOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0);
const grown = (values: readonly number[], part = 1) => values.reduce((level, value) => level * (1 + part * value), 1);

describe("a measured backtest", () => {
  test("has the exact sums and equity of each block, of the run and of holding", () => {
    const { differs, blocks, begins, exposure } = measure(KNOWN);
    expect(differs).toEqual([]);
    expect(begins).toBe(dayOf(50));
    expect(blocks.map(({ end, count }) => [end, count])).toEqual(COUNTS.map((count) => [dayOf(50 + count), 40]));
    const equity = [
      0.013731785532562713, 0.03032537126672974, 0.05480148950393793, 0.07238848590544511, 0.08365554703653344,
      0.09343869463575039,
    ];
    for (const [at, block] of blocks.entries()) {
      const [from, to] = [40 * at, 40 * at + 40];
      near(block.sum, sumOf(SERIES.slice(from, to)));
      near(block.squares, sumOf(SERIES.slice(from, to).map((value) => value ** 2)));
      near(block.equity - 1, equity[at] ?? 0);
      near(block.holding?.sum ?? 0, sumOf(KNOWN.market.slice(from, to)), 1e-8);
      near(block.holding?.level ?? 0, grown(KNOWN.market.slice(0, to)));
      near(block.holding?.scaled ?? 0, grown(KNOWN.market.slice(0, to), exposure ?? 0));
    }
  });

  test("has neither blocks nor any figure when the whole backtest comes out otherwise", () => {
    const other = measure(KNOWN, (whole) => ({ ...whole, raw: { ...whole.raw, total_return_pct: 0.1 } }));
    expect(other).toMatchObject({
      differs: [{ figure: "total_return_pct", recorded: prefixOf(SERIES, 240).totalReturn, measured: 0.1 }],
      because: "the model folder changed since",
      blocks: [],
      exposure: null,
      caveats: [],
    });
    expect(headline(other)).toMatch(/^NOT MEASURED, the model folder changed since: computed again, 1 figures/);
    for (const detail of ["brief", "standard", "full"] as const) {
      expect(Object.keys(measuredFacts(other, detail)).toSorted()).toEqual([
        "because",
        "differing_figures",
        "differs",
        "measures",
        "model_and_record_agree",
      ]);
    }
  });

  test("differs even in the last bit, and in its number of points", () => {
    const nudged = (value = 0) => value + Number.EPSILON * value;
    const bit = measure(KNOWN, (whole) => ({
      ...whole,
      raw: { ...whole.raw, volatility: nudged(whole.raw["volatility"]) },
    }));
    expect(bit.differs.map(({ figure }) => figure)).toEqual(["volatility"]);
    const points = measure(KNOWN, (whole) => ({ ...whole, equityPoints: 240 }));
    expect(points.differs).toEqual([{ figure: "equity_points", recorded: 241, measured: 240 }]);
  });

  test.each([
    ["the bars changed since", { data: { bars: 291, first: "2015", last: "2016", sha256: "b".repeat(64) } }],
    ["another version of KTRDR computed it", { engine: { name: "sandbox", version: "sandbox-9" } as const }],
  ])("says that %s, where that is known", (because, more) => {
    const recorded = {
      ...prefixOf(SERIES, 240),
      data: { bars: 291, first: "2015", last: "2016", sha256: "a".repeat(64) },
    };
    const again = { ...recorded, ...more, raw: { ...recorded.raw, volatility: 1 } };
    expect(measured(requestOf(KNOWN), recorded, [again], barsOf(KNOWN.market), recorded.engine).because).toBe(because);
  });

  test("that saw the future stays branded, whether model and record agree or not", () => {
    const brand = { code: LOOKS_AHEAD, text: "LOOKS AHEAD: …" };
    const recorded = { ...prefixOf(SERIES, 240), caveats: [brand, { code: "few_trades", text: "…" }] };
    for (const volatility of [recorded.raw["volatility"] ?? 0, 1]) {
      const again = { ...recorded, raw: { ...recorded.raw, volatility } };
      const result = measured(requestOf(KNOWN), recorded, [again], barsOf(KNOWN.market), recorded.engine);
      expect(result.caveats[0]).toEqual(brand);
      expect(result.caveats.map(({ code }) => code)).not.toContain("few_trades");
      expect(headline(result)).toMatch(/^LOOKS AHEAD, proves nothing: /);
    }
  });

  test("leaves out points that are missing, without a bar of their own, or before the first return", () => {
    const recorded = prefixOf(SERIES, 240);
    const none = { ...prefixOf(SERIES, 1), equityPoints: 1, endDate: dayOf(50) };
    const same = { ...prefixOf(SERIES, 80), endDate: dayOf(131) };
    const some = [none, prefixOf(SERIES, 80), same, recorded];
    const { blocks, caveats } = measured(requestOf(KNOWN), recorded, some, barsOf(KNOWN.market), recorded.engine);
    expect(blocks.map(({ end, count }) => [end, count])).toEqual([
      [dayOf(131), 80],
      [dayOf(290), 160],
    ]);
    expect(caveats.map(({ code }) => code)).toContain("points_missing");
    expect(() => measured(requestOf(KNOWN), recorded, [same], null, recorded.engine)).toThrow(/not computed again/);
  });

  test("has no holding without bars, with fewer bars than points, or beside bars that are unsound", () => {
    const recorded = prefixOf(SERIES, 240);
    const held = (bars: ReturnType<typeof barsOf> | null, run = recorded) =>
      measured(requestOf(KNOWN), run, [run], bars, run.engine);
    for (const one of [
      held(null),
      held(barsOf(KNOWN.market.slice(0, 200))),
      held(barsOf(KNOWN.market), { ...recorded, buyAndHold: null }),
    ]) {
      expect(one.blocks.map(({ holding }) => holding)).toEqual([null]);
      expect(one).toMatchObject({ exposure: null, begins: recorded.startDate });
      expect(one.caveats.map(({ code }) => code)).toContain("holding_unknown");
    }
  });
});

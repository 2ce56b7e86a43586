import { expect, test } from "vitest";
import { chanceOf, lookResult } from "../../../src/domain/holdout/look-result.ts";
import { backtestOf, ruleText } from "../../../src/domain/kinds/holdout.ts";
import { headline } from "../../../src/domain/kinds/index.ts";
import { near } from "../luck/near.ts";
import { LOOK, METRICS, summaryOf } from "../../support/looks.ts";

const engine = { name: "sandbox", version: "sandbox-1.0.0" } as const;
const STANDING = { look: 1, alpha: 0.05, passes: 0, open: 0 };
const resultOf = (sharpe: number, standing = STANDING) =>
  lookResult(
    LOOK,
    backtestOf(LOOK, "SPX.HOLDOUT"),
    { ...standing, sealed: { summary: summaryOf(LOOK, sharpe) } },
    engine,
  );

test("passes where luck explains at most the level, by 1 - PSR(0) on its bars", () => {
  // T 1208, daily: 1 - PSR(0) of an annual Sharpe of 1 is 1 - .985605594983.
  near(chanceOf({ raw: { sharpe_ratio: 1 }, sharpe: 1, equityPoints: 1_209 }), 1 - 0.985605594983);
  expect(resultOf(1)).toMatchObject({ passed: true, look: 1 });
  expect(resultOf(1, { ...STANDING, look: 2 })).toMatchObject({ passed: false });
  expect(resultOf(-3)).toMatchObject({ passed: false });
});

test("a strategy that did not trade passes nothing", () => {
  expect(resultOf(0)).toMatchObject({ passed: false });
  expect(chanceOf({ raw: {}, sharpe: 1, equityPoints: 2 })).toBe(1);
});

test("tells no figure of the holdout", () => {
  const result = resultOf(1.234567);
  expect(Object.keys(result).toSorted()).toEqual([
    "candidateJobId",
    "caveats",
    "engine",
    "kind",
    "level",
    "look",
    "passed",
    "strategy",
    "symbol",
    "timeframe",
  ]);
  expect(headline(result)).toBe("look 1 at the holdout of SPX: passed");
  expect(ruleText(result)).toContain("luck explains at most 3.04 %");
  expect(JSON.stringify(result)).not.toMatch(/1\.23/);
});

test("an answer that was not kept, or is another's, is no answer", () => {
  const asked = backtestOf(LOOK, "SPX.HOLDOUT");
  const failure = { code: "internal", what: "", why: null, next: null } as const;
  for (const sealed of [null, { failure }, { summary: { ...summaryOf(LOOK, 1), symbol: "SPX" } }]) {
    expect(() => lookResult(LOOK, asked, { ...STANDING, sealed }, engine)).toThrow("cannot be used");
  }
  expect(METRICS).toHaveProperty("sharpe_ratio");
});

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { levelWhile, lookLevel } from "../../../src/domain/holdout/spending.ts";
import { powerLines } from "../../../src/domain/holdout/holdout.ts";
import { powerOfLook } from "../../../src/domain/luck/luck.ts";
import { upperQuantile } from "../../../src/domain/luck/normal.ts";
import { near } from "../luck/near.ts";

describe("the level of a look", () => {
  test.each([
    [0.05, 1, 0, 0.0303963550927, 1.875000097],
    [0.05, 2, 0, 0.00759908877318, 2.42762192182],
    [0.05, 2, 1, 0.00759908877318, 2.42762192182],
    [0.05, 3, 1, 0.00168868639404, 2.93112460835],
    [0.05, 5, 2, 0.000202642367285, 3.53661843748],
    [0.1, 4, 0, 0.00379954438659, 2.66938236052],
  ])("alpha %d, look %d, %d passes: %d", (alpha, look, passes, level, z) => {
    near(lookLevel(alpha, look, passes), level);
    near(upperQuantile(lookLevel(alpha, look, passes)), z);
  });

  test("all looks together spend alpha, however many there are", () => {
    const spent = Array.from({ length: 10_000 }, (_, at) => lookLevel(0.05, at + 1, 0)).reduce((a, b) => a + b, 0);
    expect(spent).toBeLessThan(0.05);
    expect(spent).toBeGreaterThan(0.04999);
  });

  test("for each number of passes, all ways to reach it spend at most alpha together", () => {
    // Of look j there are C(j−1, p) transcripts with p passes before it; each may pass at its level.
    const ways = (n: number, k: number): number => (k === 0 || k === n ? 1 : ways(n - 1, k - 1) + ways(n - 1, k));
    for (const passes of [0, 1, 2, 3]) {
      let spent = 0;
      for (let look = passes + 1; look <= 18; look += 1)
        spent += ways(look - 1, passes) * lookLevel(0.05, look, passes);
      expect(spent).toBeLessThanOrEqual(0.05);
    }
  });

  test("while earlier looks are open, none of their answers can make it stricter afterwards", () => {
    const arguments_ = fc
      .tuple(fc.integer({ min: 1, max: 30 }), fc.nat(30), fc.nat(30))
      .filter(([j, p, o]) => p + o < j);
    fc.assert(
      fc.property(arguments_, ([look, passes, open]) => {
        const level = levelWhile(0.05, look, passes, open);
        for (let more = 0; more <= open; more += 1) {
          expect(level).toBeLessThanOrEqual(lookLevel(0.05, look, passes + more));
        }
      }),
    );
  });
});

describe("the power of a look", () => {
  test.each([
    [1, 1, 0.05, 0.259511022841],
    [1, 3, 0.05, 0.534742609818],
    [1, 5, 0.05, 0.722811595689],
    [1.5, 3, 0.05, 0.829761347061],
  ])("Sharpe %d over %d years at %d: %d", (sharpe, years, level, power) => {
    near(powerOfLook(sharpe, years, level), power);
  });

  test("is told for the first look, with a warning below five years", () => {
    near(powerOfLook(1, 5, 0.0304), 0.640995452549);
    expect(powerLines(5, 0.05).join()).toMatch(/72 %.*64 %/);
    expect(powerLines(5, 0.05).join()).not.toContain("WARNING");
    expect(powerLines(1, 0.05).join()).toMatch(/26 %.*WARNING: below 5 years/);
  });
});

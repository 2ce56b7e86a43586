import { describe, expect, test } from "vitest";
import { normalFrom, seededRandom } from "../../../sandbox/engine/random.ts";
import { isPlateau, plateauText, type BracketEnd } from "../../../src/domain/campaign/plateau.ts";
import { median, standardDeviation } from "../../../src/domain/statistics.ts";

const ends = (spread: number, ...best: number[]): BracketEnd[] => best.map((loss) => ({ best: loss, spread }));

describe("a plateau", () => {
  test.each<[string, BracketEnd[], boolean]>([
    ["nothing ended", [], false],
    ["two brackets have nothing before them", ends(1, 0.7, 0.7), false],
    ["the last two are worse", ends(0.01, 0.68, 0.7, 0.69), true],
    ["the gain is within the spread", ends(0.015, 0.7, 0.69, 0.71), true],
    ["one of the last two gained", ends(0.01, 0.7, 0.68, 0.71), false],
    ["both gained, the second more", ends(0.01, 0.7, 0.695, 0.68), false],
    ["the gain is older than the last two", ends(0.01, 0.9, 0.7, 0.7, 0.7), true],
    ["the best before is not the last before", ends(0.01, 0.6, 0.7, 0.65, 0.62), true],
    ["one wide bracket does not hide a gain", [...ends(0.01, 0.7, 0.69), { best: 0.66, spread: 5 }], false],
  ])("%s", (_name, brackets, is) => {
    expect(isPlateau(brackets)).toBe(is);
  });

  test("is told with its figures", () => {
    expect(plateauText([ends(0.015, 0.71, 0.7, 0.705)])).toBe(
      "More brackets bring nothing: the lowest validation loss was 0.7100, and the last 2 brackets lowered it by 0.01000, while draws of one point differ by 0.01500.",
    );
    expect(plateauText([ends(0.015, 0.7, 0.71, 0.705)])).toContain("the last 2 brackets did not lower it");
  });

  test("of several label settings is told for each of them", () => {
    expect(plateauText([ends(0.015, 0.71, 0.7, 0.705), ends(0.02, 0.5, 0.51, 0.52)])).toBe(
      "More brackets bring nothing in any of 2 label settings: (1) the lowest validation loss was 0.7100, and the last 2 brackets lowered it by 0.01000, while draws of one point differ by 0.01500; (2) the lowest validation loss was 0.5000, and the last 2 brackets did not lower it, while draws of one point differ by 0.02000.",
    );
  });
});

const MOST = 12;
const SEARCHES = 1_000;

/**
 * After how many brackets each search ends. Losses are in deviations of a draw. A bracket's best point is the lowest of
 * three medians of three draws, as on the last rung.
 * @param level of the points of a bracket, counted from 0
 * @param quality how much points of one bracket truly differ
 */
function lengths(level: (bracket: number) => number, quality = 0): number[] {
  const normal = normalFrom(seededRandom(7));
  const bracket = (at: number): BracketEnd => {
    const points = Array.from({ length: 3 }, () => {
      const own = level(at) + quality * normal();
      const draws = Array.from({ length: 3 }, () => own + normal());
      return { best: median(draws), spread: standardDeviation(draws) };
    });
    return points.reduce((best, point) => (point.best < best.best ? point : best));
  };
  return Array.from({ length: SEARCHES }, () => {
    const ended: BracketEnd[] = [];
    while (ended.length < MOST && !isPlateau(ended)) ended.push(bracket(ended.length));
    return ended.length;
  });
}

const upTo = (most: number, all: readonly number[]) => all.filter((length) => length <= most).length / all.length;

describe("a simulated search", () => {
  // Measured: 95, 85 and 76 % have ended after four brackets, all but 0, 1 and 2 % after six.
  test.each([
    ["points are all equal", 0, 0.85],
    ["points differ as much as draws", 1, 0.7],
    ["points differ twice as much", 2, 0.6],
  ])("that gains nothing ends within four brackets where %s", (_name, quality, least) => {
    const all = lengths(() => 0, quality);
    expect(upTo(4, all)).toBeGreaterThan(least);
    expect(upTo(6, all)).toBeGreaterThan(0.93);
  });

  // Measured up to the fifth bracket: 0, 1 and 20 %; up to the tenth 0, 2 and 38 %.
  test.each([
    [2, 0.01],
    [1.5, 0.05],
    [1, 0.25],
  ])("that gains %d deviations a bracket goes on", (gain, most) => {
    const all = lengths((bracket) => -gain * bracket);
    expect(upTo(5, all)).toBeLessThanOrEqual(most);
  });

  // Measured: half of them end after 6, 7 and 7 brackets, with 0.05, 0.40 and 1.08 of 8 deviations left to gain.
  test.each([
    [1, 0.3],
    [2, 1],
    [3, 2],
  ])("that gains less and less, by a time of %d brackets, ends when little is left", (time, most) => {
    const level = (bracket: number) => 8 * Math.exp(-bracket / time);
    const left = lengths(level).map((length) => level(length - 1));
    expect(median(left)).toBeLessThan(most);
  });
});

import { describe, expect, test } from "vitest";
import {
  bracketSize,
  ladderOf,
  survivors,
  trainingsOfBracket,
  type Ladder,
} from "../../../src/domain/campaign/rungs.ts";

const written = (ladder: Ladder) => ladder.map(({ epochs, draws }) => `${draws} x ${epochs}`).join(", ");

describe("the rungs of a campaign", () => {
  test.each([
    [81, 3, "1 x 9, 2 x 27, 3 x 81"],
    [100, 3, "1 x 11, 2 x 33, 3 x 100"],
    [50, 3, "1 x 6, 2 x 18, 3 x 50"],
    [9, 3, "1 x 1, 2 x 3, 3 x 9"],
    [8, 3, "1 x 3, 3 x 8"],
    [3, 3, "1 x 1, 3 x 3"],
    [2, 3, "3 x 2"],
    [1, 3, "3 x 1"],
    [81, 1, "1 x 9, 1 x 27, 1 x 81"],
    [81, 5, "1 x 9, 2 x 27, 5 x 81"],
  ])("of %i epochs and %i draws", (epochs, draws, ladder) => {
    expect(written(ladderOf({ epochs, draws }))).toBe(ladder);
  });

  test("always rise, and end with the epochs of the strategy", () => {
    for (let epochs = 1; epochs <= 2_000; epochs += 1) {
      const rungs = ladderOf({ epochs, draws: 3 }).map((rung) => rung.epochs);
      expect(rungs.at(-1)).toBe(epochs);
      expect(rungs).toEqual([...new Set(rungs)].toSorted((a, b) => a - b));
      expect(rungs.length).toBe(epochs < 3 ? 1 : epochs < 9 ? 2 : 3);
    }
  });
});

test.each([
  [27, 9],
  [10, 4],
  [9, 3],
  [3, 1],
  [2, 1],
  [1, 1],
])("of %i points %i go on", (points, left) => {
  expect(survivors(points)).toBe(left);
});

describe("the trainings of a bracket", () => {
  const ladder = ladderOf({ epochs: 81, draws: 3 });

  test.each([
    [0, 0],
    [1, 6],
    [2, 7],
    [4, 11],
    [9, 9 + 2 * 3 + 3],
    [27, 27 + 2 * 9 + 3 * 3],
  ])("of %i points are %i", (size, trainings) => {
    expect(trainingsOfBracket(size, ladder)).toBe(trainings);
  });

  test.each([
    [0, 0],
    [5, 0],
    [6, 1],
    [53, 26],
    [54, 27],
    [10_000, 27],
  ])("that %i pay begin with %i points", (left, size) => {
    expect(bracketSize(left, ladder)).toBe(size);
  });

  test("never cost more than is left, and one point more would", () => {
    for (const draws of [1, 3, 5]) {
      for (const epochs of [1, 5, 40]) {
        const rungs = ladderOf({ epochs, draws });
        for (let left = 0; left <= 200; left += 1) {
          const size = bracketSize(left, rungs, 1_000);
          expect(trainingsOfBracket(size, rungs)).toBeLessThanOrEqual(left);
          expect(trainingsOfBracket(size + 1, rungs)).toBeGreaterThan(left);
        }
      }
    }
  });
});

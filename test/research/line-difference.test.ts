import { expect, test } from "vitest";
import { lineDifference } from "../../src/research/strategies/line-difference.ts";

const lines = (count: number, word: string) => Array.from({ length: count }, (_, at) => `${word} ${at}\n`).join("");

test("says what went and what came, where, with the line beside it", () => {
  expect(lineDifference("a\nb\nc\nd\ne\n", "a\nb\nX\nd\ne\n")).toBe("at line 2:\n b\n-c\n+X\n d");
  const far = `${lines(10, "same")}old\n${lines(10, "more")}gone\n`;
  expect(lineDifference(far, far.replace("old", "new").replace("gone\n", ""))).toBe(
    "at line 10:\n same 9\n-old\n+new\n more 0\nat line 21:\n more 9\n-gone",
  );
});

test("is nothing for the same text", () => {
  expect(lineDifference("a\nb\n", "a\nb\n")).toBeNull();
});

test("a missing end of line is a difference, and says which", () => {
  expect(lineDifference("a\n", "a")).toBe("at line 1:\n-a\n+a\n\\ No newline at end of file");
});

test("is limited in lines and in their length, and never cuts a character in two", () => {
  const long = lineDifference("", `${"😀".repeat(150)}\n${lines(500, "new")}`) ?? "";
  expect(long.split("\n")).toHaveLength(81);
  expect(long).toMatch(/\.\.\. 422 more lines are not shown$/);
  expect(long.isWellFormed()).toBe(true);
  expect(Math.max(...long.split("\n").map((line) => line.length))).toBeLessThan(210);
});

test("gives up on texts that have hardly anything in common", () => {
  expect(lineDifference(lines(20_000, "old"), lines(20_000, "new"))).toBe(
    "More lines differ than can be shown: hardly anything stayed.",
  );
});

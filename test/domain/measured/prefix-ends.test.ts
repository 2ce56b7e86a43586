import { expect, test } from "vitest";
import { evenly, MOST_POINTS, prefixEnds } from "../../../src/domain/measured/prefix-ends.ts";

const window = (startDate: string, endDate: string) => ({ startDate, endDate });

test("the ends are the months' last days, and the window's own", () => {
  expect(prefixEnds(window("2019-10-01", "2020-03-31"), "2019-12-02", 60)).toEqual([
    "2019-12-31",
    "2020-01-31",
    "2020-02-29",
    "2020-03-31",
  ]);
  expect(prefixEnds(window("2019-10-01", "2020-03-05"), "2019-12-31", 60)).toEqual([
    "2019-12-31",
    "2020-01-31",
    "2020-02-29",
    "2020-03-05",
  ]);
});

test("five years of months fit without the warm-up", () => {
  const ends = prefixEnds(window("2015-01-02", "2019-12-31"), "2015-03-30", MOST_POINTS);
  expect(ends).toHaveLength(58);
  expect([ends[0], ends.at(-1)]).toEqual(["2015-03-31", "2019-12-31"]);
});

test("more months than points are thinned evenly, and keep the ends of years", () => {
  const ends = prefixEnds(window("2000-01-03", "2019-12-30"), "2000-03-28", 60);
  expect(ends).toHaveLength(60);
  expect(ends.slice(0, 4)).toEqual(["2000-04-30", "2000-08-31", "2000-12-31", "2001-04-30"]);
  expect(ends.slice(-3)).toEqual(["2019-04-30", "2019-08-31", "2019-12-30"]);
  expect(prefixEnds(window("2000-01-03", "2019-12-30"), "2000-03-28", 4)).toEqual([
    "2004-12-31",
    "2009-12-31",
    "2014-12-31",
    "2019-12-30",
  ]);
});

test.each([2, 3, 5, 7, 13, 24, 59, 60])("%d points are never exceeded, and ascend without a day twice", (points) => {
  for (const endDate of ["2000-06-15", "2001-01-31", "2007-12-31", "2019-12-30"]) {
    const ends = prefixEnds(window("2000-01-03", endDate), "2000-03-28", points);
    expect(ends.length).toBeLessThanOrEqual(points);
    expect(ends.length).toBeGreaterThanOrEqual(2);
    expect(ends).toEqual([...new Set(ends)].toSorted());
    expect(ends.at(-1)).toBe(endDate);
  }
});

test("a window without a month's end has only its own", () => {
  expect(prefixEnds(window("2020-01-03", "2020-03-20"), "2020-03-02", 60)).toEqual(["2020-03-20"]);
  expect(prefixEnds(window("2020-01-03", "2020-02-20"), "2020-03-30", 60)).toEqual(["2020-02-20"]);
});

test("values are taken at equal distances", () => {
  expect(evenly([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 3)).toEqual([3, 6, 8]);
  expect(evenly([1, 2], 3)).toEqual([1, 2]);
});

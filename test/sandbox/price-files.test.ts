import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { TestSandbox } from "./support/client.ts";

/**
 * Price files as people have them, and what the real KTRDR answers about each. Its loader and its API were asked with
 * these texts.
 */

let sandbox: TestSandbox;

beforeAll(async () => {
  sandbox = await TestSandbox.start({ backtestWorkers: 0, trainingWorkers: 0 });
});

afterAll(() => sandbox.stop());

const HEADER = "timestamp,open,high,low,close,volume";
const ROWS = ["04", "05", "06", "07"].map((day, i) => `2010-01-${day}T00:00:00Z,10${i}.5,109,99,10${i},5`);
const file = (...rows: readonly string[]): string => `${[HEADER, ...rows].join("\n")}\n`;

/** `GET /data` and `POST /data/range` of a file with this text. */
async function ask(text: string, query = "") {
  writeFileSync(join(sandbox.sandbox.stateDir, "data", "CASE_1d.csv"), text);
  const get = await sandbox.get(`/data/CASE/1d${query}`);
  const range = await sandbox.call("POST", "/api/v1/data/range", { symbol: "CASE", timeframe: "1d" });
  const data = (get.body["data"] ?? {}) as { dates?: string[]; ohlcv?: number[][]; metadata?: Record<string, unknown> };
  const found = (range.body["data"] ?? {}) as Record<string, unknown>;
  return {
    get: get.status,
    error: ((get.body["error"] ?? {}) as { code?: string }).code,
    dates: data.dates?.map((date) => date.slice(0, 10)),
    ohlcv: data.ohlcv,
    ends: [data.metadata?.["start_date"], data.metadata?.["end_date"]].map((end) => String(end).slice(0, 10)),
    range: range.status,
    rangeEnds: [found["start_date"], found["end_date"]],
  };
}

describe("are read as they are", () => {
  test("newest first: in that order, with the ends of the range turned round", async () => {
    const answer = await ask(file(...ROWS.toReversed()));
    expect(answer.dates).toEqual(["2010-01-07", "2010-01-06", "2010-01-05", "2010-01-04"]);
    expect(answer.ends).toEqual(["2010-01-04", "2010-01-07"]);
    expect(answer.rangeEnds).toEqual(["2010-01-07T00:00:00Z", "2010-01-04T00:00:00Z"]);
    expect((await ask(file(...ROWS.toReversed()), "?start_date=2010-01-05&end_date=2010-01-06")).dates).toEqual([
      "2010-01-06",
      "2010-01-05",
    ]);
  });

  test("copies stay", async () => {
    expect((await ask(file(...ROWS, ...ROWS))).dates).toHaveLength(8);
  });

  test("zeros and negative prices stay, negative volume is 0", async () => {
    const answer = await ask(file("2010-01-04T00:00:00Z,0,0,0,0,0", "2010-01-05T00:00:00Z,-3,-1,-5,-2,-7"));
    expect(answer.ohlcv).toEqual([
      [0, 0, 0, 0, 0],
      [-3, -1, -5, -2, 0],
    ]);
  });

  test("a missing column is the first price there is, no price at all is 100", async () => {
    expect((await ask("timestamp,close\n2010-01-04T00:00:00Z,7.5\n")).ohlcv).toEqual([[7.5, 7.5, 7.5, 7.5, 0]]);
    expect((await ask("time,o,high,low,close,volume\n2010-01-04,6,9,5,8,1\n")).ohlcv).toEqual([[9, 9, 5, 8, 1]]);
    expect((await ask("timestamp,a,b\n2010-01-04T00:00:00Z,1,2\n")).ohlcv).toEqual([[100, 100, 100, 100, 0]]);
  });

  test.each([
    ["American dates", "01/04/2010", "2010-01-04", "2010-01-04T00:00:00"],
    ["bare dates", "2010-01-04", "2010-01-04", "2010-01-04T00:00:00"],
    ["offsets, turned into UTC", "2010-01-04T00:00:00+02:00", "2010-01-03", "2010-01-04T00:00:00+02:00"],
    ["a mark of byte order", "2010-01-04T00:00:00Z", "2010-01-04", "2010-01-04T00:00:00Z"],
  ])("%s", async (name, stamp, date, rangeEnd) => {
    const mark = name.startsWith("a mark") ? "\uFEFF" : "";
    const answer = await ask(`${mark}${file(`${stamp},1,1,1,1,1`)}`);
    expect([answer.dates, answer.rangeEnds[0]]).toEqual([[date], rangeEnd]);
  });

  test("milliseconds are taken for nanoseconds: bars of 1970, and no range", async () => {
    const answer = await ask(file("1262563200000,1,1,1,1,1", "1262649600000,1,1,1,1,1"));
    expect([answer.dates, answer.range]).toEqual([["1970-01-01", "1970-01-01"], 400]);
  });
});

describe("answer with an error for the whole window", () => {
  const bad = (cells: string): string => file(...ROWS, `2010-01-08T00:00:00Z,${cells}`);

  test.each([
    ["an empty row", ",,,,"],
    ["NaN", "NaN,NaN,NaN,NaN,5"],
    ["a missing volume", "1,1,1,1,"],
    ["an infinite price", "inf,inf,1,1,1"],
    ["a short row", "1,2"],
  ])("500 for %s, in the rows that are shown", async (_name, cells) => {
    expect(await ask(bad(cells))).toMatchObject({ get: 500, error: "INTERNAL_SERVER_ERROR", range: 200 });
    expect((await ask(bad(cells), "?end_date=2010-01-07")).get).toBe(200);
  });

  test.each([
    ["a high below the close", "1,1,1,2,5"],
    ["a low above the open", "1,3,2,3,5"],
  ])("400 for %s, with `limit` too", async (_name, cells) => {
    const text = file(`2010-01-03T00:00:00Z,${cells}`, ...ROWS);
    expect(await ask(text)).toMatchObject({ get: 400, error: "DATA-GetError", range: 200 });
    expect((await ask(text, "?limit=2")).get).toBe(400);
  });

  test.each(["yesterday", "2010-01-08", "08.01.2010"])("400 for a date of another shape: %s", async (stamp) => {
    const text = file(...ROWS, `${stamp},1,1,1,1,1`);
    expect(await ask(text)).toMatchObject({ get: 400, error: "DATA-GetError" });
    expect((await ask(text, "?start_date=2000-01-01")).dates).toHaveLength(4);
  });
});

test.each([
  ["commas for points", "timestamp;open;high\n2010-01-04T00:00:00Z;100,0;100,1\n"],
  ["a row with more cells than the header", file(...ROWS, "2010-01-08T00:00:00Z,1,1,1,1,1,7,8")],
  ["a header alone", `${HEADER}\n`],
  ["nothing at all", ""],
])("a file with %s is there and has no bars", async (_name, text) => {
  expect(await ask(text)).toMatchObject({ get: 200, dates: [], range: 400 });
});

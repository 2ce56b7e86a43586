import { execFileSync } from "node:child_process";
import { readFileSync, statSync, utimesSync, writeFileSync } from "node:fs";
import {
  appendFile,
  copyFile,
  link,
  mkdir,
  mkdtemp,
  readFile,
  rename,
  rm,
  symlink,
  truncate,
  utimes,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setImmediate } from "node:timers/promises";
import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { SEED_SERIES } from "../../sandbox/engine/market-data.ts";
import { startSandbox, type Sandbox } from "../../sandbox/launch.ts";
import { createCachedReads } from "../../src/ktrdr/cached-reads.ts";
import type { BarWindow } from "../../src/ktrdr/data.ts";
import { createKtrdr, type Ktrdr } from "../../src/ktrdr/ktrdr.ts";
import { createPriceFiles, type PriceFiles } from "../../src/ktrdr/price-files.ts";
import { clientOf, recorded, replaying } from "./support.ts";

interface Complaint {
  readonly file: string;
  readonly why: string;
}

let state: string;
let data: string;
let sandbox: Sandbox;
let api: Ktrdr;
let complaints: Complaint[];
let files: PriceFiles;

const TIMEFRAMES = {
  "1m": 60,
  "5m": 300,
  "15m": 900,
  "30m": 1_800,
  "2h": 7_200,
  "4h": 14_400,
  "1w": 604_800,
  "1M": 2_678_400,
};
/** Sets the file's time so far back that it counts as settled. */
const settle = async (file: string) => await utimes(file, new Date(), new Date(Date.now() - 60_000));
const log = { warn: (facts: Complaint) => void complaints.push(facts) };
const open = (dir = data) => createPriceFiles(dir, log as unknown as Parameters<typeof createPriceFiles>[1]);

beforeAll(async () => {
  state = await mkdtemp(path.join(tmpdir(), "ktrdr-mcp-prices-"));
  data = path.join(state, "data");
  sandbox = await startSandbox({ stateDir: state, trainingWorkers: 0, backtestWorkers: 0 });
  api = createKtrdr({ baseUrl: sandbox.url, requestTimeoutMs: 20_000 });
  // Every timeframe that KTRDR knows and the seed lacks. Each file has another length.
  for (const [timeframe, seconds] of Object.entries(TIMEFRAMES)) await write("SYN", timeframe, seconds);
  for (const { symbol, timeframe } of SEED_SERIES) await settle(path.join(data, `${symbol}_${timeframe}.csv`));
});

afterAll(async () => {
  api.close();
  await sandbox.stop();
  await rm(state, { recursive: true, force: true });
});

beforeEach(() => {
  complaints = [];
  files = open();
});

const line = (time: number, index: number) => {
  const price = 100 + (index % 97) / 8;
  return `${new Date(time).toISOString().slice(0, 19)}Z,${price},${price + 1.25},${price - 0.5},${price + 0.0625},${index}`;
};

async function write(
  symbol: string,
  timeframe: string,
  seconds: number,
  bars = 500 + (seconds % 1_300),
): Promise<string> {
  const file = path.join(data, `${symbol}_${timeframe}.csv`);
  const rows = Array.from({ length: bars }, (_, index) => line(Date.UTC(1990, 0, 1) + index * seconds * 1_000, index));
  await writeFile(file, `timestamp,open,high,low,close,volume\n${rows.join("\n")}\n`);
  await settle(file);
  return file;
}

const series = [
  ...SEED_SERIES.map(({ symbol, timeframe }) => [symbol, timeframe] as const),
  ...Object.keys(TIMEFRAMES).map((timeframe) => ["SYN", timeframe] as const),
];

describe.each(series)("%s %s", (symbol, timeframe) => {
  test("has the range that the API tells", async () => {
    expect(await files.range(symbol, timeframe)).toEqual(await api.data.range(symbol, timeframe));
    expect(complaints).toEqual([]);
  });

  test("has the bars that the API tells, whatever the window", async () => {
    const { startDate, endDate } = await api.data.range(symbol, timeframe);
    const [first, last] = [Date.parse(startDate), Date.parse(endDate)];
    const stamp = (time: number) => `${new Date(time).toISOString().slice(0, 19)}Z`;
    const all = await api.data.bars(symbol, timeframe, {});
    expect(await files.bars(symbol, timeframe, {})).toEqual(all);
    // A window ends on a bar, between two bars, on a day, or outside. A limit is below, at or above the number of bars.
    const moment = fc.oneof(
      fc.nat(all.times.length - 1).map((index) => all.times[index] ?? startDate),
      fc.integer({ min: first - 86_400_000, max: last + 86_400_000 }).map(stamp),
      fc.integer({ min: first, max: last }).map((time) => stamp(time).slice(0, 10)),
    );
    const limit = fc.oneof(
      fc.integer({ min: 1, max: 5 }),
      fc.integer({ min: 1, max: 2_000 }),
      fc.constantFrom(512, 1_024, 100_000),
    );
    const windows: fc.Arbitrary<BarWindow> = fc.record(
      { startDate: moment, endDate: moment, limit },
      { requiredKeys: [] },
    );
    let answered = 0;
    await fc.assert(
      fc.asyncProperty(windows, async (window) => {
        const ours = await files.bars(symbol.toLowerCase(), timeframe, window);
        if (ours === undefined) return;
        answered += 1;
        expect(ours).toEqual(await api.data.bars(symbol.toLowerCase(), timeframe, window));
      }),
      { numRuns: 40 },
    );
    // Some windows have no bars, and those that begin after their end are refused.
    expect(answered).toBeGreaterThan(5);
    expect(complaints).toEqual([]);
  });
});

test("what the real KTRDR said of the same series is what its file says", async () => {
  const range = clientOf(await replaying("range"));
  expect(await files.range("SPX", "1d")).toEqual(await range.data.range("SPX", "1d"));
  for (const [name, window] of [
    ["bars", { startDate: "2020-03-02", endDate: "2020-03-06" }],
    ["bars-limited", { limit: 2 }],
  ] as const) {
    const real = clientOf(await replaying(name));
    expect(recorded(name).request.path).toContain("1d");
    expect(await files.bars("SPX", "1d", window)).toEqual(await real.data.bars("SPX", "1d", window));
  }
});

test("a long window lets others have their turn while it is read", async () => {
  await write("LONG", "1m", 60, 60_000);
  let turns = 0;
  let over = false;
  const others = (async () => {
    for (; !over; turns += 1) await setImmediate();
  })();
  await files.range("LONG", "1m"); // the first call makes the index, which is not counted
  turns = 0;
  const bars = await files.bars("LONG", "1m", {});
  over = true;
  await others;
  expect(bars?.times).toHaveLength(60_000);
  expect(turns).toBeGreaterThan(10);
});

test("what is not plain is KTRDR's to answer", async () => {
  for (const window of [
    { limit: 0 },
    { limit: 100_001 },
    { limit: 1.5 },
    { startDate: "yesterday" },
    { startDate: "2020-02-31" },
    { startDate: "2020-01-01T00:00:00+01:00" },
    { startDate: "2020-01-02", endDate: "2020-01-01" },
    { startDate: "2031-01-01" },
    { endDate: "1970-01-01" },
    { startDate: "2020-03-07", endDate: "2020-03-08" },
  ]) {
    expect(await files.bars("SPX", "1d", window), JSON.stringify(window)).toBeUndefined();
  }
  expect(await files.range("spx", "1d")).toBeUndefined();
  expect(await files.range("NOPE", "1d")).toBeUndefined();
  expect(complaints).toEqual([]);
});

describe("a file that cannot be trusted", () => {
  const spoilt: [string, (text: string) => string][] = [
    ["cut in the middle of a line", (text) => text.slice(0, -9)],
    ["without its last line end", (text) => text.slice(0, -1)],
    ["empty", () => ""],
    ["with a header and nothing else", (text) => text.slice(0, text.indexOf("\n") + 1)],
    ["with another header", (text) => text.replace("volume", "size")],
    ["with a column too few", (text) => text.replace(",volume", "")],
    ["with an empty line", (text) => text.replace("\n", "\n\n")],
    ["with line ends of another system", (text) => text.replaceAll("\n", "\r\n")],
    ["with a time without zone", (text) => text.replaceAll("Z,", ",")],
    ["with a bar twice", (text) => text + text.slice(text.lastIndexOf("\n", text.length - 2) + 1)],
    ["with bars out of order", (text) => text.replace("1990-01-01T00:05:00Z", "1989-01-01T00:05:00Z")],
    [
      "with a hole of zeros, as after a crash",
      (text) => `${text.slice(0, 400)}${"\0".repeat(4_096)}${text.slice(4_496)}`,
    ],
    ["with a line that never ends", (text) => text.replace("\n", "x".repeat(2_000_000))],
  ];

  test.each(spoilt)("%s is left to KTRDR, and the log says so once", async (_how, spoil) => {
    const file = await write("BAD", "1m", 60);
    const text = await readFile(file, "utf8");
    await writeFile(file, spoil(text));
    await settle(file);
    for (let time = 0; time < 3; time += 1) {
      expect(await files.range("BAD", "1m")).toBeUndefined();
      expect(await files.bars("BAD", "1m", { limit: 5 })).toBeUndefined();
    }
    expect(complaints).toEqual([{ file: "BAD_1m.csv", why: expect.any(String) }]);
    await writeFile(file, text);
    await settle(file);
    expect(await files.range("BAD", "1m")).toMatchObject({ points: 560 });
  });

  test.each([
    ["a candle whose high is below its close", (row: string) => row.replace(/(Z,[^,]+,)[^,]+/, "$11")],
    ["no price", (row: string) => row.replace(/Z,[^,]+/, "Z,")],
    ["a word for a price", (row: string) => row.replace(/Z,[^,]+/, "Z,NaN")],
    ["a negative volume", (row: string) => row.replace(/,[^,]+$/, ",-1")],
    ["more digits than every reader rounds alike", (row: string) => row.replace(/Z,[^,]+/, "Z,101.12345678901234567")],
    ["a column too many", (row: string) => `${row},7`],
  ])("%s spoils the windows that hold it, and no other", async (_what, spoil) => {
    const file = await write("BAD", "5m", 300, 2_000);
    const rows = (await readFile(file, "utf8")).split("\n");
    rows[1_000] = spoil(rows[1_000] ?? "");
    await writeFile(file, rows.join("\n"));
    await settle(file);
    expect(await files.bars("BAD", "5m", {})).toBeUndefined();
    expect(complaints).toHaveLength(1);
    expect((await files.bars("BAD", "5m", { limit: 100 }))?.times).toHaveLength(100);
    expect(await files.range("BAD", "5m")).toMatchObject({ points: 2_000 });
  });

  test("changed a moment ago, or later than now, it is left to KTRDR until it has settled", async () => {
    const file = await write("HOT", "1m", 60);
    for (const age of [0, 1_900, -60_000]) {
      await utimes(file, new Date(), new Date(Date.now() - age));
      expect(await files.range("HOT", "1m"), `${age} ms ago`).toBeUndefined();
    }
    await settle(file);
    expect(await files.range("HOT", "1m")).toMatchObject({ points: 560 });
    expect(complaints).toEqual([]);
  });

  test("grown, replaced by another of the same length, or shortened, it is read anew", async () => {
    const file = await write("NEW", "1m", 60);
    const before = await files.range("NEW", "1m");
    const all = await files.bars("NEW", "1m", {});
    expect(await files.bars("NEW", "1m", {})).toBe(all);
    await appendFile(file, `${line(Date.UTC(1995, 0, 1), 7)}\n`);
    await settle(file);
    expect(await files.range("NEW", "1m")).toEqual({ ...before, endDate: "1995-01-01T00:00:00Z", points: 561 });
    const longer = await files.bars("NEW", "1m", {});
    expect(longer?.times).toEqual([...(all?.times ?? []), "1995-01-01T00:00:00Z"]);
    const twin = (await readFile(file, "utf8")).replace("1995-01-01", "1996-01-01");
    await writeFile(`${file}.new`, twin);
    await rename(`${file}.new`, file);
    await settle(file);
    expect(await files.range("NEW", "1m")).toMatchObject({ endDate: "1996-01-01T00:00:00Z", points: 561 });
    expect((await files.bars("NEW", "1m", { limit: 1 }))?.times).toEqual(["1996-01-01T00:00:00Z"]);
    expect(await files.bars("NEW", "1m", {})).toEqual({
      ...longer,
      times: [...(all?.times ?? []), "1996-01-01T00:00:00Z"],
    });
    await truncate(file, twin.length - 100);
    await settle(file);
    expect(await files.range("NEW", "1m")).toBeUndefined();
  });

  test("rewritten while it is read, in the same length and with its old time, it answers nothing", async () => {
    const file = await write("RACE", "1m", 60);
    const { mtime } = statSync(file);
    const rewritten = readFileSync(file, "utf8").replaceAll("Z,1", "Z,2");
    // The clock is read between the first look at the file and the reading of it. So the file is rewritten then.
    const rewriting = createPriceFiles(data, log as unknown as Parameters<typeof createPriceFiles>[1], () => {
      writeFileSync(file, rewritten);
      utimesSync(file, mtime, mtime);
      return Date.now();
    });
    expect(await rewriting.range("RACE", "1m")).toBeUndefined();
    expect(await rewriting.bars("RACE", "1m", { limit: 1 })).toBeUndefined();
    expect(await files.range("RACE", "1m")).toMatchObject({ points: 560 });
  });

  test("a link, a pipe or a folder of that name is not read; a name cannot lead out of the folder", async () => {
    const outside = path.join(state, "SECRET_1d.csv");
    await copyFile(path.join(data, "SPX_1d.csv"), outside);
    await settle(outside);
    await symlink(outside, path.join(data, "LINK_1d.csv"));
    execFileSync("mkfifo", [path.join(data, "PIPE_1d.csv")]);
    await mkdir(path.join(data, "DIR_1d.csv"));
    onTestFinished(async () => {
      for (const name of ["LINK", "PIPE", "DIR"]) await rm(path.join(data, `${name}_1d.csv`), { recursive: true });
    });
    await settle(path.join(data, "DIR_1d.csv"));
    for (const name of ["LINK", "PIPE", "DIR"]) {
      expect(await files.range(name, "1d"), name).toBeUndefined();
      expect(await files.bars(name, "1d", { limit: 1 }), name).toBeUndefined();
    }
    expect(complaints.map(({ file }) => file)).toEqual(["LINK_1d.csv", "PIPE_1d.csv", "DIR_1d.csv"]);
    complaints = [];
    for (const name of ["../SECRET", "..", ".", "A/../../SECRET", "A\\B", "A\0", "", "A_B", `${"A".repeat(21)}`]) {
      expect(await files.bars(name, "1d", { limit: 1 }), name).toBeUndefined();
      expect(await files.range("SPX", name), name).toBeUndefined();
    }
    expect(complaints).toEqual([]);
    // The same file is read when it lies in the folder.
    await link(outside, path.join(data, "INSIDE_1d.csv"));
    expect(await files.range("INSIDE", "1d")).toMatchObject({ points: 5_105 });
  });
});

test("tools read files where there are some, and KTRDR where there are none", async () => {
  const asked: string[] = [];
  const ktrdr = createKtrdr({
    baseUrl: sandbox.url,
    requestTimeoutMs: 20_000,
    onRequest: ({ path: at }) => asked.push(at),
  });
  onTestFinished(() => ktrdr.close());
  const reads = createCachedReads(ktrdr, { files });
  await reads.range("SPX", "1d");
  await reads.bars("SPX", "1d", { limit: 3 });
  expect(asked).toEqual([]);
  await expect(reads.range("NOPE", "1d")).rejects.toMatchObject({ code: "data_not_found" });
  expect((await reads.bars("NOPE", "1d", {})).times).toEqual([]);
  expect(asked).toHaveLength(2);

  const elsewhere = createCachedReads(ktrdr, { files: open(path.join(state, "nowhere")) });
  expect(await elsewhere.range("SPX", "1d")).toEqual(await reads.range("SPX", "1d"));
  expect(await elsewhere.bars("SPX", "1d", { limit: 3 })).toEqual(await reads.bars("SPX", "1d", { limit: 3 }));
  expect(asked).toHaveLength(4);
  expect(complaints).toEqual([]);
});

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { EXAMPLE_STRATEGY } from "../../src/domain/strategy/guide-example.ts";
import { startStack, type Stack } from "../support/mcp-stack.ts";
import { CALENDARS, putFile, rowsAt, textOf } from "../support/price-file.ts";

const ROWS = rowsAt(CALENDARS["stock 1d"]("2012-01-01", "2017-12-31"));
const change = (from: number, to: number, how: (cells: string[]) => string[]): string[] =>
  ROWS.map((row, index) => (index >= from && index < to ? how(row.split(",")).join(",") : row));
const day = (index: number) => String(ROWS[index]?.slice(0, 10));
const BAD = 500;

/** The text about the one bad bar, with KTRDR's complaint about it. */
const refused = (what: string) => new RegExp(`API refuses 1 bar \\(${day(BAD)}T00:00:00Z: ${what}`);
const NO_NUMBER = refused("a value is empty or no number");

/** Name, text, and what is found: from the file itself, and from KTRDR's answers alone. */
const KINDS: [name: string, text: string, seen: RegExp, answered?: RegExp][] = [
  ["DUPROWS", textOf(ROWS.flatMap((row, i) => (i >= BAD && i < 760 ? [row, row] : [row]))), /260 bars are there twice/],
  ["OVERLAP", textOf([...ROWS.slice(0, 600), ...ROWS.slice(BAD)]), /overlap.*repeats 100 bars/],
  ["NEWFIRST", textOf(ROWS.toReversed()), /newest bar first/],
  [
    "SHUFFLED",
    textOf([...ROWS.slice(0, BAD), ...ROWS.slice(BAD, BAD + 2).toReversed(), ...ROWS.slice(BAD + 2)]),
    /not in order: 1 bar comes/,
  ],
  ["ZEROROW", textOf(change(BAD, BAD + 10, ([time]) => [time ?? "", "0,0,0,0,0"])), /10 bars have a price of 0/],
  [
    "OIL",
    textOf(change(BAD, BAD + 1, ([time, o, h, , , v]) => [time, o, h, "-40.3", "-37.6", v] as string[])),
    /1 bar has a negative price/,
  ],
  ["EMPTYROW", textOf(change(BAD, BAD + 1, ([time]) => [time ?? "", ",,,,"])), /1 bar is empty/, NO_NUMBER],
  ["NANROW", textOf(change(BAD, BAD + 1, ([time]) => [time ?? "", "NaN,NaN,NaN,NaN,0"])), /1 bar is empty/, NO_NUMBER],
  [
    "HILO",
    textOf(change(BAD, BAD + 1, ([time]) => [time ?? "", "100,90,95,101,5"])),
    /1 bar is impossible/,
    refused("high.*; open, high, low, close and volume are 100.0, 90.0, 95.0, 101.0, 5.0\\)"),
  ],
  [
    "SPLIT",
    textOf(
      change(BAD, 9_999, ([time, ...cells]) => [
        time ?? "",
        ...cells.slice(0, 4).map((price) => (Number(price) / 4).toFixed(4)),
        cells[4] ?? "",
      ]),
    ),
    /jumps in 1 bar \(the first: -7\d %/,
  ],
  ["HOLE", textOf([...ROWS.slice(0, BAD), ...ROWS.slice(BAD + 500)]), /A hole: about (49\d|50\d) bars/],
  [
    "CLOSES",
    textOf(
      ROWS.map((row) => [row.split(",")[0], row.split(",")[4]].join(",")),
      "timestamp,close",
    ),
    /no column open, high, low/,
    /same in every bar/,
  ],
];

describe.each([
  ["as KTRDR answers", false],
  ["as the file is", true],
])("bad bars, %s", (_name, mounted) => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startStack({ temporal: true, ktrdr: true, mounted });
    for (const [name, text] of KINDS) await putFile(stack.dataDir, `${name}_1d.csv`, text);
    for (const name of ["^GSPC_1d", "EURUSD=X_1d", "ethusd_1d", "BTC_USDT_1d", "ABC_60min"]) {
      await putFile(stack.dataDir, `${name}.csv`, textOf(ROWS));
    }
    await putFile(stack.dataDir, "CLEAN_1d.csv", textOf(ROWS));
  });
  afterAll(() => stack.stop());

  const row = async (symbol: string): Promise<Record<string, unknown>> => {
    const { data } = await stack.ask("list_market_data", { symbol, timeframe: "1d" });
    return (data as Record<string, unknown>[])[0] ?? {};
  };
  const yamlOf = (symbol: string) => EXAMPLE_STRATEGY.replace("symbol: SPX", `symbol: ${symbol}`);

  test.each(KINDS)(
    "%s is named where it is listed, before it is validated and before it is trained",
    async (symbol, _text, seen, answered = seen) => {
      const told = mounted ? seen : answered;
      const { defects, from, to } = await row(symbol);
      expect((defects as string[])[0]).toMatch(told);
      expect(String(from) < String(to)).toBe(true);
      const { errors, warnings, valid } = await stack.ask("validate_strategy", { yaml: yamlOf(symbol) });
      const grave = !["SPLIT", "HOLE"].includes(symbol);
      expect(valid).toBe(!grave);
      expect(JSON.stringify(grave ? errors : warnings)).toMatch(told);
      const training = { strategy: stack.strategy, symbol, start_date: day(0), end_date: day(1_400) };
      if (grave) {
        expect(await stack.refused("train_model", training)).toMatch(/^\[bars_unsound -32602\] .*insist_reason/);
        const insisted = await stack.ask("train_model", {
          ...training,
          insist_reason: "to see what KTRDR makes of it",
        });
        expect(String(insisted["warnings"])).toMatch(told);
      } else expect(String((await stack.ask("train_model", training))["warnings"])).toMatch(told);
    },
  );

  test("sound bars have no word, in the list and before a start", async () => {
    expect(await row("CLEAN")).toEqual({
      symbol: "CLEAN",
      timeframe: "1d",
      from: day(0),
      to: day(ROWS.length - 1),
      bars: ROWS.length,
      power: expect.any(String),
    });
    const { data } = await stack.ask("list_market_data", { symbol: "SPX" });
    expect(data).toEqual([
      { symbol: "SPX", timeframe: "1d", from: "2000-01-03", to: "2020-04-17", bars: 5105, power: expect.any(String) },
    ]);
    const training = { strategy: stack.strategy, symbol: "CLEAN", start_date: day(0), end_date: day(1_400) };
    expect((await stack.ask("train_model", training))["existing"]).toBe(false);
  });

  test("a file that KTRDR cannot find again is told what it is to be named", async () => {
    const { data } = await stack.ask("list_market_data", { limit: 100 });
    const problem = (symbol: string) =>
      String((data as Record<string, unknown>[]).find((one) => one["symbol"] === symbol)?.["problem"]);
    expect(problem("^GSPC")).toContain("name the price file GSPC_<timeframe>.csv");
    expect(problem("EURUSD=X")).toContain("name the price file EURUSD_<timeframe>.csv");
    expect(problem("ethusd")).toContain("name the price file ETHUSD_<timeframe>.csv");
    expect(problem("BTC")).toMatch(/"USDT" is no timeframe.*BTCUSD_1d.csv/);
    expect(problem("ABC")).toMatch(/"60min" is no timeframe.*1h/);
    expect(await stack.refused("list_market_data", { symbol: "^GSPC" })).toContain("ask for GSPC");
    expect(await stack.refused("list_market_data", { symbol: "BTC/USDT" })).toContain("ask for BTCUSDT");
    const { errors } = await stack.ask("validate_strategy", { yaml: yamlOf('"^GSPC"') });
    expect(JSON.stringify(errors)).toContain("name the price file GSPC_");
    const lower = await stack.ask("validate_strategy", { yaml: yamlOf("ethusd") });
    expect(JSON.stringify(lower["errors"])).toContain("name the price file ETHUSD_");
  });

  test("indicators of bad bars are given with a word", async () => {
    const of = (symbol: string) => ({
      symbol,
      timeframe: "1d",
      indicators: [{ type: "rsi" }],
      start_date: day(0),
      end_date: day(1_400),
    });
    const { defects } = await stack.ask("calculate_indicators", of("NEWFIRST"));
    expect(String(defects)).toContain("newest bar first");
    expect(await stack.ask("calculate_indicators", of("CLEAN"))).not.toHaveProperty("defects");
  });

  test("the bars of a slower timeframe are judged, too", async () => {
    const hours = rowsAt(CALENDARS["stock 1h"]("2012-01-01", "2014-12-31"));
    await putFile(stack.dataDir, "SLOW_1h.csv", textOf(hours));
    await putFile(stack.dataDir, "SLOW_1d.csv", textOf(change(BAD, BAD + 1, ([time]) => [time ?? "", "0,0,0,0,0"])));
    const yaml = yamlOf("SLOW")
      .replace(/^name: .*/m, "name: slow")
      .replace(/timeframes: .*/, 'timeframes: {mode: multi_timeframe, list: ["1h", "1d"], base_timeframe: "1h"}');
    const window = { start_date: day(0), end_date: day(BAD + 200) };
    const told = /SLOW 1d, .*1 bar has a price of 0/;
    const { errors } = await stack.ask("validate_strategy", { yaml, ...window });
    expect(
      (errors as Record<string, unknown>[]).map(({ where, what }) => `${String(where)}: ${String(what)}`).join(),
    ).toMatch(told);
    await stack.strategies.write("slow", yaml, { overwrite: true });
    const why = { accept_look_ahead: "it shows that slower bars are judged" };
    expect(await stack.refused("train_model", { strategy: "slow", ...window, ...why })).toMatch(told);
    const batch = { work: "train", strategies: ["slow"], periods: [{ train: [day(0), day(BAD + 200)] }], ...why };
    expect(await stack.refused("start_batch", batch)).toMatch(told);
  });

  test("only the dates that are asked for are judged", async () => {
    const early = { strategy: stack.strategy, symbol: "ZEROROW", start_date: day(0), end_date: day(BAD - 1) };
    expect(await stack.ask("train_model", early)).toMatchObject({ existing: false });
    const answer = await stack.ask("validate_strategy", {
      yaml: yamlOf("ZEROROW"),
      start_date: day(0),
      end_date: day(BAD - 1),
    });
    expect(answer["errors"]).toEqual([]);
  });

  test("without dates, labels are counted on the oldest bars alone", async () => {
    const { checked_on: on } = await stack.ask("validate_strategy", { strategy: stack.strategy });
    expect(on).toMatch(/SPX 1d, 35\d\d bars 2000-01-03 to 2014-0/);
  });

  test("a batch is refused for them too", async () => {
    const batch = {
      work: "train",
      strategies: [stack.strategy],
      symbols: ["CLEAN", "DUPROWS"],
      periods: [{ train: [day(0), day(1_400)] }],
    };
    expect(await stack.refused("start_batch", batch)).toMatch(/bars_unsound.*DUPROWS.*there twice/);
  });
});

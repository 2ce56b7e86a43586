import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isDomainError } from "../../../src/domain/errors.ts";
import { FIGURES } from "../../../src/domain/results/figures.ts";
import { headline } from "../../../src/domain/kinds/index.ts";
import { overlaps } from "../../../src/domain/market-data.ts";
import { normaliseBacktest } from "../../../src/domain/results/backtest.ts";
import { ENGINE, hourlyBars, recorded, requestOf, spxBars, type RecordedBacktest } from "./recorded.ts";

const codes = (result: { caveats: readonly { code: string }[] }) => result.caveats.map(({ code }) => code);
const textOf = (result: { caveats: readonly { code: string; text: string }[] }, code: string) =>
  result.caveats.find((caveat) => caveat.code === code)?.text ?? "";

/** All 22 figures of the second recorded run (docs/ktrdr.md §10): SPX 1d, 2015-2019, 42 trades. */
const RUN: RecordedBacktest = {
  strategy_name: "spx_macd_adx_trend",
  symbol: "SPX",
  timeframe: "1d",
  start_time: "2015-01-02T00:00:00",
  end_time: "2019-12-31T00:00:00",
  equity_curve_length: 1208,
  trade_count: 42,
  config: {
    initial_capital: 100_000,
    commission: 0.001,
    slippage: 0.0005,
    start_date: "2015-01-02T00:00:00",
    end_date: "2019-12-31T00:00:00",
  },
  metrics: {
    total_return: 930.2292,
    total_return_pct: 0.0093023,
    annualized_return: 0.0018548,
    volatility: 0.0198343,
    sharpe_ratio: 0.1073953,
    sortino_ratio: 0.1032035,
    max_drawdown: 6134.0221,
    max_drawdown_pct: 0.0607304,
    calmar_ratio: 0.0305423,
    recovery_factor: 0.1516508,
    total_trades: 42,
    winning_trades: 17,
    losing_trades: 25,
    win_rate: 0.4047619,
    profit_factor: 1.1858578,
    avg_win: 696.4104,
    avg_loss: -399.3389,
    largest_win: 2006.7083,
    largest_loss: -1338.9209,
    avg_holding_period: 605.14,
    avg_win_holding_period: 1209.88,
    avg_loss_holding_period: 193.92,
  },
};

const change = (metrics: Record<string, number>): RecordedBacktest => ({
  ...RUN,
  metrics: { ...RUN.metrics, ...metrics },
});

describe("the recorded run of 42 trades", () => {
  const result = normaliseBacktest(RUN, requestOf(RUN), spxBars("2015-01-02", "2019-12-31"), ENGINE);

  test("daily bars keep KTRDR's Sharpe: 252 is right for them", () => {
    expect(result.sharpe).toBe(0.1073953);
    expect(result.volatility).toBe(0.0198343);
    expect(codes(result)).not.toContain("sharpe_rescaled");
  });

  test("drawdown is the ratio; the currency figure stays raw", () => {
    expect(result.maxDrawdown).toBe(0.0607304);
    expect(result.raw["max_drawdown"]).toBe(6134.0221);
    expect(Object.keys(result.raw)).toHaveLength(22);
  });

  test("annual return and Calmar are over the traded bars, not over the idle warm-up", () => {
    // 1208 bars from 2015-03-17 to 2019-12-31 are 4.79 years.
    expect(result.annualReturn).toBeCloseTo(1.0093023 ** (1 / 4.7912) - 1, 6);
    expect(result.calmar).toBeCloseTo((result.annualReturn ?? 0) / 0.0607304, 12);
  });

  test("a few days are not scaled to a year: neither the account's nor buy-and-hold's", () => {
    const short = { ...RUN, equity_curve_length: 9, config: { ...RUN.config, end_date: "2015-03-27T00:00:00" } };
    const few = normaliseBacktest(short, requestOf(short), spxBars("2015-01-02", "2015-03-27"), ENGINE);
    expect([few.annualReturn, few.calmar, few.buyAndHold?.annualReturn]).toEqual([null, null, null]);
    expect(few.buyAndHold?.totalReturn).toBeDefined();
    expect(textOf(few, "no_annual_return")).toContain("a few days cannot be scaled to a year");
    expect(codes(few)).not.toContain("no_calmar");
    expect(FIGURES.excess_annual_return.of(few)).toBeNull();
    const unseen = normaliseBacktest(short, requestOf(short), null, ENGINE);
    expect(unseen.annualReturn).toBe(0.0018548);
  });

  test("says how much entry cost the trade statistics leave out, and corrects the profit factor", () => {
    expect(textOf(result, "entry_costs_left_out")).toContain("leave out 925.28 of entry costs");
    expect(textOf(result, "entry_costs_left_out")).toContain("925.28");
    expect(result.profitFactor).toBeCloseTo(1.0882, 3);
    expect(result.raw["profit_factor"]).toBe(1.1858578);
  });

  test("buy-and-hold over the same 1208 bars, checked by hand", () => {
    const closes = spxBars("2015-01-02", "2019-12-31")
      .ohlcv.slice(50)
      .map((row) => row[3]!);
    const returns = closes.slice(1).map((close, index) => close / closes[index]! - 1);
    const average = returns.reduce((sum, value) => sum + value, 0) / returns.length;
    const variance = returns.reduce((sum, value) => sum + (value - average) ** 2, 0) / (returns.length - 1);
    expect(result.buyAndHold).toMatchObject({ bars: 1208 });
    expect(result.buyAndHold!.totalReturn).toBeCloseTo(3230.78 / 2074.28 - 1, 3);
    expect(result.buyAndHold!.sharpe).toBeCloseTo((average / Math.sqrt(variance)) * Math.sqrt(252), 10);
    // The fourth quarter of 2018: from 2930.75 to 2351.10.
    expect(result.buyAndHold!.maxDrawdown).toBeCloseTo(1 - 2351.1 / 2930.75, 4);
  });

  test("warns that a Sharpe of 0.11 over five years is noise, and that a quarter is invested", () => {
    expect(codes(result)).toEqual([
      "position_too_small",
      "sharpe_within_noise",
      "sortino_is_ktrdrs",
      "one_trade",
      "entry_costs_left_out",
      "last_exit_not_costed",
      "part_invested",
    ]);
    expect(textOf(result, "sharpe_within_noise")).toContain("0.46");
    expect(textOf(result, "last_exit_not_costed")).toContain("0.04 %");
  });

  test("without bars: no buy-and-hold, the density is taken from the equity points", () => {
    const bare = normaliseBacktest(RUN, requestOf(RUN), null, ENGINE);
    expect(bare.buyAndHold).toBeNull();
    expect(bare.sharpe).toBe(0.1073953);
    expect(bare.annualReturn).toBe(0.0018548);
    expect(codes(bare)).toContain("no_buy_and_hold");
  });
});

describe("all recorded daily windows", () => {
  test.each(recorded.daily.map((run) => [`${run.strategy_name} ${run.start_time} ${run.end_time}`, run] as const))(
    "%s",
    (_, run) => {
      const request = requestOf(run);
      const result = normaliseBacktest(run, request, spxBars(request.startDate, request.endDate), ENGINE);
      expect(result.buyAndHold!.bars).toBe(run.equity_curve_length);
      expect(result.sharpe).toBe(run.metrics["sharpe_ratio"]);
      expect(codes(result)).toContain("entry_costs_left_out");
      expect(result.profitFactor!).toBeLessThan(run.metrics["profit_factor"]!);
      expect(codes(result).includes("few_trades")).toBe(run.metrics["total_trades"]! < 30);
    },
  );
});

describe("hourly bars", () => {
  const [full, resumed] = recorded.hourly as [RecordedBacktest, RecordedBacktest];

  test("Sharpe, Sortino and volatility are rescaled from 252 to the hours of the market", () => {
    const bars = hourlyBars(15_433);
    const result = normaliseBacktest(full, requestOf(full), bars, ENGINE);
    const years = (Date.parse(bars.times.at(-1)!) - Date.parse(bars.times[0]!)) / (365.25 * 86_400_000);
    const scale = Math.sqrt(15_432 / years / 252);
    expect(scale).toBeCloseTo(4.99, 2);
    expect(result.sharpe).toBeCloseTo(full.metrics["sharpe_ratio"]! * scale, 10);
    expect(result.sortino).toBeCloseTo(full.metrics["sortino_ratio"]! * scale, 10);
    expect(result.volatility).toBeCloseTo(full.metrics["volatility"]! * scale, 10);
    expect(textOf(result, "sharpe_rescaled")).toContain("its Sharpe: -0.10");
  });

  test("without bars the equity points give nearly the same scale", () => {
    const result = normaliseBacktest(full, requestOf(full), null, ENGINE);
    expect(result.sharpe! / full.metrics["sharpe_ratio"]!).toBeGreaterThan(4.9);
    expect(result.sharpe! / full.metrics["sharpe_ratio"]!).toBeLessThan(5.2);
  });

  test("an exchange has fewer hours than a currency market", () => {
    const exchange = hourlyBars(3_000, 7);
    const result = normaliseBacktest(full, requestOf(full), exchange, ENGINE);
    expect(result.sharpe! / full.metrics["sharpe_ratio"]!).toBeCloseTo(Math.sqrt(7 * (1 + 1 / 30)), 0);
  });

  test("a model of 5m and 1h trades the hours of its base_timeframe, though 5m is asked for and answered", () => {
    const minutes = [...Array(528 * 12).keys()].map((at) => Date.UTC(2023, 10, 1) + at * 300_000);
    const close = (at: number): number => 1 + at / 100_000;
    const fine = {
      times: minutes.map((time) => new Date(time).toISOString()),
      ohlcv: minutes.map((_, at) => [close(at), close(at) + 0.1, close(at) - 0.1, close(at), 1]),
    };
    const run = { ...full, timeframe: "5m", equity_curve_length: 478 };
    const result = normaliseBacktest(run, requestOf(run), fine, ENGINE);
    expect(textOf(result, "coarser_bars")).toContain("traded 1h bars");
    expect(textOf(result, "sharpe_rescaled")).toContain("of 1h");
    expect(codes(result)).not.toContain("curve_covers_a_part");
    expect(result.buyAndHold?.bars).toBe(478);
    expect(result.buyAndHold?.totalReturn).toBeCloseTo(close(528 * 12 - 1) / close(51 * 12 - 1) - 1, 9);
  });

  test("a resumed run is caught: its curve covers only a part of the bars", () => {
    const result = normaliseBacktest(resumed, requestOf(resumed), hourlyBars(15_433), ENGINE);
    expect(textOf(result, "curve_covers_a_part")).toContain("4691 of 15383");
  });
});

describe("figures that are not what they seem", () => {
  const bars = spxBars("2015-01-02", "2019-12-31");
  const normalise = (run: RecordedBacktest) => normaliseBacktest(run, requestOf(RUN), bars, ENGINE);
  const idle = Object.fromEntries(Object.keys(RUN.metrics).map((key) => [key, 0]));
  const withCapital = (initialCapital: number, metrics: Record<string, number>) => {
    const run = { ...RUN, metrics, config: { ...RUN.config, initial_capital: initialCapital } };
    return normaliseBacktest(run, { ...requestOf(RUN), initialCapital }, bars, ENGINE);
  };

  test("a price above a quarter of the capital: nothing could be bought, and what would do", () => {
    const result = withCapital(5_000, idle);
    expect(textOf(result, "position_too_small")).toMatch(
      /^Nothing could be bought.*An initial_capital of 25\d{4} would do/,
    );
    expect(codes(result)).not.toContain("no_trades");
    expect(textOf(withCapital(100_000, RUN.metrics), "position_too_small")).toMatch(/^Positions are coarse.* 7 whole/);
    expect(codes(withCapital(1_000_000, RUN.metrics))).not.toContain("position_too_small");
  });

  test("what KTRDR writes for an undefined figure is undefined", () => {
    expect(withCapital(100_000, idle)).toMatchObject({ sharpe: null, sortino: null, winRate: null, calmar: null });
    const extreme = { ...RUN.metrics, sortino_ratio: 999_999, volatility: 0, sharpe_ratio: 0, max_drawdown_pct: 0 };
    const result = withCapital(100_000, extreme);
    expect(result).toMatchObject({ sharpe: null, sortino: null, calmar: null });
    expect(codes(result)).toEqual(expect.arrayContaining(["no_sharpe", "no_sortino", "no_calmar"]));
    const { raw: _raw, ...figures } = result;
    expect(JSON.stringify({ ...figures, caveats: [] })).not.toMatch(/999999|NaN|Infinity/);
  });

  test.each([
    ["a Sortino without losing bars", { sortino_ratio: 0 }, "sortino", "no_sortino"],
    ["a Calmar without a drawdown", { max_drawdown_pct: 0 }, "calmar", "no_calmar"],
    ["a Calmar of a drawdown that is rounding", { max_drawdown_pct: 1e-16 }, "calmar", "no_calmar"],
  ] as const)("%s does not exist, and that is all that is said to be missing", (_, change_, figure, code) => {
    const result = withCapital(100_000, { ...RUN.metrics, ...change_ });
    expect(result[figure]).toBeNull();
    expect(codes(result).filter((one) => /^no_(sharpe|sortino|calmar)$/.test(one))).toEqual([code]);
  });

  test("costs of nothing are said", () => {
    const run = { ...RUN, config: { ...RUN.config, commission: 0, slippage: 0 } };
    const free = normaliseBacktest(run, { ...requestOf(RUN), commission: 0, slippage: 0 }, bars, ENGINE);
    expect(codes(free)).toContain("no_costs");
  });

  test("a window that begins on the day on which another ends shares that day", () => {
    const window = (startDate: string, endDate: string) => ({ startDate, endDate });
    const training = window("2000-01-03", "2014-12-31");
    expect(overlaps(training, window("2014-12-31", "2019-12-31"))).toBe(true);
    expect(overlaps(training, window("2014-12-31T15:30:00Z", "2019-12-31"))).toBe(true);
    expect(overlaps(training, window("2015-01-01", "2019-12-31"))).toBe(false);
  });

  test("no trade", () => {
    const none = Object.fromEntries(Object.keys(RUN.metrics).map((key) => [key, 0]));
    const result = normalise(change(none));
    expect(result).toMatchObject({ trades: 0, sharpe: null, profitFactor: null, calmar: null });
    expect(codes(result)).toEqual(["position_too_small", "no_trades"]);
    expect(headline(result)).toBe("no trade was made; buy-and-hold, fully invested, 55.75 %, Sharpe 0.76");
  });

  test("one trade that lasts to the end is called holding, in headline and caveat", () => {
    const once = { total_trades: 1, winning_trades: 1, losing_trades: 0, avg_holding_period: 40_000 };
    const result = normalise(change(once));
    expect(headline(result)).toContain(", it bought once and held; buy-and-hold, fully invested, 55.75 %");
    expect(textOf(result, "bought_once")).toMatch(/^It bought once and held, for 95 % of the time: this is holding/);
    expect(codes(result)).not.toContain("always_in");
    const short = normalise(change({ ...once, avg_holding_period: 100 }));
    expect(headline(short)).toContain(", 1 trade; ");
    expect(codes(short)).not.toContain("bought_once");
  });

  test("a loss that is smaller than the market's is called a loss", () => {
    const falling = spxBars("2007-06-01", "2009-03-09");
    const lost = normaliseBacktest(change({ total_return_pct: -0.02 }), requestOf(RUN), falling, ENGINE);
    expect(codes(lost)).toContain("loses_less");
    const more = normaliseBacktest(change({ total_return_pct: -0.9 }), requestOf(RUN), falling, ENGINE);
    expect(codes(more)).not.toContain("loses_less");
  });

  test("no losing trade: 999999 is not a profit factor", () => {
    const result = normalise(
      change({ losing_trades: 0, winning_trades: 42, avg_loss: 0, profit_factor: 999_999, total_return: 29_249.2368 }),
    );
    expect(result.profitFactor).toBeNull();
    expect(result.raw["profit_factor"]).toBe(999_999);
    expect(codes(result)).toContain("no_losing_trade");
    expect(codes(result)).not.toContain("entry_costs_left_out");
  });

  test("a drawdown of zero has no Calmar ratio", () => {
    expect(normalise(change({ max_drawdown_pct: 0, calmar_ratio: 999_999 })).calmar).toBeNull();
  });

  test("a strategy's file may have another name than its text, which KTRDR answers", () => {
    const result = normaliseBacktest(RUN, { ...requestOf(RUN), strategy: "file_name" }, null, ENGINE);
    expect(result.strategy).toBe("file_name");
  });

  test.each([
    ["strategy", { strategy_name: "other" }],
    ["symbol", { symbol: "EURUSD" }],
    ["timeframe", { timeframe: "1h" }],
    ["commission", { config: { ...RUN.config, commission: 0.002 } }],
    ["start_date", { config: { ...RUN.config, start_date: "2016-01-04T00:00:00" } }],
  ])("the answer to another request is refused: %s", (field, difference) => {
    expect(() => normalise({ ...RUN, ...difference })).toThrow(
      expect.objectContaining({ code: "ktrdr_bad_answer", why: expect.stringContaining(field) }),
    );
  });
});

test("sums of money that no account moves are a bad answer", () => {
  const absurd = change({ avg_win: 1.0574665499190093e307 });
  expect(() => normaliseBacktest(absurd, requestOf(RUN), null, ENGINE)).toThrow(
    expect.objectContaining({ code: "ktrdr_bad_answer", why: expect.stringContaining("avg_win") }),
  );
});

test("hostile summaries end in a DomainError or in finite figures", () => {
  const value = fc.oneof(fc.double(), fc.integer(), fc.constantFrom(null, "1", undefined, {}, []));
  const metrics = fc.dictionary(fc.constantFrom(...Object.keys(RUN.metrics)), value);
  const bars = fc.record({
    times: fc.array(
      fc.oneof(
        fc.string(),
        fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
      ),
      { maxLength: 120 },
    ),
    ohlcv: fc.array(fc.array(fc.double(), { maxLength: 5 }), { maxLength: 120 }),
  });
  fc.assert(
    fc.property(metrics, fc.option(bars), fc.anything(), (hostile, window, whole) => {
      for (const summary of [{ ...RUN, metrics: { ...RUN.metrics, ...hostile } }, whole]) {
        try {
          const result = normaliseBacktest(summary as Record<string, unknown>, requestOf(RUN), window, ENGINE);
          const figures = [result.sharpe, result.sortino, result.annualReturn, ...Object.values(result.raw)];
          expect(figures.every((figure) => figure === null || Number.isFinite(figure))).toBe(true);
          expect(JSON.stringify(result.caveats)).not.toMatch(/NaN|Infinity|undefined/);
          if (result.buyAndHold !== null) {
            expect(Object.values(result.buyAndHold).every(Number.isFinite)).toBe(true);
          }
        } catch (error) {
          if (!isDomainError(error, "ktrdr_bad_answer")) throw error;
        }
      }
    }),
  );
});

describe("bars that are not the market's", () => {
  const sound = spxBars("2015-01-02", "2019-12-31");
  const request = requestOf(RUN);
  const judged = (change: (rows: number[][], times: string[]) => void) => {
    const bars = { times: [...sound.times], ohlcv: sound.ohlcv.map((row) => [...row]) };
    change(bars.ohlcv, bars.times);
    return normaliseBacktest(RUN, request, bars, ENGINE);
  };

  test.each<[string, (rows: number[][], times: string[]) => void, RegExp]>([
    ["zeros", (rows) => rows.splice(200, 2, [0, 0, 0, 0], [0, 0, 0, 0]), /2 bars have a price of 0/],
    ["no numbers", (rows) => rows.splice(200, 1, [NaN, NaN, NaN, NaN]), /1 bar is empty/],
    ["a negative close", (rows) => rows.splice(200, 1, [20, 21, -40, -37]), /1 bar has a negative price/],
    [
      "every row twice",
      (rows, times) => {
        rows.splice(0, rows.length, ...rows.flatMap((row) => [row, row]));
        times.splice(0, times.length, ...times.flatMap((time) => [time, time]));
      },
      /1258 bars are there twice/,
    ],
    [
      "newest first",
      (rows, times) => {
        rows.reverse();
        times.reverse();
      },
      /newest bar first/,
    ],
  ])("%s: no buy-and-hold, no density, and the true reason", (_name, change, told) => {
    const result = judged(change);
    expect(result.buyAndHold).toBeNull();
    expect(result.caveats[0]).toMatchObject({ code: "bad_bars", text: expect.stringMatching(told) });
    expect(textOf(result, "no_buy_and_hold")).toBe("Buy-and-hold does not exist over bad bars.");
    expect(textOf(result, "sharpe_rescaled")).toContain("cannot be told of these bars");
  });

  test("a hole of two years does not thin the market out", () => {
    const result = judged((rows, times) => {
      rows.splice(300, 504);
      times.splice(300, 504);
    });
    expect(result.sharpe).toBe(RUN.metrics["sharpe_ratio"]);
    expect(codes(result)).not.toContain("sharpe_rescaled");
    expect(textOf(result, "doubtful_bars")).toMatch(/^Doubtful bars: A hole: about 5\d\d bars .*First: 2016-/);
    expect(result.buyAndHold).not.toBeNull();
  });

  test("a split that prices are not adjusted for is said beside the buy-and-hold that it spoils", () => {
    const result = judged((rows) => {
      for (const row of rows.slice(600)) row.splice(0, 4, ...row.map((price) => price / 4));
    });
    expect(textOf(result, "doubtful_bars")).toMatch(/jumps in 1 bar \(the first: -75 %\)/);
  });

  test("what KTRDR refuses to tell is said with the bar, never as bars that are missing", () => {
    const refused = "KTRDR's API refuses these bars. First: 2016-05-24.";
    const result = normaliseBacktest(RUN, request, null, ENGINE, refused);
    expect(result.caveats[0]?.text).toContain(refused);
    expect(textOf(result, "no_buy_and_hold")).not.toContain("too few");
  });

  test("a price that varies by rounding alone has no Sharpe, and nothing exceeds it", () => {
    const result = judged((rows) => {
      for (const [day, row] of rows.entries()) row.fill(Number((100 * 1.0002 ** day).toFixed(4)));
    });
    expect(result.buyAndHold).toMatchObject({ sharpe: null, totalReturn: expect.any(Number) });
    expect(FIGURES.excess_sharpe.of(result)).toBeNull();
    expect(headline(result)).toContain("Sharpe undefined");
    expect(textOf(result, "no_buy_and_hold")).toContain("nothing but rounding");
  });
});

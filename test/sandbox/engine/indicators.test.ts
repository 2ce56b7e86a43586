import fc from "fast-check";
import {
  CCI,
  DonchianChannels,
  MFI,
  MOM,
  OBV,
  ROC,
  RSI,
  SMA,
  StochasticOscillator,
  WilliamsR,
  WMA,
} from "trading-signals";
import { beforeAll, describe, expect, test } from "vitest";
import { barAt, parseTime, sliceBars, type Bars } from "../../../sandbox/engine/bars.ts";
import { readBars } from "../../../sandbox/engine/price-file.ts";
import { EngineError } from "../../../sandbox/engine/errors.ts";
import { computeIndicator, findIndicator, INDICATORS } from "../../../sandbox/engine/indicators/registry.ts";
import { seedDataFolder } from "../../../sandbox/engine/market-data.ts";
import { barsOfCloses, temporaryFolder } from "./support.ts";

let spx: Bars;

beforeAll(async () => {
  await using folder = await temporaryFolder();
  await seedDataFolder(folder.path);
  spx = await readBars(folder.path, "SPX", "1d");
});

function last(type: string, params: Record<string, unknown> = {}, output = "value", bars = spx): number {
  return computeIndicator(type, params, bars)[output]?.at(-1) ?? Number.NaN;
}

test("RSI, MACD and ADX equal what the real backend answered for early 2019", () => {
  const bars = sliceBars(spx, parseTime("2019-01-02"), parseTime("2019-03-29"));
  const rsi = computeIndicator("rsi", { period: 10 }, bars)["value"];
  expect(rsi?.[9]).toBeNaN();
  expect(rsi?.[10]).toBeCloseTo(70.52361383987217, 9);
  expect(rsi?.[12]).toBeCloseTo(76.44553031134565, 9);
  expect(rsi?.at(-1)).toBeCloseTo(60.072342805497804, 9);
  expect(last("macd", {}, "line", bars)).toBeCloseTo(19.88560484946538, 9);
  expect(last("macd", {}, "signal", bars)).toBeCloseTo(23.221826688036433, 9);
  expect(last("macd", {}, "histogram", bars)).toBeCloseTo(-3.3362218385710527, 9);
  expect(last("adx", {}, "adx", bars)).toBeCloseTo(23.15489010559702, 9);
  expect(last("adx", {}, "plus_di", bars)).toBeCloseTo(30.301979016729945, 9);
  expect(last("adx", {}, "minus_di", bars)).toBeCloseTo(20.55461865118921, 9);
});

describe("an independent library gives the same on S&P 500 bars", () => {
  interface Incremental<Input> {
    add: (value: Input) => unknown;
    getResult: () => unknown;
  }
  const overCloses = (indicator: Incremental<number>): unknown => {
    for (const close of spx.close) indicator.add(close);
    return indicator.getResult();
  };
  const overBars = (indicator: Incremental<ReturnType<typeof barAt>>): unknown => {
    for (let i = 0; i < spx.length; i++) indicator.add(barAt(spx, i));
    return indicator.getResult();
  };

  test.each([
    ["sma", { period: 20 }, () => overCloses(new SMA(20))],
    ["wma", { period: 20 }, () => overCloses(new WMA(20))],
    ["rsi", { period: 14 }, () => overCloses(new RSI(14))],
    ["momentum", { period: 10 }, () => overCloses(new MOM(10))],
    ["cci", { period: 20 }, () => overBars(new CCI(20))],
    ["mfi", { period: 14 }, () => overBars(new MFI(14))],
    ["williamsr", { period: 14 }, () => overBars(new WilliamsR(14))],
  ])("%s", (type, params, reference) => {
    expect(last(type, params)).toBeCloseTo(Number(reference()), 6);
  });

  test("rate of change, here in percent", () => {
    expect(last("roc", { period: 10 })).toBeCloseTo(100 * Number(overCloses(new ROC(10))), 8);
  });

  test("on-balance volume, up to where it starts counting", () => {
    const own = computeIndicator("obv", {}, spx)["value"];
    const other = new OBV(2);
    const seen: number[] = [];
    for (let i = 0; i < spx.length; i++) {
      const value: unknown = other.add(barAt(spx, i));
      if (typeof value === "number") seen.push(value);
    }
    expect((own?.at(-1) ?? 0) - (own?.at(-1000) ?? 0)).toBeCloseTo((seen.at(-1) ?? 0) - (seen.at(-1000) ?? 0), 3);
  });

  test("channels and multi-output types", () => {
    const channel = overBars(new DonchianChannels(20)) as { upper: number; lower: number };
    expect([last("donchianchannels", {}, "upper"), last("donchianchannels", {}, "lower")]).toEqual([
      channel.upper,
      channel.lower,
    ]);
    const oscillator = overBars(new StochasticOscillator({ kPeriod: 14, kSlowingPeriod: 3, dPeriod: 3 })) as {
      stochK: number;
      stochD: number;
    };
    expect(last("stochastic", {}, "k")).toBeCloseTo(oscillator.stochK, 6);
    expect(last("stochastic", {}, "d")).toBeCloseTo(oscillator.stochD, 6);
  });
});

test("values worked out by hand", () => {
  const bars = barsOfCloses([10, 11, 13, 12, 14]);
  expect(last("sma", { period: 2 }, "value", bars)).toBe(13);
  expect(last("wma", { period: 2 }, "value", bars)).toBeCloseTo((12 + 2 * 14) / 3, 12);
  // a = 2/3; adjusted: (14 + 12/3 + 13/9 + 11/27 + 10/81) / (1 + 1/3 + 1/9 + 1/27 + 1/81)
  const adjusted = (14 + 12 / 3 + 13 / 9 + 11 / 27 + 10 / 81) / (1 + 1 / 3 + 1 / 9 + 1 / 27 + 1 / 81);
  expect(last("ema", { period: 2 }, "value", bars)).toBeCloseTo(adjusted, 12);
  expect(last("ema", { period: 2, adjust: false }, "value", bars)).toBeCloseTo(
    ((((10 + 2 * 11) / 3 + 2 * 13) / 3 + 2 * 12) / 3 + 2 * 14) / 3,
    12,
  );
  expect(last("distancefromma", { period: 2 }, "value", bars)).toBeCloseTo(100 / 13, 12);
  expect(last("obv", {}, "value", bars)).toBe(1010 + 1020 - 1030 + 1040);
  expect(last("volumeratio", { period: 2 }, "value", bars)).toBeCloseTo(1040 / 1035, 12);
  expect(last("vwap", { period: 2, use_typical_price: false }, "value", bars)).toBeCloseTo(
    (12 * 1030 + 14 * 1040) / 2070,
    12,
  );
  // Money flow multiplier of the last bar: low 11.5, high 14.5, close 14.
  expect(last("adline", {}, "mf_multiplier", bars)).toBeCloseTo((2.5 - 0.5) / 3, 12);
  const pivots = computeIndicator("zigzag", { threshold: 0.05 }, bars)["value"];
  expect(Array.from(pivots ?? [])).toEqual([10, Number.NaN, 13, 12, 14]);
});

test("Keltner channels follow from their parts", () => {
  const middle = last("ema", { period: 20, adjust: false });
  const range = last("atr", { period: 10 });
  expect(last("keltnerchannels", {}, "upper")).toBeCloseTo(middle + 2 * range, 8);
  expect(last("keltnerchannels", {}, "lower")).toBeCloseTo(middle - 2 * range, 8);
});

test("31 types, each with its promised outputs, finite after warm-up and unaware of the future", () => {
  expect(INDICATORS).toHaveLength(31);
  const half = sliceBars(spx, -Infinity, spx.time[1500]);
  // The only output that looks ahead, and the only one that is never a number.
  const hindsight = new Set(["zigzag value", "supertrend trend"]);
  for (const spec of INDICATORS) {
    const whole = computeIndicator(spec.type, {}, spx);
    const part = computeIndicator(spec.type, {}, half);
    expect(Object.keys(whole)).toEqual(expect.arrayContaining(spec.outputs.length > 0 ? [...spec.outputs] : ["value"]));
    for (const [output, series] of Object.entries(whole)) {
      expect(series).toHaveLength(spx.length);
      if (hindsight.has(`${spec.type} ${output}`)) continue;
      expect([spec.type, output, series.subarray(120).every(Number.isFinite)]).toEqual([spec.type, output, true]);
      expect([spec.type, output, series[1500]]).toEqual([spec.type, output, part[output]?.[1500]]);
    }
  }
});

test("bounded oscillators stay within their bounds", () => {
  const walk = fc.array(fc.double({ min: 1, max: 1000, noNaN: true }), { minLength: 60, maxLength: 120 });
  fc.assert(
    fc.property(walk, (closes) => {
      const bars = barsOfCloses(closes);
      for (const type of ["rsi", "mfi"]) {
        const values = computeIndicator(type, {}, bars)["value"]?.filter((value) => !Number.isNaN(value));
        expect(values?.every((value) => value >= 0 && value <= 100)).toBe(true);
      }
    }),
    { numRuns: 30 },
  );
});

test("names: any case, class names and the four short ones, but no others", () => {
  for (const name of ["RSI", "RSIIndicator", "sma", "EMA", "wma", "bbands"]) expect(findIndicator(name)).toBeDefined();
  for (const name of ["williams_r", "psar", "stoch", "donchian", "keltner", "bollinger", "constructor"]) {
    expect(findIndicator(name)).toBeUndefined();
  }
});

test("parameters: unknown ones are ignored, wrong ones refused as the real backend does", () => {
  expect(last("rsi", { perod: 21 })).toBe(last("rsi"));
  const failure = (params: Record<string, unknown>, type = "rsi"): EngineError => {
    try {
      computeIndicator(type, params, spx);
    } catch (error) {
      if (error instanceof EngineError) return error;
    }
    throw new Error("no EngineError");
  };
  const tooSmall = failure({ period: -3 });
  expect(tooSmall).toMatchObject({
    code: "INDICATOR-InvalidParameters",
    message: "Invalid parameters for RSIIndicator",
  });
  expect(tooSmall.details["validation_errors"]).toEqual([
    {
      type: "greater_than_equal",
      loc: ["period"],
      msg: "Input should be greater than or equal to 2",
      input: -3,
      ctx: { ge: 2 },
    },
  ]);
  expect(failure({ period: "ten" }).details["validation_errors"]).toMatchObject([{ type: "int_type" }]);
  expect(failure({ period: 14.5 }).details["validation_errors"]).toMatchObject([{ type: "int_type" }]);
  expect(failure({ multiplier: 0 }, "bbands").details["validation_errors"]).toMatchObject([{ type: "greater_than" }]);
  expect(failure({}, "rsx").message).toMatch(/^Unknown indicator type 'rsx'\. Available: \['adline', 'adx', /);
});

test("too few bars are the real backend's text", () => {
  const few = sliceBars(spx, parseTime("2015-01-02"), parseTime("2015-01-30"));
  expect(() => computeIndicator("rsi", { period: 21 }, few)).toThrow(
    "Insufficient data: 20 points available, 22 required",
  );
});

/** Published examples and vectors recomputed with two libraries; 12 significant digits unless published with fewer. */
import { expect, test } from "vitest";
import { luckOf } from "../../../src/domain/luck/luck.ts";
import { sharpeDifference } from "../../../src/domain/luck/sharpe-difference.ts";
import {
  chanceAlone,
  deflatedSharpe,
  deflatedSharpe2014,
  expectedMaximum,
  minimumBars,
  probabilisticSharpe,
  revised2025,
} from "../../../src/domain/luck/sharpe-probability.ts";
import { near } from "./near.ts";

const MONTHLY = { sharpe: 1.585 / Math.sqrt(12), bars: 24 };
const HEAVY = { skewness: -2.448, kurtosis: 10.164 };

test("PSR of the example of 2012", () => {
  near(probabilisticSharpe({ ...MONTHLY, ...HEAVY }), 0.91323430688486);
  near(probabilisticSharpe(MONTHLY), 0.9815912360965);
  near(probabilisticSharpe({ sharpe: 2.5 / Math.sqrt(250), bars: 1250, skewness: -3, kurtosis: 10 }), 0.9999968595079);
});

test.each([
  [1.0, 252, 1208, 0, 3, 63, 0.985605594983, 0.598857116796],
  [1.0, 252, 1208, -1, 10, 63, 0.982735434423, 0.666184278431],
  [1.5, 252, 1208, 0, 3, 63, 0.99947262119, 0.0326874592106],
  [1.2, 8760, 6191, -0.5, 8, 20, 0.842640045326, 0.967428190151],
])("luck of %d a year by PSR", (annual, barsPerYear, bars, skewness, kurtosis, trials, psr, luck) => {
  const measured = { sharpe: annual / Math.sqrt(barsPerYear), bars, skewness, kurtosis };
  near(probabilisticSharpe(measured), psr);
  near(luckOf(chanceAlone(measured), trials), luck);
});

test.each([
  [2, 0.519755344281],
  [3, 0.852804496151],
  [5, 1.19259400101],
  [10, 1.57459830135],
  [63, 2.36353751397],
  [1000, 3.25512151365],
  [1300, 3.32900181295],
])("the expected maximum of %d", (trials, maximum) => {
  near(expectedMaximum(trials), maximum);
});

test.each([
  [1, 252, 1208, 0, 3, 63, 0.430990769182],
  [1.8, 252, 1208, 0, 3, 63, 0.941996748987],
  [1.8, 252, 1208, -1, 10, 63, 0.92993566282],
  [1, 252, 1208, 0, 3, 1, 0.985605594983],
  [2, 365, 1825, -0.3, 5, 229, 0.948243859723],
])("DSR of %d a year with the variance of worthless trials", (annual, year, bars, skewness, kurtosis, trials, dsr) => {
  near(deflatedSharpe({ sharpe: annual / Math.sqrt(year), bars, skewness, kurtosis }, trials), dsr);
});

test.each([
  [100, -3, 10, 0.90039683444939],
  [46, -3, 10, 0.95050170687558],
  [88, 0, 3, 0.95049081667601],
  [100, 0, 3, 0.94277058595653],
])("DSR of the example of 2014 with %d trials", (trials, skewness, kurtosis, dsr) => {
  const measured = { sharpe: 2.5 / Math.sqrt(250), bars: 1250, skewness, kurtosis };
  near(deflatedSharpe2014(measured, trials, 0.5 / 250), dsr);
});

test("the track record that is needed", () => {
  const against = (annual: number, year: number) => annual / Math.sqrt(year);
  near(minimumBars({ sharpe: against(2, 250), bars: 1 }, against(1, 250)), 682.796950432);
  near(minimumBars({ sharpe: against(2, 52), bars: 1 }, against(1, 52)), 147.099346521);
  const monthly = { bars: 1, skewness: -0.72, kurtosis: 5.78 };
  near(minimumBars({ ...monthly, sharpe: against(2, 12) }, against(1, 12)), 59.895098687);
  near(minimumBars({ ...monthly, sharpe: against(3, 12) }, against(2.5, 12)), 328.235042553);
  near(minimumBars({ sharpe: against(1, 252), bars: 1 }), 684.149722159);
  near(minimumBars({ sharpe: against(1, 252), bars: 1, skewness: -1, kurtosis: 10 }), 731.833594049);
  expect(minimumBars({ sharpe: 0.1, bars: 1 }, 0.1)).toBe(Number.POSITIVE_INFINITY);
});

test("the revision of 2025", () => {
  const track = { sharpe: 0.036 / 0.079, bars: 24, ...HEAVY };
  const close = (value: number, wanted: number) => expect(value).toBeCloseTo(wanted, 6);
  close(revised2025(track).probability, 0.987207);
  close(revised2025(track, { against: 0.1 }).probability, 0.939148);
  close(revised2025(track).minimumBars, 13.028778);
  close(revised2025(track, { rho: 0.2 }).probability, 0.965832);
  close(revised2025(track, { rho: 0.2, against: 0.1 }).probability, 0.900476);
  close(revised2025(track, { rho: 0.2 }).minimumBars, 19.543167);
  close(revised2025(track, { rho: 0.2, level: 0.1 }).minimumBars, 11.863494);
});

test.each([
  [0.08, 0.05, 0.6, 1208, 1.16357463402, 0.0257826177392],
  [0.063, 0.063, 0.3, 500, 0, 0.0529832386704],
  [0.1, -0.02, -0.2, 252, 1.22828372212, 0.0976972973258],
])("the difference of %d and %d", (first, second, correlation, bars, z, error) => {
  const difference = sharpeDifference(first, second, correlation, bars);
  near(difference.z, z);
  near(difference.error, error);
});

test("the difference's probability has two sides", () => {
  near(sharpeDifference(0.08, 0.05, 0.6, 1208).probability, 0.24459643604);
  near(sharpeDifference(0.05, 0.08, 0.6, 1208).probability, 0.24459643604);
});

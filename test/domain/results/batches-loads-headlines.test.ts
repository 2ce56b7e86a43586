import { describe, expect, test } from "vitest";
import { repeated } from "../../../src/domain/batch.ts";
import { summariseBatch } from "../../../src/domain/results/batch.ts";
import { normaliseBacktest } from "../../../src/domain/results/backtest.ts";
import { normaliseDataLoad } from "../../../src/domain/results/data-load.ts";
import { headline } from "../../../src/domain/kinds/index.ts";
import { normaliseTraining } from "../../../src/domain/results/training.ts";
import { batchRequest } from "../../support/batches.ts";
import { ENGINE, recorded, requestOf, spxBars, TRAINING } from "./recorded.ts";

const first = normaliseTraining(recorded.trainings.rsi, TRAINING, ENGINE);
const figures = [0.61, 0.68, 0.64].map((testAccuracy) => ({
  sharpe: null,
  testAccuracy,
  finalValLoss: first.finalValLoss,
  caveatCodes: ["one_draw", "few_epochs"],
}));
const { draw: _draw, ...training } = TRAINING;
const draws = repeated(training, 3);
const counts = { completed: 3, failed: 0, cancelled: 0, running: 0, reused: 1 };

describe("batches", () => {
  test("several draws of one training have median and range", () => {
    const result = summariseBatch(draws, counts, figures, ENGINE);
    expect(result.draws?.testAccuracy).toEqual({ median: 0.64, min: 0.61, max: 0.68, n: 3 });
    expect(result.caveats.map(({ code }) => code)).toEqual(["few_draws", "best_of_many", "items_have_caveats"]);
    expect(result.caveats.at(-1)?.text).toBe("Seen in single items: few_epochs (3).");
  });

  test("what did not finish, or was not begun, is said", () => {
    const result = summariseBatch(draws, { ...counts, completed: 1, failed: 1 }, figures.slice(0, 1), ENGINE);
    expect(result).toMatchObject({ items: 3, completed: 1, draws: { testAccuracy: { median: 0.61, n: 1 } } });
    const [notBegun, failed] = result.caveats;
    expect(notBegun?.text).toBe("1 of 3 items were not begun.");
    expect(failed?.text).toBe("1 of 3 items did not finish; the figures are of the other 1.");
  });

  test("different strategies have no figure in common", () => {
    const result = summariseBatch(batchRequest(3, { draws: 5 }), { ...counts, completed: 15 }, figures, ENGINE);
    expect(result.draws).toBeNull();
    expect(headline(result)).toBe("15 of 15 items completed, 1 of them known before");
  });
});

describe("data loads", () => {
  const request = {
    kind: "data_load",
    symbol: "SPX",
    timeframe: "1d",
    mode: "full",
    startDate: "2000-01-01",
    endDate: "2020-04-20",
  } as const;
  const after = { startDate: "2000-01-03T00:00:00Z", endDate: "2020-04-17T00:00:00Z", points: 5105 };

  test("bars are counted from what is stored", () => {
    const result = normaliseDataLoad({ rows_downloaded: 105 }, request, after, ENGINE);
    expect(result).toMatchObject({ bars: 5105, barsAdded: 105, caveats: [] });
    expect(headline(result)).toBe("SPX 1d: 5105 bars 2000-01-03 to 2020-04-17, 105 added");
    expect(normaliseDataLoad({}, request, after, ENGINE).barsAdded).toBeNull();
    expect(normaliseDataLoad({ rows_downloaded: "many" }, request, after, ENGINE).barsAdded).toBeNull();
  });

  test("a load that KTRDR lost track of is done only when the stored bars show it", () => {
    const covered = normaliseDataLoad({}, request, after, ENGINE);
    expect(covered.caveats.map(({ code }) => code)).toEqual(["end_unconfirmed"]);
    const lost = expect.objectContaining({ code: "computation_lost" });
    const missing = { ...request, endDate: "2024-01-01" };
    expect(() => normaliseDataLoad({}, missing, after, ENGINE)).toThrow(lost);
    // Without a start date in the request nobody can see whether its first bars are there.
    expect(() => normaliseDataLoad({}, { ...request, startDate: null }, after, ENGINE)).toThrow(lost);
    expect(() => normaliseDataLoad({}, { ...request, mode: "backfill", startDate: null }, after, ENGINE)).toThrow(lost);
    // Of a tail only the end is checked, of a backfill only the beginning.
    expect(normaliseDataLoad({}, { ...request, mode: "tail", startDate: null }, after, ENGINE).bars).toBe(5105);
    expect(normaliseDataLoad({}, { ...missing, mode: "backfill" }, { ...after }, ENGINE).bars).toBe(5105);
  });

  test("nothing new and a window that is not covered are said", () => {
    const wide = { ...request, startDate: "1990-01-01", endDate: "2024-01-01" };
    const result = normaliseDataLoad({ rows_downloaded: 0 }, wide, after, ENGINE);
    expect(result.caveats.map(({ code }) => code)).toEqual(["nothing_added", "window_not_covered"]);
    expect(result.caveats[1]?.text).toContain("beginning and the end");
  });

  test.each([
    { ...after, points: 0 },
    { ...after, points: Number.NaN },
    { ...after, startDate: "soon" },
    { ...after, startDate: "2021-01-01" },
  ])("a range that makes no sense: %o", (range) => {
    expect(() => normaliseDataLoad({}, request, range, ENGINE)).toThrow(
      expect.objectContaining({ code: "ktrdr_bad_answer" }),
    );
  });
});

describe("headlines", () => {
  test("of a training and of its draws", () => {
    expect(headline(first)).toBe(
      "model of epoch 60 of 60: validation loss 1.014, accuracy 64.3 % (test 68.2 %); the best loss, 1.003 at epoch 55, was not saved; models/spx_rsi_reversion/1d_v1",
    );
    expect(headline(summariseBatch(draws, counts, figures, ENGINE))).toBe(
      "3 of 3 items completed, 1 of them known before, median validation loss 1.014 (draws 1.014 to 1.014), median test accuracy 64.0 % (draws 61.0 % to 68.0 %)",
    );
  });

  test("a backtest stands beside buy-and-hold", () => {
    const run = recorded.daily.find(
      ({ strategy_name, start_time }) => strategy_name.includes("macd") && start_time.startsWith("2016"),
    )!;
    const result = normaliseBacktest(run, requestOf(run), spxBars("2016-01-04", "2017-12-29"), ENGINE);
    expect(headline(result)).toMatch(
      /^return 2\.47 %, Sharpe 0\.92, drawdown 1\.9 %, 13 trades; buy-and-hold, fully invested, 3\d\.\d\d %, Sharpe \d\.\d\d$/,
    );
  });
});

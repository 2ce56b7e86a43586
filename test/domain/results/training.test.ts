import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DomainError, isDomainError } from "../../../src/domain/errors.ts";
import { headline } from "../../../src/domain/kinds/index.ts";
import { normaliseTraining } from "../../../src/domain/results/training.ts";
import { trainingTraits } from "../../../src/domain/results/training-traits.ts";
import { ENGINE, recorded, TRAINING } from "./recorded.ts";

const codes = (result: { caveats: readonly { code: string }[] }) => result.caveats.map(({ code }) => code);

/** A recorded summary with another validation curve. */
function withCurve(valLoss: number[], more: Record<string, unknown> = {}): Record<string, unknown> {
  const { training_metrics: metrics } = recorded.trainings.rsi;
  const same = (value: number) => valLoss.map(() => value);
  return {
    ...recorded.trainings.rsi,
    training_metrics: {
      ...metrics,
      epochs_trained: valLoss.length,
      history: { val_loss: valLoss, train_loss: same(1), val_accuracy: same(0.6), train_accuracy: same(0.6) },
    },
    ...more,
  };
}

describe("what is no number", () => {
  const nothing = (values: readonly unknown[]) => values.map(() => null);

  test("an empty validation part leaves no figure of it, not a 0", () => {
    const summary = withCurve([1, 1, 1]);
    const metrics = summary["training_metrics"] as Record<string, unknown>;
    const history = metrics["history"] as Record<string, readonly unknown[]>;
    const empty = {
      ...metrics,
      final_val_loss: null,
      final_val_accuracy: null,
      best_val_accuracy: 0,
      history: { ...history, val_loss: nothing([1, 1, 1]), val_accuracy: nothing([1, 1, 1]) },
    };
    const result = normaliseTraining({ ...summary, training_metrics: empty }, TRAINING, ENGINE);
    expect(result).toMatchObject({
      bestEpoch: null,
      bestValLoss: null,
      bestValAccuracy: null,
      finalValLoss: null,
      finalValAccuracy: null,
      savedEpoch: 2,
      epochsTrained: 3,
    });
    expect(codes(result)[0]).toBe("no_validation");
    expect(headline(result)).toContain("model of epoch 3 of 3: validation loss unknown");
  });

  test("a training whose loss is lost on the way has no model", () => {
    const summary = withCurve([1, 1, 1]);
    const metrics = summary["training_metrics"] as Record<string, unknown>;
    const lost = { train_loss: [0.9, null, null], val_loss: [1, null, null], train_accuracy: [0.5, 0.4, 0.4] };
    const broken = { ...summary, training_metrics: { ...metrics, history: lost } };
    expect(() => normaliseTraining(broken, TRAINING, ENGINE)).toThrow(
      expect.objectContaining({ code: "computation_failed", message: expect.stringContaining("from epoch 2 on") }),
    );
  });
});

describe("a recorded training", () => {
  const result = normaliseTraining(recorded.trainings.rsi, TRAINING, ENGINE);

  test("keeps KTRDR's figures and finds the best epoch that KTRDR never names", () => {
    expect(result).toMatchObject({
      kind: "training",
      modelPath: "models/spx_rsi_reversion/1d_v1",
      strategy: "spx_rsi_reversion",
      epochsTrained: 60,
      bestEpoch: 54,
      bestValLoss: 1.0025007724761963,
      finalValLoss: 1.0139737129211426,
      bestValAccuracy: 0.6395759582519531,
      testAccuracy: 0.6819788217544556,
      parameters: 259,
      featureCount: 5,
      samples: 3773,
      trainingSeconds: 31.371248722076416,
      engine: ENGINE,
    });
  });

  test("rounds curves to six significant digits", () => {
    expect(result.curve.valLoss.slice(0, 2)).toEqual([1.01479, 1.01091]);
    expect(result.curve.trainAccuracy).toHaveLength(60);
    expect(JSON.stringify(result).length).toBeLessThan(4_000);
  });

  test("sees the plateau of the rsi run and the early rise of the macd run", () => {
    expect(codes(result)).toEqual(["best_epoch_not_saved", "plateau", "one_draw"]);
    const macd = normaliseTraining(recorded.trainings.macd, { ...TRAINING, strategy: "spx_macd_adx_trend" }, ENGINE);
    expect(macd.bestEpoch).toBe(7);
    expect(codes(macd)).toEqual(["loss_rises_early", "best_epoch_not_saved", "one_draw"]);
  });
});

describe("a resumed training", () => {
  // KTRDR's result of a resumed training has only the later epochs (recording 13: 13 epochs, then 47).
  const { training_metrics: metrics } = recorded.trainings.rsi;
  const { train_loss = [], val_loss = [], train_accuracy = [], val_accuracy = [] } = metrics.history;
  const later = (values: number[]) => values.slice(13);
  const resumedFrom = {
    epoch: 12,
    curve: {
      trainLoss: train_loss.slice(0, 13),
      valLoss: val_loss.slice(0, 13),
      trainAccuracy: train_accuracy.slice(0, 13),
      valAccuracy: val_accuracy.slice(0, 13),
    },
  };
  const summary = {
    ...recorded.trainings.rsi,
    training_metrics: {
      ...metrics,
      epochs_trained: 47,
      history: Object.fromEntries(Object.entries(metrics.history).map(([name, values]) => [name, later(values)])),
    },
  };

  test("has the figures it would have had in one go, and says that it was not", () => {
    const { trainingSeconds, caveats, ...resumed } = normaliseTraining(summary, TRAINING, ENGINE, resumedFrom);
    const {
      trainingSeconds: _seconds,
      caveats: before,
      ...whole
    } = normaliseTraining(recorded.trainings.rsi, TRAINING, ENGINE);
    expect(resumed).toEqual(whole);
    expect(trainingSeconds).toBeNull();
    expect(caveats.map(({ code }) => code)).toEqual([...before.map(({ code }) => code), "resumed"]);
  });

  test("whose later epochs were no better is the network of the checkpoint's moment, not of its best epoch", () => {
    const worse = {
      ...summary,
      training_metrics: {
        ...summary.training_metrics,
        final_val_loss: 2,
        final_val_accuracy: 0.4,
        history: { ...summary.training_metrics.history, val_loss: later(val_loss).map((value) => value + 1) },
      },
    };
    const result = normaliseTraining(worse, TRAINING, ENGINE, resumedFrom);
    const best = val_loss.indexOf(Math.min(...val_loss.slice(0, 13)));
    expect(result).toMatchObject({
      savedEpoch: 12,
      bestEpoch: best,
      finalValLoss: val_loss[12],
      finalValAccuracy: val_accuracy[12],
    });
    expect(result.caveats.at(-1)?.text).toContain(
      `KTRDR saved the network that the checkpoint kept, of epoch 13, instead of the last one (60)`,
    );
  });
});

describe("signs in the curve", () => {
  test.each([
    [
      "rising from the first epoch",
      [1, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.7],
      ["loss_rises_early", "best_epoch_not_saved", "loss_never_improved"],
    ],
    ["falling to the end", [1, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3], ["still_improving"]],
    ["flat after the first quarter", [1, 0.5, 0.4, 0.4, 0.4, 0.399, 0.4, 0.4, 0.4], ["plateau"]],
    ["too short to tell, but for what was saved", [1, 2, 3], ["best_epoch_not_saved"]],
    ["best at the end", [3, 2, 1], []],
  ])("%s", (_, curve, expected) => {
    expect(codes(normaliseTraining(withCurve(curve), TRAINING, ENGINE))).toEqual([...expected, "one_draw"]);
  });

  test("a gap between test and validation", () => {
    const summary = withCurve([1, 2, 3], { test_metrics: { test_accuracy: 0.5, test_loss: 1 } });
    expect(codes(normaliseTraining(summary, TRAINING, ENGINE))).toContain("test_differs_from_validation");
  });

  test("a model that knows one class only", () => {
    // 61 % of labels are BUY and the model always says BUY. Precision, recall and F1 are scikit-learn's weighted ones.
    const summary = withCurve([1, 2, 3], {
      test_metrics: { test_accuracy: 0.61, test_loss: 1, precision: 0.3721, recall: 0.61, f1_score: 0.46224 },
    });
    expect(codes(normaliseTraining(summary, TRAINING, ENGINE))).toContain("predicts_one_class");
    expect(codes(normaliseTraining(recorded.trainings.rsi, TRAINING, ENGINE))).not.toContain("predicts_one_class");
  });
});

describe("what a training is worth", () => {
  const regression = (test: number, accuracies: number[]) => ({
    ...recorded.trainings.rsi,
    training_metrics: {
      ...recorded.trainings.rsi.training_metrics,
      epochs_trained: accuracies.length,
      final_val_accuracy: accuracies.at(-1),
      history: {
        val_loss: accuracies.map(() => 1),
        train_loss: accuracies.map(() => 1),
        val_accuracy: accuracies,
        train_accuracy: accuracies,
      },
    },
    test_metrics: { test_accuracy: test, test_loss: 0.1, mae: 0.0123 },
  });

  test("a regression's accuracy is directional, with its error in returns", () => {
    const result = normaliseTraining(regression(0.52, [0.5, 0.51, 0.53]), TRAINING, ENGINE);
    expect(result).toMatchObject({ regression: true, mae: 0.0123 });
    expect(headline(result)).toContain("directional accuracy 53.0 % (test 52.0 %), MAE 0.01230");
    expect(codes(result)).toEqual(["one_draw"]);
  });

  test.each([
    ["test and validation accuracy sum to 1", 0.4449999, [0.5, 0.52, 0.555]],
    ["every epoch is right as often, or as seldom", 0.61, [0.555, 0.445, 0.555, 0.555]],
  ])("a constant prediction: %s", (_, test, accuracies) => {
    const found = codes(normaliseTraining(regression(test, accuracies), TRAINING, ENGINE));
    expect(found).toContain("constant_prediction");
    expect(found).not.toContain("test_differs_from_validation");
  });

  const text = (more: string) => `training:\n  labels: {source: zigzag, zigzag_threshold: 0.05}\n${more}`;
  // Prices swing between 100 and 110 in legs of ten bars. In the last quarter they rise in small steps without a turn.
  const bars = Array.from({ length: 400 }, (_, index) => {
    const close = index < 300 ? 100 + 10 * Math.abs(((index % 20) - 10) / 10) : 100 + index / 10;
    return { high: close, low: close, close };
  });

  test("the most frequent label stands beside the accuracy, of the test part too", () => {
    const traits = trainingTraits(text(""), bars);
    expect(traits.baseRate).toMatchObject({ label: expect.any(String), test: { label: "BUY" } });
    expect(traits.baseRate?.test?.share).toBeGreaterThan(0.9);
    const result = normaliseTraining(recorded.trainings.rsi, TRAINING, ENGINE, null, traits);
    expect(headline(result)).toMatch(/accuracy 6\d\.\d % \(test 68\.2 %, always BUY 9\d\.\d %\)/);
    expect(codes(result)).toContain("no_better_than_base_rate");
  });

  test("of a regression it is how often the price went up", () => {
    const up = "decisions: {output_format: regression}\ntraining:\n  labels: {source: forward_return, horizon: 1}\n";
    expect(trainingTraits(up, bars)).toMatchObject({
      regression: true,
      baseRate: { test: { label: "up", share: expect.closeTo(1, 1) } },
    });
  });

  test.each([
    [
      "slower bars that are not filled",
      "training_data:\n  timeframes: {mode: multi_timeframe, list: [1h, 1d]}",
      "zeros_in_training",
    ],
    [
      "inputs scaled before the split",
      "nn_inputs: [{raw_indicator: osc, timeframes: all}]",
      "inputs_scaled_before_split",
    ],
    ["a split without a gap", "", "split_not_purged"],
    ["data from elsewhere", "context_data: [{provider: fred, series: DGS2}]", "context_data"],
  ])("%s", (_, more, code) => {
    const summary = { ...recorded.trainings.rsi, data_summary: undefined };
    const found = (words: string | null) =>
      codes(normaliseTraining(summary, TRAINING, ENGINE, null, trainingTraits(words, null)));
    expect(found(text(more))).toContain(code);
    expect(found(null)).not.toContain(code);
    expect(found("nn_inputs: [{raw_indicator: osc, normalization: none}]")).not.toContain(code);
  });

  test("labels of the first of several symbols", () => {
    const summary = { ...recorded.trainings.rsi, data_summary: { symbols: ["SPX", "GOLD"] } };
    expect(codes(normaliseTraining(summary, TRAINING, ENGINE))).toContain("labels_of_first_symbol");
  });

  test("no text is a crash", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (hostile) => {
        const traits = trainingTraits(hostile, bars);
        expect(JSON.stringify(traits)).not.toMatch(/NaN|Infinity/);
      }),
    );
  });
});

describe("what cannot be used", () => {
  const failing = (summary: Record<string, unknown>) => {
    try {
      return normaliseTraining(summary, TRAINING, ENGINE);
    } catch (error) {
      if (error instanceof DomainError) return error;
      throw error;
    }
  };

  test("a training that failed inside a completed operation", () => {
    const error = failing({
      ...recorded.trainings.rsi,
      training_metrics: { error: "loss is\n\u0007NaN ".repeat(100) },
    });
    expect(error).toMatchObject({ code: "computation_failed" });
    expect((error as DomainError).why).toMatch(/^KTRDR said: loss is NaN/);
    expect((error as DomainError).why?.length).toBeLessThan(230);
  });

  test.each([
    ["no model path", { model_path: "" }],
    ["no metrics", { training_metrics: undefined }],
    ["NaN in the curve", withCurve([1, Number.NaN, 1])],
    ["an accuracy above one", { test_metrics: { test_accuracy: 61 } }],
    ["a number as text", { test_metrics: { test_loss: "0.3" } }],
    ["another symbol", { data_summary: { symbols: ["EURUSD"] } }],
  ])("%s", (_, change) => {
    expect(failing({ ...recorded.trainings.rsi, ...change })).toMatchObject({ code: "ktrdr_bad_answer" });
  });

  test("names the unusable fields", () => {
    expect(failing({ ...recorded.trainings.rsi, model_path: 7 })).toMatchObject({
      why: expect.stringContaining("model_path"),
    });
  });

  test("a rise from a loss of next to nothing is no endless share", () => {
    const history = { train_loss: [0], val_loss: [-5e-324, 0, 0, 0, 0, 0, 0, 8.9e-18] };
    const summary = { model_path: "models/a/1d_v1", training_metrics: { epochs_trained: 1, history } };
    const { caveats } = normaliseTraining(summary, TRAINING, ENGINE);
    expect(caveats.map(({ code }) => code)).not.toContain("loss_rises_early");
  });

  test("a loss that rises beyond all measure is told in words, not as Infinity", () => {
    const val_loss = [...Array.from({ length: 39 }, () => 1), Number.MAX_VALUE];
    const history = { train_loss: val_loss.map(() => 1), val_loss };
    const summary = { model_path: "models/a/1d_v1", training_metrics: { epochs_trained: 40, history } };
    const { caveats } = normaliseTraining(summary, TRAINING, ENGINE);
    expect(JSON.stringify(caveats)).toContain("rose more than 100000 % since");
  });

  test("anything else ends in a DomainError or a result without NaN, never in a crash", () => {
    const summary = fc.oneof(
      fc.dictionary(fc.string(), fc.anything()),
      fc.record({ model_path: fc.anything(), training_metrics: fc.anything(), test_metrics: fc.anything() }),
      fc
        .record({
          epochs_trained: fc.oneof(fc.nat(), fc.anything()),
          history: fc.record({ val_loss: fc.array(fc.double()), train_loss: fc.array(fc.double()) }),
        })
        .map((training_metrics) => ({ model_path: "models/a/1d_v1", training_metrics })),
    );
    fc.assert(
      fc.property(summary, (hostile) => {
        try {
          const result = normaliseTraining(hostile as Record<string, unknown>, TRAINING, ENGINE);
          expect([...result.curve.valLoss, result.bestValLoss ?? 0].every(Number.isFinite)).toBe(true);
          expect(JSON.stringify(result.caveats)).not.toMatch(/NaN|undefined|Infinity/);
        } catch (error) {
          expect(isDomainError(error, "ktrdr_bad_answer", "computation_failed")).toBe(true);
        }
      }),
    );
  });
});

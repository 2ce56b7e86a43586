import { describe, expect, test } from "vitest";
import { resumePointOf, savedEpoch, type Reached } from "../../src/domain/resume-point.ts";
import recorded from "../fixtures/ktrdr-real/resumed-twice.json" with { type: "json" };

const curveOf = (
  history: Readonly<Record<"train_loss" | "val_loss" | "train_accuracy" | "val_accuracy", number[]>>,
) => ({
  trainLoss: history.train_loss,
  valLoss: history.val_loss,
  trainAccuracy: history.train_accuracy,
  valAccuracy: history.val_accuracy,
});

const like = (epoch: number, valLoss: readonly number[]): Reached => ({
  epoch,
  curve: { trainLoss: valLoss, valLoss, trainAccuracy: valLoss, valAccuracy: valLoss },
  bestValLoss: Math.min(...valLoss),
});

describe("a training of the real KTRDR that was stopped twice and gone on with", () => {
  const [run] = recorded;
  const reached = run!.stopped.map(({ epoch, best_val_loss: bestValLoss, training_history: history }) => ({
    epoch,
    bestValLoss,
    curve: curveOf(history),
  }));

  test("is known from its first epoch on, although its second checkpoint tells of the later ones only", () => {
    const first = resumePointOf(reached[0]!, null);
    expect(first).toMatchObject({ epoch: 19, keptEpoch: 19 });
    expect(resumePointOf(reached[1]!, null)).toBeNull();
    const second = resumePointOf(reached[1]!, first);
    expect(second?.curve.valLoss).toHaveLength(33);
    // No later epoch was better than those before the first stop, so both checkpoints keep the network of that moment.
    expect(second).toMatchObject({ epoch: 32, keptEpoch: 19, bestValLoss: run!.stopped[1]!.best_val_loss });
    const whole = [...(second?.curve.valLoss ?? []), ...run!.result.training_metrics.history.val_loss];
    expect(whole).toHaveLength(60);
    expect(savedEpoch({ trainLoss: whole, valLoss: whole }, second)).toBe(19);
  });
});

describe("where a training can go on", () => {
  test("an epoch that is listed beyond the last finished one is computed again", () => {
    expect(resumePointOf(like(1, [3, 2, 1]), null)?.curve.valLoss).toEqual([3, 2]);
  });

  test("the same checkpoint once more is the same place", () => {
    const first = resumePointOf(like(1, [3, 2]), null);
    const second = resumePointOf(like(3, [2, 1]), first);
    expect(second).toMatchObject({ keptEpoch: 3, curve: { valLoss: [3, 2, 2, 1] } });
    expect(resumePointOf(like(3, [2, 1]), second)).toMatchObject({ epoch: 3, curve: { valLoss: [3, 2, 2, 1] } });
  });

  test("after every epoch of a training without a validation part", () => {
    const { epoch, curve } = like(1, [3, 2]);
    const reached = { epoch, curve: { ...curve, valLoss: [], valAccuracy: [] }, bestValLoss: null };
    expect(resumePointOf(reached, null)).toMatchObject({ epoch: 1, keptEpoch: 1 });
    expect(resumePointOf({ ...reached, epoch: 2 }, null)).toBeNull();
  });

  test("nowhere, when an epoch is missing", () => {
    expect(resumePointOf(null, null)).toBeNull();
    expect(resumePointOf(like(4, [3, 2]), null)).toBeNull();
    // The curve of the earlier checkpoint was cleaned up.
    const cleaned = { epoch: 1, curve: { trainLoss: [], valLoss: [], trainAccuracy: [], valAccuracy: [] } };
    expect(resumePointOf(like(3, [2, 1]), cleaned)).toBeNull();
    expect(resumePointOf(like(1, [2, 1]), cleaned)).toBeNull();
  });
});

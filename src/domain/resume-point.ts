/** Where a training can go on, by its checkpoint at KTRDR. */
import type { ResumePoint } from "./outcome.ts";
import { curveOf, type LearningCurve } from "./result.ts";

/** What a checkpoint holds of a training. */
export interface Reached {
  /** 0-based last finished epoch. */
  readonly epoch: number;
  /**
   * The epochs since the training began or was last resumed. When it was cancelled between an epoch and its checkpoint,
   * this has one epoch more than `epoch` says; that epoch is computed again.
   */
  readonly curve: LearningCurve;
  /** The lowest validation loss that KTRDR knows; for a resumed training, the lowest since the resumption. */
  readonly bestValLoss: number | null;
}

/**
 * @param earlier where this operation was resumed before; null when it was not
 * @returns null when the checkpoint and `earlier` together do not have every epoch, which the result would then lack
 */
export function resumePointOf(reached: Reached | null, earlier: ResumePoint | null): ResumePoint | null {
  if (reached === null) return null;
  const { epoch, bestValLoss } = reached;
  // No epoch was finished since: it is the checkpoint that the training was resumed from before.
  const curve =
    earlier === null ? reached.curve : epoch > earlier.epoch ? after(earlier, reached.curve) : earlier.curve;
  const whole = curveOf((name) => curve[name].slice(0, epoch + 1));
  const [trained, validated] = [
    [whole.trainLoss, whole.trainAccuracy],
    [whole.valLoss, whole.valAccuracy],
  ];
  // Without a validation part there are no validation figures.
  const unvalidated = validated.every((series) => series.length === 0);
  const wanted = unvalidated ? trained : [...trained, ...validated];
  if (!wanted.every((series) => series.length === epoch + 1)) return null;
  return {
    epoch,
    curve: whole,
    keptEpoch: savedEpoch(whole, earlier),
    ...(bestValLoss === null ? {} : { bestValLoss }),
  };
}

/**
 * The 0-based epoch whose network KTRDR saves, or keeps in a checkpoint as the best. KTRDR keeps a reference to the
 * network in training instead of a copy, so it is always the last epoch's (docs/ktrdr.md §11.2). Only a resumed
 * training has a copy, from the checkpoint, until a later epoch beats the checkpoint's loss.
 * @param curve of every epoch; without validation losses KTRDR keeps no best one
 */
export function savedEpoch(
  { trainLoss, valLoss }: Pick<LearningCurve, "trainLoss" | "valLoss">,
  resumedFrom: ResumePoint | null,
): number {
  const last = trainLoss.length - 1;
  if (resumedFrom === null || valLoss.length === 0) return last;
  const { epoch, curve, bestValLoss = Math.min(...curve.valLoss), keptEpoch = epoch } = resumedFrom;
  return valLoss.slice(epoch + 1).some((loss) => loss < bestValLoss) ? last : keptEpoch;
}

/** The curve of every epoch; after a resumption KTRDR has only the later ones (docs/ktrdr.md §9.11). */
function after({ epoch, curve }: ResumePoint, later: LearningCurve): LearningCurve {
  return curveOf((name) => [...curve[name].slice(0, epoch + 1), ...later[name]]);
}

/** Which call trains anew instead of going on from a checkpoint. */
export const trainAnew =
  "To begin anew, call train_model without resume_from; a request that is known needs force_new_reason.";

/** Where a training can go on, out of what a checkpoint of KTRDR holds. */
import type { ResumePoint } from "./outcome.ts";
import type { LearningCurve } from "./result.ts";

/** What a checkpoint tells of a training. */
export interface Reached {
  /** 0-based last finished epoch. */
  readonly epoch: number;
  /**
   * Of the epochs since the training was begun or last resumed. One that is cancelled between an epoch and its checkpoint
   * lists an epoch more than `epoch` says; it is computed again.
   */
  readonly curve: LearningCurve;
  /** The lowest validation loss that KTRDR knows of: of a resumed training, since then. */
  readonly bestValLoss: number | null;
}

/**
 * @param earlier where the same operation of KTRDR went on before, when it was resumed.
 * @returns null when the checkpoint, with what was known before, does not tell of every epoch: its result would lack some.
 */
export function resumePointOf(reached: Reached | null, earlier: ResumePoint | null): ResumePoint | null {
  if (reached === null) return null;
  const { epoch, bestValLoss } = reached;
  // Nothing was learnt since: it is the very checkpoint that the training went on from before.
  const curve =
    earlier === null ? reached.curve : epoch > earlier.epoch ? after(earlier, reached.curve) : earlier.curve;
  const upTo = (series: readonly number[]) => series.slice(0, epoch + 1);
  const trained = { trainLoss: upTo(curve.trainLoss), trainAccuracy: upTo(curve.trainAccuracy) };
  const validated = { valLoss: upTo(curve.valLoss), valAccuracy: upTo(curve.valAccuracy) };
  const whole = { ...trained, ...validated };
  // Without a validation part there are no figures of it.
  const unvalidated = Object.values(validated).every((series) => series.length === 0);
  const wanted = Object.values(unvalidated ? trained : whole);
  if (!wanted.every((series) => series.length === epoch + 1)) return null;
  return {
    epoch,
    curve: whole,
    keptEpoch: savedEpoch(whole, earlier),
    ...(bestValLoss === null ? {} : { bestValLoss }),
  };
}

/**
 * The 0-based epoch whose network KTRDR saves, or keeps in a checkpoint as the best. It keeps a reference to the network
 * that it goes on training instead of a copy, so that is always the last one (docs/ktrdr.md §11.2); but for a training
 * that was resumed it has a copy, out of the checkpoint, until a later epoch beats the checkpoint's loss.
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

/** The curve of every epoch, of which KTRDR tells only those after a resumption (docs/ktrdr.md §9.11). */
function after({ epoch, curve }: ResumePoint, later: LearningCurve): LearningCurve {
  const join = (first: readonly number[], rest: readonly number[]) => [...first.slice(0, epoch + 1), ...rest];
  return {
    trainLoss: join(curve.trainLoss, later.trainLoss),
    valLoss: join(curve.valLoss, later.valLoss),
    trainAccuracy: join(curve.trainAccuracy, later.trainAccuracy),
    valAccuracy: join(curve.valAccuracy, later.valAccuracy),
  };
}

/** What to call where going on from a checkpoint is not to be had, or not wanted. */
export const trainAnew =
  "To begin anew, call train_model without resume_from; a request that is known needs force_new_reason.";

import type { PartialResult } from "./outcome.ts";
import type { Operation } from "./operation.ts";

/** The one with more progress: KTRDR forgets progress when it cancels, and when its API restarts. */
export function farther(one: PartialResult | null, other: PartialResult | null): PartialResult | null {
  if (one === null || other === null) return one ?? other;
  return other.percent > one.percent ? other : one;
}

/** What an unfinished computation had reached; null when nothing was ever seen of it. */
export function partialOf(view: Operation | null): PartialResult | null {
  if (view === null) return null;
  const best = view.epochs.reduce<(typeof view.epochs)[number] | null>(
    (least, epoch) => (least === null || epoch.valLoss < least.valLoss ? epoch : least),
    null,
  );
  return {
    percent: view.percent,
    step: view.step,
    epochsSeen: view.epochs.length,
    bestValLoss: best?.valLoss ?? null,
    bestValAccuracy: best?.valAccuracy ?? null,
  };
}

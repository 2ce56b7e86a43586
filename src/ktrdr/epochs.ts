import type { EpochFigures } from "../domain/operation.ts";

const figure = (value: unknown): number | null => (typeof value === "number" && Number.isFinite(value) ? value : null);

function toFigures(node: Readonly<Record<string, unknown>>): EpochFigures | null {
  const epoch = figure(node["epoch"]);
  const valLoss = figure(node["val_loss"]);
  const complete = figure(node["train_loss"]) !== null && valLoss !== null;
  if (epoch === null || !Number.isSafeInteger(epoch) || epoch < 0 || !complete) return null;
  return { epoch, valLoss, valAccuracy: figure(node["val_accuracy"]) };
}

/**
 * The epochs inside KTRDR's `metrics`, one per epoch number, ascending (docs/ktrdr.md §2.10: every poll appends the
 * whole list again, and three nestings are in use). The last copy of an epoch wins; entries without both losses are
 * left out. Time is linear in the size of the value, and its depth does not matter.
 */
export function readEpochs(metrics: unknown): EpochFigures[] {
  const latest = new Map<number, EpochFigures>();
  // Reading the pending values from the end visits later copies first, so the first one seen is the one to keep.
  const pending: unknown[] = [metrics];
  while (pending.length > 0) {
    const node = pending.pop();
    if (typeof node !== "object" || node === null) continue;
    if (Array.isArray(node)) {
      for (const child of node) if (typeof child === "object" && child !== null) pending.push(child);
      continue;
    }
    const fields = node as Readonly<Record<string, unknown>>;
    if ("epoch" in fields) {
      const number = fields["epoch"];
      if (typeof number === "number" && latest.has(number)) continue;
      const figures = toFigures(fields);
      if (figures !== null) latest.set(figures.epoch, figures);
      continue;
    }
    for (const child of Object.values(fields)) if (typeof child === "object" && child !== null) pending.push(child);
  }
  return [...latest.values()].toSorted((left, right) => left.epoch - right.epoch);
}

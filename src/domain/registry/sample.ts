/** Where the days of a backtest lie, seen from those that its model was trained on. Zod-free. */
import { overlaps, type DateWindow } from "../market-data.ts";

/** Only `after` is out of sample: a model that was trained on later days may know what became of earlier ones. */
export type Sample = "after" | "within" | "before" | "unknown";

/** @param trainedOn null when it is not on record */
export function sampleOf(trainedOn: DateWindow | null, days: DateWindow): Sample {
  if (trainedOn === null) return "unknown";
  if (overlaps(trainedOn, days)) return "within";
  return trainedOn.endDate.slice(0, 10) < days.startDate.slice(0, 10) ? "after" : "before";
}

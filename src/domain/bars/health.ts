import { calendarDefects } from "./calendar.ts";
import type { BarHealth, Defect } from "./defect.ts";
import { orderDefects } from "./order.ts";
import type { BarSeries } from "./series.ts";
import { valueDefects } from "./values.ts";

/**
 * Everything that is wrong or doubtful with bars, as KTRDR would compute on them. Empty for sound bars of any market: a
 * weekend, a holiday, a half day and a crash are no defects. Some 20 ms for 100,000 bars.
 * @param ofFile what is wrong with the file itself, when it could be seen
 */
export function barHealth(series: BarSeries, ofFile: readonly Defect[] = []): BarHealth {
  const bars = series.time.length;
  const [values, calendar] = [valueDefects(series), calendarDefects(series)];
  // Times that are none have no order either.
  const timeless = calendar.filter(({ kind }) => kind === "numbers_for_times");
  if (timeless.length > 0) return { bars, defects: [...ofFile, ...timeless, ...values] };
  const flat = values.some(({ kind }) => kind === "constant_price" || kind === "close_only");
  const rest = flat ? calendar.filter(({ kind }) => kind !== "stale") : calendar;
  return { bars, defects: [...ofFile, ...orderDefects(series), ...values, ...rest] };
}

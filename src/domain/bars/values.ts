/** Prices and volumes that no market can have had. */
import { defectOf, Tally, type Defect, type DefectKind } from "./defect.ts";
import type { BarSeries } from "./series.ts";

/** Fewer bars than this may be flat, or have one volume, by chance. */
const MANY = 20;

export function valueDefects(series: BarSeries): Defect[] {
  const { time, line } = series;
  const tallies = new Map<DefectKind, Tally>();
  const volumes = new Tally();
  for (let index = 0; index < time.length; index += 1) {
    const kind = kindOf(series, index);
    if (kind !== null) {
      const tally = tallies.get(kind) ?? new Tally();
      tallies.set(kind, tally);
      tally.add(time[index] ?? Number.NaN, line?.[index]);
    }
    // An empty bar has no volume either, and is reported once.
    if (kind !== "empty" && !Number.isFinite(series.volume[index])) volumes.add(time[index] ?? 0, line?.[index]);
  }
  return [
    ...[...tallies].flatMap(([kind, tally]) => defectOf(kind, tally)),
    ...defectOf("no_volume", volumes),
    ...sameness(series),
  ];
}

function kindOf({ time, open, high, low, close }: BarSeries, index: number): DefectKind | null {
  const [o = Number.NaN, h = Number.NaN, l = Number.NaN, c = Number.NaN] = [
    open[index],
    high[index],
    low[index],
    close[index],
  ];
  if (Number.isNaN(time[index])) return "unreadable_time";
  if (!Number.isFinite(o + h + l + c)) {
    return Number.isNaN(o) && Number.isNaN(h) && Number.isNaN(l) && Number.isNaN(c) ? "empty" : "not_a_number";
  }
  if (o < 0 || h < 0 || l < 0 || c < 0) return "negative";
  if (o === 0 || h === 0 || l === 0 || c === 0) return "zero";
  return h < l || h < o || h < c || l > o || l > c ? "impossible" : null;
}

/** Values that are the same in all bars: the file's author made them up, or KTRDR did for a missing column. */
function sameness({ time, open, high, low, close, volume, line }: BarSeries): Defect[] {
  const whole = (kind: DefectKind, detail?: string): Defect => ({
    kind,
    at: time,
    line: line?.[0] ?? null,
    ...(detail === undefined ? {} : { detail }),
  });
  const flat = close.every((price, index) => price === open[index] && price === high[index] && price === low[index]);
  const price = close[0] ?? Number.NaN;
  if (flat && close.every((other) => other === price)) {
    // KTRDR fills missing prices this way (docs/ktrdr.md §2.2), so a few bars are enough to tell.
    const made = price === 100 && volume.every((traded) => traded === 0);
    if (made || close.length >= MANY) return [whole("constant_price", String(price))];
    return [];
  }
  if (close.length < MANY) return [];
  const traded = volume[0] ?? 0;
  return [
    ...(flat ? [whole("close_only")] : []),
    ...(traded > 0 && volume.every((other) => other === traded) ? [whole("constant_volume", String(traded))] : []),
  ];
}

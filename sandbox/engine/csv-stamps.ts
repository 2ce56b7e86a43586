import { parseTime } from "./bars.ts";

const DAY = 86_400_000;

/** Names of a first column that KTRDR's loader reads once more when not all of it is dates. */
const NAMES_OF_TIME = new Set(["date", "Date", "DATE", "timestamp", "Timestamp", "time", "Time"]);

/** Shapes of stamps. Each stamp must have the shape of the first row's. */
const SHAPES: readonly { readonly pattern: RegExp; readonly time: (text: string) => number }[] = [
  { pattern: /^\d{4}-\d{2}-\d{2}$/, time: parseTime },
  { pattern: /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?$/, time: parseTime },
  { pattern: /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:[zZ]|[+-]\d{2}:?\d{2})$/, time: parseTime },
  {
    pattern: /^\d{1,2}\/\d{1,2}\/\d{4}$/,
    time: (text) => {
      const [month = "", day = "", year = ""] = text.split("/");
      return Date.parse(`${year}-${month.padStart(2, "0")}-${day.padStart(2, "0")}T00:00:00Z`);
    },
  },
];

/**
 * Times of the first column in ms UTC, as KTRDR's loader (pandas) reads them, all in the shape of the first. Whole
 * numbers are nanoseconds: milliseconds of today become minutes of 1970. What cannot be read has no time (NaN). Under a
 * name not in `NAMES_OF_TIME`, whole numbers or one stamp that cannot be read turn all times into the days since
 * 2023-01-01.
 */
export function stampReader(name: string, cells: readonly string[]): (row: number) => number {
  const texts = cells.map((cell) => cell.trim());
  const isNamed = NAMES_OF_TIME.has(name);
  const dummy = (row: number): number => Date.UTC(2023, 0, 1) + row * DAY;
  if (texts.every((text) => /^\d{5,}$/.test(text))) {
    return isNamed ? (row) => Number(texts[row]) / 1e6 : dummy;
  }
  const shape = SHAPES.find(({ pattern }) => pattern.test(texts[0] ?? ""));
  const times = texts.map((text) => {
    if (shape === undefined || !shape.pattern.test(text)) return Number.NaN;
    try {
      return shape.time(text);
    } catch {
      return Number.NaN;
    }
  });
  // Stamps with several offsets, as of summer and winter, cannot be read in one go either.
  const offsets = new Set(texts.map((text) => /T? ?\d{2}:\d{2}.*?([+-]\d{2}:?\d{2})$/.exec(text)?.[1] ?? ""));
  return isNamed || (!times.some(Number.isNaN) && offsets.size < 2) ? (row) => times[row] ?? Number.NaN : dummy;
}

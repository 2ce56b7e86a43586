/** The times of a price file as KTRDR's loader (pandas) reads them: every row must have the form of the first. */

const CLOCK =
  /(?:[T ](\d{1,2}):?(\d{2})(?::?(\d{2})(?:\.(\d{1,9}))?)?(?: ?([AaPp][Mm]))?( ?(?:Z|[A-Z]{2,5}|[+-]\d{2}(?::?\d{2})?))?)?$/;
const YEAR_FIRST = /^(\d{4})([-/.])(\d{1,2})(?:\2(\d{1,2}))?/;
const COMPACT = /^(\d{4})(\d{2})(\d{2})/;
const YEAR_LAST = /^(\d{1,2})([/.-])(\d{1,2})\2(\d{4}|\d{2})/;
const NAMED_MONTH = /^(\d{1,2})[- ]([A-Za-z]{3})[- ](\d{4})/;
const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
/** What KTRDR writes itself: `2020-01-31T09:00:00Z`. Most files have nothing else, and a day has many bars. */
const PLAIN = /^\d{4}-\d{2}-\d{2}T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\dZ$/;

export interface Stamps {
  /** ms since 1970 UTC; NaN where KTRDR cannot read it. */
  readonly timeOf: (stamp: string) => number;
  /** The form of the first row: usual, plain numbers, or a date whose day and month may be swapped. */
  readonly form: "plain" | "numbers" | "ambiguous";
  readonly droppedZone: string | null;
  /** The offsets from UTC that occur: KTRDR reads several only in a column whose name it knows (`NAMES_OF_TIMES`). */
  readonly offsets: ReadonlySet<string>;
}

/** @param first the first row's stamp, which decides how all are read */
export function createStamps(first: string): Stamps {
  if (/^\d{9,19}$/.test(first) || /^(?:\d{1,3}|\d{5,7})$/.test(first)) {
    const timeOf = (stamp: string): number => (/^\d+$/.test(stamp) ? Number(stamp) / 1e6 : Number.NaN);
    return { timeOf, form: "numbers", droppedZone: null, offsets: new Set() };
  }
  const shape = shapeOf(first);
  const last = YEAR_LAST.exec(first);
  const dayFirst = Number(last?.[1]) > 12;
  const zone = /(?<=:\d{2}) ?([A-Z]{2,5})$/.exec(first)?.[1];
  const isOther = zone !== undefined && !["UTC", "GMT", "AM", "PM"].includes(zone);
  const offsets = new Set<string>();
  let [day, midnight] = ["", Number.NaN];
  const timeOf = (stamp: string): number => {
    if (stamp.length === 20 && shape === PLAIN_SHAPE && PLAIN.test(stamp)) {
      const date = stamp.slice(0, 10);
      if (date !== day) [day, midnight] = [date, dateMs(date, false)];
      return midnight + (two(stamp, 11) * 3_600 + two(stamp, 14) * 60 + two(stamp, 17)) * 1_000;
    }
    if (shapeOf(stamp) !== shape) return Number.NaN;
    return readStamp(stamp, dayFirst, offsets);
  };
  return { timeOf, form: last === null ? "plain" : "ambiguous", droppedZone: isOther ? zone : null, offsets };
}

/** Columns of these names KTRDR reads again, row by row. For others it makes up days. */
export const NAMES_OF_TIMES: ReadonlySet<string> = new Set([
  "date",
  "Date",
  "DATE",
  "timestamp",
  "Timestamp",
  "time",
  "Time",
]);

/** Stamps of one format have the same shape, whatever the number of digits and the offset. */
const shapeOf = (stamp: string): string =>
  stamp
    .replace(/(?<=:\d{2}(?:\.\d+)?)( ?)(?:Z|UTC|[+-]\d{2}(?::?\d{2})?)$/, "$1z")
    .replace(/\.\d+(?=\D*$)/, (part) => (stamp.includes(":") ? ".f" : part))
    .replace(/[A-Za-z]{3,}/, "m")
    .replaceAll(/\d+/g, "9");
const PLAIN_SHAPE = shapeOf("2020-01-31T09:00:00Z");

const two = (text: string, at: number): number => (text.charCodeAt(at) - 48) * 10 + text.charCodeAt(at + 1) - 48;

function readStamp(stamp: string, dayFirst: boolean, offsets: Set<string>): number {
  const date = [YEAR_FIRST, COMPACT, YEAR_LAST, NAMED_MONTH].map((form) => form.exec(stamp)?.[0]).find(Boolean);
  const clock = date === undefined ? null : CLOCK.exec(stamp.slice(date.length));
  if (date === undefined || clock === null || clock.index !== 0) return Number.NaN;
  const [, hour = "0", minute = "0", second = "0", fraction = "", half = "", zone = ""] = clock;
  const h = half === "" ? Number(hour) : (Number(hour) % 12) + (half.toLowerCase() === "pm" ? 12 : 0);
  if (h > 23 || Number(minute) > 59 || Number(second) > 59) return Number.NaN;
  const offset = offsetMs(zone.trim());
  offsets.add(String(offset));
  const ms = Number(fraction.padEnd(3, "0").slice(0, 3));
  return dateMs(date, dayFirst) + ((h * 60 + Number(minute)) * 60 + Number(second)) * 1_000 + ms - offset;
}

/** A named zone counts as UTC. */
function offsetMs(zone: string): number {
  const [, sign, hours = "0", minutes = "0"] = /^([+-])(\d{2}):?(\d{2})?$/.exec(zone) ?? [];
  const size = (Number(hours) * 60 + Number(minutes)) * 60_000;
  return sign === "-" ? -size : sign === "+" ? size : 0;
}

/** NaN for the 31st of February, which JavaScript would take for the 3rd of March. */
function dateMs(date: string, dayFirst: boolean): number {
  const [year, month, day] = partsOf(date, dayFirst);
  const ms = Date.UTC(year, month - 1, day);
  return new Date(ms).getUTCMonth() === month - 1 && month >= 1 && month <= 12 && day >= 1 ? ms : Number.NaN;
}

function partsOf(date: string, dayFirst: boolean): readonly [year: number, month: number, day: number] {
  const first = YEAR_FIRST.exec(date) ?? null;
  if (first !== null) return [Number(first[1]), Number(first[3]), Number(first[4] ?? 1)];
  const named = NAMED_MONTH.exec(date);
  if (named !== null) return [Number(named[3]), MONTHS.indexOf(String(named[2]).toLowerCase()) + 1, Number(named[1])];
  const last = YEAR_LAST.exec(date);
  if (last !== null) {
    const [, a, , b, year = ""] = last.map((part) => part);
    // Years of two digits: 69 to 99 are 1969 to 1999.
    const full = year.length === 2 ? Number(year) + (Number(year) >= 69 ? 1_900 : 2_000) : Number(year);
    return dayFirst ? [full, Number(b), Number(a)] : [full, Number(a), Number(b)];
  }
  const compact = COMPACT.exec(date);
  return [Number(compact?.[1]), Number(compact?.[2]), Number(compact?.[3])];
}

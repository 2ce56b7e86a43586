/** Price files of every calendar, and what people's downloads do to them. */
import { utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

export const HEADER = "timestamp,open,high,low,close,volume";
export const stamp = (time: number): string => `${new Date(time).toISOString().slice(0, 19)}Z`;

/** Bars of a market that is open when `open` says so. */
function times(from: string, to: string, step: number, open: (time: number) => boolean): number[] {
  const found: number[] = [];
  for (let time = Date.parse(`${from}T00:00:00Z`); time < Date.parse(`${to}T00:00:00Z`) + DAY; time += step) {
    if (open(time)) found.push(time);
  }
  return found;
}

const weekday = (time: number): number => new Date(time).getUTCDay();
const monthDay = (time: number): string => new Date(time).toISOString().slice(5, 10);
const HOLIDAYS = new Set(["01-01", "01-02", "05-01", "07-04", "12-24", "12-25", "12-26"]);
const HALF_DAYS = new Set(["07-03", "11-27", "12-23", "12-31"]);

/** When the bars of a kind of market begin, both days included. */
export const CALENDARS = {
  "stock 1d": (from: string, to: string) =>
    times(from, to, DAY, (time) => weekday(time) % 6 !== 0 && !HOLIDAYS.has(monthDay(time))),
  "stock 1h": (from: string, to: string) =>
    times(from, to, HOUR, (time) => {
      const hour = new Date(time).getUTCHours();
      if (weekday(time) % 6 === 0 || HOLIDAYS.has(monthDay(time))) return false;
      return hour >= 14 && hour <= (HALF_DAYS.has(monthDay(time)) ? 17 : 20);
    }),
  "fx 1h": (from: string, to: string) =>
    times(from, to, HOUR, (time) => {
      const [day, hour] = [weekday(time), new Date(time).getUTCHours()];
      if (monthDay(time) === "12-25" || monthDay(time) === "01-01") return false;
      return day === 6 ? false : day === 0 ? hour >= 22 : day === 5 ? hour < 22 : true;
    }),
  "china 1d": (from: string, to: string) =>
    times(from, to, DAY, (time) => {
      const [month = 0, day = 0] = monthDay(time).split("-").map(Number);
      return weekday(time) % 6 !== 0 && !(month === 10 && day <= 8) && !(month === 2 && day >= 3 && day <= 10);
    }),
  "crypto 1d": (from: string, to: string) => times(from, to, DAY, () => true),
  "crypto 1h": (from: string, to: string) => times(from, to, HOUR, () => true),
  "crypto 1m": (from: string, to: string) => times(from, to, 60_000, () => true),
  "stock 1w": (from: string, to: string) => times(from, to, DAY, (time) => weekday(time) === 1),
  "stock 1M": (from: string, to: string) => times(from, to, DAY, (time) => monthDay(time).endsWith("-01")),
} as const;

/** Calm prices: every bar is sound, nothing jumps, the volume varies. The same times give the same rows. */
export function rowsAt(at: readonly number[]): string[] {
  let close = 100;
  return at.map((time, index) => {
    const open = close;
    close = open * (1 + 0.01 * Math.sin(index * 1.7) + 0.004 * Math.sin(index * 0.31));
    const [high, low] = [Math.max(open, close) * 1.002, Math.min(open, close) * 0.998];
    const prices = [open, high, low, close].map((price) => price.toFixed(4));
    return [stamp(time), ...prices, 1_000_000 + ((index * 7919) % 500_000)].join(",");
  });
}

export const textOf = (rows: readonly string[], header = HEADER): string => `${[header, ...rows].join("\n")}\n`;

/** Writes a file with a time so far back that it counts as settled. */
export async function putFile(dir: string, name: string, text: string): Promise<void> {
  await writeFile(join(dir, name), text);
  await utimes(join(dir, name), new Date(), new Date(Date.now() - 60_000));
}

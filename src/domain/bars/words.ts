/** The text of each defect of bars, and its grade. */
import type { Finding } from "../strategy/finding.ts";
import type { BarHealth, Defect, DefectKind } from "./defect.ts";

interface Words {
  readonly what: (count: number, detail: string) => string;
  readonly why: string;
  readonly fix: string;
}

const bars = (count: number): string => (count === 1 ? "1 bar" : `${count} bars`);
const have = (count: number): string => (count === 1 ? "1 bar has" : `${count} bars have`);
const are = (count: number): string => (count === 1 ? "1 bar is" : `${count} bars are`);
const ASIS = "KTRDR neither sorts nor mends a price file: it computes on the rows as they stand.";
const REMOVE = "Remove or mend these rows in the file.";

/** KTRDR fails on such bars, or computes on something else than the market was. */
const ERRORS = {
  newest_first: {
    what: () => "The file has the newest bar first.",
    why: `${ASIS} Indicators, labels and trades run backwards in time.`,
    fix: "Sort the rows by time, the oldest first.",
  },
  unsorted: {
    what: (count) => `The file is not in order: ${bars(count)} come${count === 1 ? "s" : ""} after newer ones.`,
    why: ASIS,
    fix: "Sort the rows by time, the oldest first.",
  },
  duplicate: {
    what: (count) => `${are(count)} there twice.`,
    why: `${ASIS} Every copy counts as a bar of its own.`,
    fix: "Keep one row for each time.",
  },
  conflict: {
    what: (count) => `${have(count)} the time of the bar before, with other prices.`,
    why: ASIS,
    fix: "Find out which row is right and keep one for each time.",
  },
  overlap: {
    what: (count) => `Two downloads overlap: the file goes back in time and repeats ${bars(count)}.`,
    why: ASIS,
    fix: "Sort the rows by time and keep one for each.",
  },
  doubled_hour: {
    what: (count) =>
      `An hour of a night on which clocks are set back is there twice (${bars(count)}): the times are local.`,
    why: "KTRDR takes times without a zone for UTC; in local time one hour is there twice and another never.",
    fix: "Write the times in UTC, e.g. 2020-10-25T00:00:00Z.",
  },
  unreadable_time: {
    what: (count) => `The time of ${bars(count)} cannot be read.`,
    why: "KTRDR reads every time in the form of the first row. Others get none, and its API then refuses the whole range.",
    fix: "Write all times in one form, as 2020-01-31T00:00:00Z; remove rows that are no bars (totals).",
  },
  numbers_for_times: {
    what: () => "The times are numbers (seconds or milliseconds since 1970).",
    why: "KTRDR reads them as nanoseconds: all bars fall on the first days of 1970.",
    fix: "Write times as 2020-01-31T00:00:00Z.",
  },
  made_up_times: {
    what: (_count, detail) => `KTRDR cannot read the times of the first column (${detail}) in one go.`,
    why: "They are of several forms or offsets from UTC. Under a name that it does not know, KTRDR makes up days from 2023-01-01 on.",
    fix: "Name the column timestamp, and write the times as 2020-01-31T00:00:00Z.",
  },
  empty: {
    what: (count) => `${are(count)} empty.`,
    why: "KTRDR trains on zeros in their place, its account loses its value there, and its API cannot answer such a range.",
    fix: REMOVE,
  },
  not_a_number: {
    what: (count) => `${have(count)} a price that is no number.`,
    why: "KTRDR trains on zeros in their place, its account loses its value there, and its API cannot answer such a range.",
    fix: REMOVE,
  },
  zero: {
    what: (count) => `${have(count)} a price of 0.`,
    why: "KTRDR takes it for a price: a position falls to nothing and comes back.",
    fix: REMOVE,
  },
  negative: {
    what: (count) => `${have(count)} a negative price.`,
    why: "Returns, and with them Sharpe and buy-and-hold, do not exist below 0. Oil in April 2020 was really there.",
    fix: "Choose dates without them, or mend them when they are a fault.",
  },
  impossible: {
    what: (count) => `${are(count)} impossible: the high is not the highest or the low not the lowest price.`,
    why: "KTRDR's API refuses the whole range because of one such bar, while its backtests compute on it.",
    fix: REMOVE,
  },
  refused: {
    what: (count, detail) =>
      `KTRDR's API refuses ${count === 0 ? "these bars" : bars(count)}${detail === "" ? "" : ` (${detail})`}.`,
    why: "It does so when one bar of a range is impossible, no number, or has no time that it can read.",
    fix: "Look at the rows of these dates in the price file; mend or remove them.",
  },
  close_only: {
    what: () => "Open, high, low and close are the same in every bar.",
    why: "These are closes alone. Ranges and every indicator of high and low are 0, and a trade at the next open has that bar's close.",
    fix: "Load bars with all four prices.",
  },
  constant_price: {
    what: (_count, detail) => `Every price is ${detail}.`,
    why: "KTRDR writes 100 for price columns that it does not find in a file. There is nothing to learn.",
    fix: "Write a file with the columns timestamp,open,high,low,close,volume, separated by commas, with dots in numbers.",
  },
  separator: {
    what: (_count, detail) => `The columns are separated by ${detail}.`,
    why: "KTRDR knows commas only: it finds no prices and reads nothing, or 100 for every price from 2023-01-01 on.",
    fix: "Separate columns with commas and write decimals with dots (100.25).",
  },
  no_header: {
    what: () => "The first line holds a bar, not the names of the columns.",
    why: "KTRDR takes it for names, finds no prices and reads 100 for each of them.",
    fix: "Put timestamp,open,high,low,close,volume in the first line.",
  },
  missing_columns: {
    what: (_count, detail) => `The file has no column ${detail}.`,
    why: "KTRDR fills a missing price with the first price column there is, and a missing volume with 0.",
    fix: "Write all of timestamp,open,high,low,close,volume.",
  },
  text_for_numbers: {
    what: (count) => `${have(count)} a word, or a comma for thousands, where a number should be.`,
    why: "KTRDR then takes the whole column for words and fails.",
    fix: "Write plain numbers with dots (1000.25).",
  },
  time_in_a_column: {
    what: () => "Date and time are two columns.",
    why: "KTRDR reads the first alone: all bars of a day have one time.",
    fix: "Write both in the first column, as 2020-01-31T09:00:00Z.",
  },
  unreadable_file: {
    what: (_count, detail) => `KTRDR cannot read the file: ${detail}.`,
    why: "It lists the file by its name alone.",
    fix: "Write timestamp,open,high,low,close,volume, separated by commas, one bar a line.",
  },
} satisfies Partial<Record<DefectKind, Words>>;

/** It may be real. */
const WARNINGS: Readonly<Record<Exclude<DefectKind, keyof typeof ERRORS>, Words>> = {
  zone_dropped: {
    what: (_count, detail) => `The times have the zone ${detail}.`,
    why: "KTRDR drops the name of a zone and takes the time for UTC.",
    fix: "Write the times in UTC, as 2020-01-31T00:00:00Z.",
  },
  jump: {
    what: (count, detail) => `The price jumps in ${bars(count)} (the first: ${detail}).`,
    why: "A split that prices are not adjusted for, another contract or a wrong tick looks like this. It may be real.",
    fix: "Compare with another source; adjust the prices before the jump when it is a split.",
  },
  hole: {
    what: (count, detail) =>
      `${count === 1 ? "A hole" : `${count} holes`}: about ${detail} bars of this market are missing.`,
    why: "KTRDR takes the bar behind a hole for the next one: indicators and trades reach across it. A session that a holiday cuts looks the same.",
    fix: "load_market_data (mode full) may fill it; or choose dates on one side.",
  },
  no_volume: {
    what: (count) => `${have(count)} no number as volume.`,
    why: "Indicators of volume are nothing there, and KTRDR's API cannot answer such a range. Prices are not concerned.",
    fix: "Write 0 where the volume is not known, and use no indicator of volume.",
  },
  negative_volume: {
    what: (count) => `${have(count)} a negative volume.`,
    why: "KTRDR reads it as 0. Only -1 is usual, for markets without a volume.",
    fix: "Write the volume, or 0 where it is not known.",
  },
  stale: {
    what: (count, detail) => `The price does not move at all in ${bars(count)} (the longest stretch: ${detail}).`,
    why: "A feed that stands still repeats its last price. Signals there are of no market. It may be real: a halt, a fixed rate.",
    fix: "Compare with another source; choose dates without the stretch.",
  },
  closed_day: {
    what: (count, detail) => `${bars(count)} on a ${detail}, when this market is usually closed.`,
    why: "Sources fill closed days with the last price. Special sessions look the same.",
    fix: "Remove the rows when the market was closed.",
  },
  constant_volume: {
    what: (_count, detail) => `The volume is ${detail} in every bar.`,
    why: "It was made up; indicators of volume say nothing.",
    fix: "Use no indicator of volume.",
  },
  other_timeframe: {
    what: (_count, detail) => `The bars are usually ${detail} apart, unlike their timeframe.`,
    why: "The file may be named after another timeframe than it holds.",
    fix: "Rename the file to the timeframe of its bars.",
  },
  day_or_month_first: {
    what: (_count, detail) => `Dates are written like ${detail}.`,
    why: "KTRDR guesses from the first row whether day or month comes first.",
    fix: "Write times as 2020-01-31T00:00:00Z.",
  },
};

const WORDS: Readonly<Record<DefectKind, Words>> = { ...ERRORS, ...WARNINGS };

const dayOf = (time: number): string => {
  if (!Number.isFinite(time)) return "";
  const stamp = new Date(time).toISOString();
  return stamp.endsWith("T00:00:00.000Z") ? stamp.slice(0, 10) : `${stamp.slice(0, 16)}Z`;
};

/** Where the first bar with the defect is: its time and, when the file can be read, its line. */
export function placeOf({ at, until, line }: Defect): string {
  const first = dayOf(at[0] ?? Number.NaN);
  const reach = until === undefined ? first : `${first} to ${dayOf(until[0] ?? Number.NaN)}`;
  return [reach, line === null ? "" : `line ${line}`].filter((part) => part !== "").join(", ");
}

export const isError = ({ kind }: Defect): boolean => kind in ERRORS;

/** Whether closes, or the times between them, are not those of the market, so that returns mean nothing. */
export const spoilsReturns = (defect: Defect): boolean =>
  isError(defect) && defect.kind !== "close_only" && defect.kind !== "constant_price";

/** One short line: how many of what, and where the first is. */
export function defectLine(defect: Defect): string {
  const what = WORDS[defect.kind].what(defect.at.length, defect.detail ?? "");
  const place = placeOf(defect);
  return place === "" ? what : `${what} First: ${place}.`;
}

/** The defects of a market's bars as findings, like those of a strategy; errors first. */
export function barFindings(market: string, { defects }: BarHealth): Finding[] {
  const findings = defects.map((defect): Finding => {
    const { what, why, fix } = WORDS[defect.kind];
    const place = placeOf(defect);
    return {
      severity: isError(defect) ? "error" : "warning",
      code: `bars_${defect.kind}`,
      where: place === "" ? market : `${market}, ${place}`,
      // `line` is a line of the strategy; this one is of the price file.
      line: null,
      what: what(defect.at.length, defect.detail ?? ""),
      why,
      fix,
    };
  });
  return findings.toSorted((a, b) => Number(b.severity === "error") - Number(a.severity === "error"));
}

/** The lines of a price file with their times, kept as they are written. */
import { DomainError } from "../domain/errors.ts";
import { createStamps } from "./price-stamps.ts";

export interface PriceLine {
  /** ms since 1970 UTC. */
  readonly time: number;
  /** As it is written, without its end. */
  readonly text: string;
}

export interface PriceLines {
  readonly header: string;
  /** Each later than the one before. */
  readonly lines: readonly PriceLine[];
}

/** @throws DomainError `bars_unsound` when a time cannot be read, or is not later than the one before */
export function priceLines(text: string, name: string): PriceLines {
  const [header = "", ...rows] = text.split("\n").filter((line) => line.trim() !== "");
  const stamp = (row: string): string => (row.split(",")[0] ?? "").trim();
  const stamps = createStamps(stamp(rows[0] ?? ""));
  let latest = Number.NEGATIVE_INFINITY;
  const lines = rows.map((row, at): PriceLine => {
    const time = stamps.form === "plain" ? stamps.timeOf(stamp(row)) : Number.NaN;
    if (!(time > latest)) throw unsound(name, at + 2);
    latest = time;
    return { time, text: row };
  });
  return { header, lines };
}

export const textOfLines = ({ header, lines }: PriceLines): string =>
  [header, ...lines.map(({ text }) => text)].map((line) => `${line}\n`).join("");

const unsound = (name: string, line: number) =>
  new DomainError("bars_unsound", {
    what: `${name} cannot be divided at a day.`,
    why: `The time in line ${line} cannot be read, or is not later than the one before it.`,
    next: "mend the file (list_market_data names what is wrong with it), then repeat the command",
  });

/** How figures and moments are written on the page. */
import { CANDIDATE_LUCK } from "../domain/luck/luck.ts";
import { luckText, type RunLuck } from "../domain/luck/run-luck.ts";
import type { Block, Tone } from "./view.ts";

export const figure = (value: number | null, digits = 2): string => (value === null ? "-" : value.toFixed(digits));

export const counted = (count: number, one: string, many = `${one}s`): string =>
  `${count.toLocaleString("en-US")} ${count === 1 ? one : many}`;

/** To the minute, UTC. */
export const moment = (instant: string | null): string =>
  instant === null ? "-" : instant.slice(0, 16).replace("T", " ");

/** A line of others as the first of a page. */
export const sentence = (line: string): string => line.slice(0, 1).toUpperCase() + line.slice(1);

/** A text of others within a sentence of ours. */
export const unended = (text: string): string => text.replace(/[.!\s]+$/, "");

/** Somebody's words, and whose they are. @param instant ISO-8601 UTC */
export const quoteOf = (who: string, instant: string, text: string): Block => ({
  kind: "quote",
  by: `The words of ${who}, ${moment(instant)} UTC.`,
  text,
});

const MINUTE_MS = 60_000;

/** A length of time in its two largest units. */
export function lasting(ms: number): string {
  const minutes = Math.max(0, Math.round(ms / MINUTE_MS));
  const [days, hours, rest] = [Math.floor(minutes / 1_440), Math.floor((minutes % 1_440) / 60), minutes % 60];
  if (days > 0) return hours === 0 ? counted(days, "day") : `${counted(days, "day")} ${hours} h`;
  if (hours > 0) return rest === 0 ? `${hours} h` : `${hours} h ${rest} min`;
  return rest === 0 ? "less than a minute" : `${rest} min`;
}

/** Luck for a cell of a table; the run itself says why it cannot be told. */
export const luckCell = ({ probability }: RunLuck): string =>
  probability === null ? "cannot be told" : luckText(probability);

/** How a row with this luck should be taken. */
export const toneOf = ({ probability }: RunLuck): Tone =>
  probability !== null && probability <= CANDIDATE_LUCK ? "good" : "doubt";

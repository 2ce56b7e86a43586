/** Which figures only a holdout has, and whether a text tells one of them. */
import { rounded } from "../../src/domain/facts.ts";

/** Shorter ones occur by chance: years, counts, percents. */
const TELLING_DIGITS = 5;

const NUMBER = /(?<![\w.])-?\d+(?:\.\d+)?(?![\w.])/g;

const isTelling = (text: string): boolean => text.replaceAll(/[-.]|^0+/g, "").length >= TELLING_DIGITS;

/** As answers write a value: in full, and rounded. */
const spellings = (value: number): string[] => [
  String(value),
  String(rounded(value)),
  value.toFixed(4),
  value.toFixed(2),
];

const spelt = (values: readonly number[]): Set<string> => new Set(values.flatMap(spellings).filter(isTelling));

/** Prices and volumes in the rows of a price file. */
export const valuesIn = (text: string): number[] =>
  text
    .trimEnd()
    .split("\n")
    .slice(1)
    .flatMap((row) => row.split(",").slice(1).map(Number));

/** Every number in plain data. */
export function numbersIn(value: unknown): number[] {
  if (typeof value === "number") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(numbersIn) : [];
}

/** @returns a function that lists what a text tells of the kept values, without those that may be known */
export function tellTale(kept: readonly number[], known: readonly number[] = []): (text: string) => string[] {
  const open = spelt(known);
  const secret = new Set([...spelt(kept)].filter((text) => !open.has(text)));
  if (secret.size === 0) throw new Error("nothing is secret");
  return (text) => [...new Set(text.match(NUMBER) ?? [])].filter((number) => secret.has(number));
}

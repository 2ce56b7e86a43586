/** Facts of answers, which are named and counted for programs, as people read them. */
import { percentText } from "../domain/kinds/words.ts";
import { runLink, strategyLink } from "./places.ts";
import { table, type Block, type Line } from "./view.ts";

type Facts = Readonly<Record<string, unknown>>;

/** Fields that name a job. */
const JOBS = new Set(["task_id", "training", "backtest", "model", "training_task_id", "measures", "resumed_from"]);
/** Ratios that are spoken of in percent. */
const PERCENT =
  /(^|_)(return|drawdown|drawdown_at_points|accuracy|volatility|win_rate|time_in_market|probability|share|share_of_profit)$/;
/** Names that say little outside of an answer. */
const NAMES: Readonly<Record<string, string>> = {
  bar_half: "luck reaches, in half of such searches",
  bar_twentieth: "luck reaches, in one of twenty",
  minimum_years: "years until 95 % sure",
  training_task_id: "training",
};
/** Parts of names that people write otherwise. */
const WORDS: Readonly<Record<string, string>> = {
  avg: "average",
  calmar: "Calmar",
  dsr: "DSR",
  f1: "F1",
  ktrdr: "KTRDR's",
  max: "maximum",
  psr: "PSR",
  sha256: "SHA-256",
  sharpe: "Sharpe",
  sortino: "Sortino",
  val: "validation",
};

interface Told {
  readonly without?: readonly string[];
  /** Names and figures as they are, because they are somebody else's. */
  readonly asTheyAre?: true;
}

/** Each fact under its name, facts within facts under both names. Lists of facts become tables below. */
export function factBlocks(all: Facts, { without = [], asTheyAre }: Told = {}): Block[] {
  const own = Object.fromEntries(Object.entries(all).filter(([name]) => !without.includes(name)));
  const [lists, others] = [Object.entries(own).filter(isList), Object.entries(own).filter((entry) => !isList(entry))];
  const lines = Object.entries(linesOf(Object.fromEntries(others), asTheyAre));
  return [
    { kind: "facts", facts: lines.map(([name, value]) => ({ name, value })) },
    ...lists.map(([name, rows]) => tableOfFacts(nameOf(name), rows)),
  ];
}

export function linesOf(all: Facts, asTheyAre?: true, within = ""): Record<string, Line> {
  return Object.fromEntries(
    Object.entries(all).flatMap(([name, value]): (readonly [string, Line])[] => {
      const named = `${within}${asTheyAre ? name : nameOf(name)}`;
      if (isSpread(value)) return [[named, spreadText(name, value)]];
      if (isFacts(value)) return Object.entries(linesOf(value, asTheyAre, `${named}: `));
      return value === null || value === undefined ? [] : [[named, asTheyAre ? plainly(value) : lineOf(name, value)]];
    }),
  );
}

/** A number, a share, or nothing. */
const FIGURE = /^(-?[\d.,]+( %)?)?$/;

/** Facts that are alike, as rows. */
export function tableOfFacts(caption: string, rows: readonly Facts[]): Block {
  const flat = rows.map((row) => linesOf(row));
  const titles = [...new Set(flat.flatMap((row) => Object.keys(row)))];
  const isFigure = (title: string) =>
    flat.every(({ [title]: said = "" }) => typeof said === "string" && FIGURE.test(said));
  return table({
    caption,
    columns: titles.map((title) => ({ title, ...(isFigure(title) ? { figures: true as const } : {}) })),
    rows: flat.map((row) => ({ cells: titles.map((title) => row[title] ?? "") })),
    empty: "There are none.",
  });
}

const nameOf = (name: string): string =>
  NAMES[name] ??
  name
    .split("_")
    .map((word) => WORDS[word] ?? word)
    .join(" ");

const isFacts = (value: unknown): value is Facts =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const isList = (entry: readonly [string, unknown]): entry is [string, readonly Facts[]] =>
  Array.isArray(entry[1]) && entry[1].length > 0 && entry[1].every(isFacts);

interface SpreadFacts {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

const isSpread = (value: unknown): value is SpreadFacts =>
  isFacts(value) && ["median", "min", "max"].every((name) => typeof value[name] === "number");

function spreadText(name: string, { median, min, max }: SpreadFacts): string {
  const [middle, least, most] = [median, min, max].map((value) => numberText(name, value));
  return least === most ? `${middle}` : `${middle} (${least} to ${most})`;
}

function lineOf(name: string, value: unknown): Line {
  if (typeof value === "string")
    return JOBS.has(name) ? runLink(value) : name === "strategy" ? strategyLink(value) : value;
  return typeof value === "number" ? numberText(name, value) : plainly(value);
}

/** So many digits as a reader compares. All of them are in the answers of the tools. */
function numberText(name: string, value: number): string {
  if (PERCENT.test(name)) return percentText(value);
  const size = Math.abs(value);
  if (Number.isInteger(value)) return value.toLocaleString("en-US", { useGrouping: size >= 10_000 });
  if (size < 0.1) return String(Number(value.toPrecision(2)));
  return value.toFixed(name.endsWith("loss") ? 4 : 2);
}

function plainly(value: unknown): string {
  if (typeof value === "string") return value;
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (Array.isArray(value)) return value.map(plainly).join(", ");
  return JSON.stringify(value);
}

/** Facts of answers, which are named for programs, as they stand on the page. */
import { runLink } from "./places.ts";
import { table, type Block, type Line } from "./view.ts";

type Facts = Readonly<Record<string, unknown>>;

/** Fields that name a job. */
const JOBS = new Set(["task_id", "training", "backtest", "model", "training_task_id"]);

/** Each fact under its name; facts within facts under both names. */
export function factsBlock(all: Facts, without: readonly string[] = []): Block {
  const lines = Object.entries(linesOf(all)).filter(([name]) => !without.includes(name));
  return { kind: "facts", facts: lines.map(([name, value]) => ({ name, value })) };
}

export function linesOf(all: Facts, within = ""): Record<string, Line> {
  return Object.fromEntries(
    Object.entries(all).flatMap(([name, value]): (readonly [string, Line])[] => {
      const named = `${within}${name.replaceAll("_", " ")}`;
      if (isFacts(value)) return Object.entries(linesOf(value, `${named}: `));
      return value === null || value === undefined ? [] : [[named, lineOf(name, value)]];
    }),
  );
}

/** Facts that are alike, as rows. */
export function tableOfFacts(caption: string, rows: readonly Facts[]): Block {
  const flat = rows.map((row) => linesOf(row));
  const titles = [...new Set(flat.flatMap((row) => Object.keys(row)))];
  const isFigure = (title: string) =>
    rows.every((row) => ["number", "undefined"].includes(typeof row[title.replaceAll(" ", "_")]));
  return table({
    caption,
    columns: titles.map((title) => ({ title, ...(isFigure(title) ? { figures: true as const } : {}) })),
    rows: flat.map((row) => ({ cells: titles.map((title) => row[title] ?? "") })),
    empty: "There are none.",
  });
}

const isFacts = (value: unknown): value is Facts =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function lineOf(name: string, value: unknown): Line {
  if (typeof value === "string") return JOBS.has(name) ? runLink(value) : value;
  if (typeof value === "number")
    return value.toLocaleString("en-US", { maximumSignificantDigits: 5, useGrouping: Math.abs(value) >= 10_000 });
  if (Array.isArray(value)) return value.map((one: unknown) => (typeof one === "string" ? one : JSON.stringify(one))).join(", ");
  return value === true ? "yes" : value === false ? "no" : JSON.stringify(value);
}

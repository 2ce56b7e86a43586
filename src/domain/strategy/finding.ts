import { oneLine } from "../plain-text.ts";

/** One thing that is wrong or doubtful in a strategy. The texts are ours; values of the file are quoted in short. */
export interface Finding {
  readonly severity: "error" | "warning";
  /** Stable name of the rule. */
  readonly code: string;
  /** Path inside the strategy, e.g. `fuzzy_sets.osc_zone.middle`; empty for the whole text. */
  readonly where: string;
  /** 1-based line in the text, null when it has none. */
  readonly line: number | null;
  readonly what: string;
  readonly why: string;
  /** What would be right. */
  readonly fix: string;
}

export type Path = readonly (string | number)[];

interface Facts {
  readonly what: string;
  readonly why: string;
  readonly fix: string;
}

/** Findings kept of each severity; the first ones are enough to mend a file. */
const MOST = 60;

/** Collects findings; of each severity only the first are kept, so that a broken file cannot flood an answer. */
export class Report {
  readonly findings: Finding[] = [];
  readonly #lineOf: (path: Path) => number | null;

  constructor(lineOf: (path: Path) => number | null) {
    this.#lineOf = lineOf;
  }

  error(code: string, path: Path, facts: Facts): void {
    this.#add("error", code, path, facts);
  }

  warning(code: string, path: Path, facts: Facts): void {
    this.#add("warning", code, path, facts);
  }

  get hasErrors(): boolean {
    return this.findings.some((finding) => finding.severity === "error");
  }

  #add(severity: Finding["severity"], code: string, path: Path, facts: Facts): void {
    if (this.findings.filter((finding) => finding.severity === severity).length >= MOST) return;
    this.findings.push({ severity, code, where: pathText(path), line: this.#lineOf(path), ...facts });
  }
}

export const pathText = (path: Path): string => path.map((part) => oneLine(String(part), 60)).join(".");

/** A value of the file on one line and short enough to be quoted. */
export function shown(value: unknown): string {
  if (value === undefined) return "nothing";
  if (typeof value === "number") return String(value);
  return oneLine(JSON.stringify(value) ?? typeof value, 80);
}

/** `a, b or c`. */
export function alternatives(words: readonly string[], limit = 40): string {
  const some = words.slice(0, limit);
  if (words.length > some.length) return `${some.join(", ")} … (${words.length} in all)`;
  if (some.length < 2) return some.join("");
  return `${some.slice(0, -1).join(", ")} or ${some.at(-1)}`;
}

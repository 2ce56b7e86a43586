import { safeParse, type z } from "zod";
import { DomainError } from "../domain/errors.ts";
import { lockedOut } from "../domain/holdout/symbol.ts";
import { oneLine } from "../domain/plain-text.ts";
import { NAMES_HOLDOUT } from "./fields.ts";

const SHOWN_ISSUES = 4;
const SHOWN_CHARS = 60;

/** A value of a client in short and on one line, so that it cannot pass for an instruction. */
export function quoted(value: unknown): string {
  let text: string;
  try {
    text = typeof value === "string" ? value : (JSON.stringify(value) ?? typeof value);
  } catch {
    text = typeof value;
  }
  const whole = oneLine(text, SHOWN_CHARS + 3);
  return typeof value === "string" ? `"${whole}"` : whole;
}

/**
 * Says in our own words which arguments are wrong, and what would be right.
 * @returns DomainError `invalid_input`, or `holdout_locked` when one of them names a holdout
 */
export function inputError(tool: string, schema: z.ZodObject, error: z.ZodError, args: unknown): DomainError {
  if (error.issues.some(({ message }) => message === NAMES_HOLDOUT)) return lockedOut();
  const names = Object.keys(schema.shape);
  return new DomainError("invalid_input", {
    what: `The arguments of ${tool} are not usable.`,
    why: issueTexts(error, args).join("; "),
    valid: names.length > 0 ? names.map((name) => argumentText(name, schema.shape[name])) : ["no arguments at all"],
    next: `Correct the named arguments and call ${tool} again.`,
  });
}

/** What is wrong with `args`, one text for each of the first reasons. */
export function issueTexts(error: z.ZodError, args: unknown): string[] {
  const types = new Set(error.issues.filter(({ code }) => code === "invalid_type").map(({ path }) => String(path)));
  // For a value of a wrong type zod also reports its length: that reason is false.
  const issues = error.issues.filter(({ code, path }) => code === "invalid_type" || !types.has(String(path)));
  const shown = issues.slice(0, SHOWN_ISSUES).map((issue) => issueText(issue, args));
  const more = issues.length - shown.length;
  return more > 0 ? [...shown, `and ${more} more`] : shown;
}

function argumentText(name: string, schema: z.core.$ZodType | undefined): string {
  const optional = schema !== undefined && safeParse(schema, undefined).success;
  return optional ? `${name}?` : name;
}

function issueText(issue: z.core.$ZodIssue, args: unknown): string {
  const where = issue.path.length === 0 ? "the arguments" : issue.path.map(String).join(".");
  const place = where.length > SHOWN_CHARS * 2 ? quoted(where) : where;
  if (issue.code === "unrecognized_keys") {
    return `unknown argument ${issue.keys.slice(0, SHOWN_ISSUES).map(quoted).join(", ")}`;
  }
  const given = valueAt(args, issue.path);
  if (issue.code === "invalid_type") {
    if (given === undefined) return `${place} is missing (${issue.expected} wanted)`;
    return `${place} must be ${article(issue.expected)}, not ${quoted(given)}`;
  }
  if (issue.code === "invalid_value") {
    if (given === undefined) return `${place} is missing (one of ${issue.values.map(String).join(", ")})`;
    return `${place} must be one of ${issue.values.map(String).join(", ")}, not ${quoted(given)}`;
  }
  if (given === undefined) return `${place} is missing: ${issue.message.slice(0, 200)}`;
  return `${place}: ${wordsOf(issue)} (given ${quoted(given)})`;
}

/** The message of our schema; zod's own messages are reworded. */
function wordsOf(issue: z.core.$ZodIssue): string {
  if (issue.code === "too_small" && issue.message.startsWith("Too small")) {
    return `${issue.inclusive === false ? "more than" : "at least"} ${issue.minimum}${unitOf(issue.origin)}`;
  }
  if (issue.code === "too_big" && issue.message.startsWith("Too big")) {
    return `${issue.inclusive === false ? "less than" : "at most"} ${issue.maximum}${unitOf(issue.origin)}`;
  }
  if (issue.code === "invalid_union" && issue.message === "Invalid input") {
    const wanted = issue.errors.flat().flatMap((one) => (one.code === "invalid_type" ? [article(one.expected)] : []));
    return `it must be ${[...new Set(wanted)].join(" or ")}`;
  }
  return issue.message.slice(0, 200);
}

const UNITS = new Map([
  ["string", " characters"],
  ["array", " entries"],
  ["set", " entries"],
]);
const unitOf = (origin: string): string => UNITS.get(origin) ?? "";

const article = (type: string): string => `${/^[aeiou]/.test(type) ? "an" : "a"} ${type}`;

/** What stands at a place; undefined where there is none. */
export const valueAt = (args: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>(
    (value, key) => (typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined),
    args,
  );

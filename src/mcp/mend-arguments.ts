import type { z } from "zod";
import { excess } from "./message/bounds.ts";

/** Each round mends one level: a list that came as text may hold numbers that did. */
const ROUNDS = 6;

/**
 * Arguments as the client meant them. Some clients send every list, number and truth value as JSON text for a whole session,
 * which no model can mend, and null for what is left out. A text is taken for what it spells only where the schema refuses
 * it and takes that; null for nothing only where the schema refuses null. What cannot be mended stays as it was sent.
 */
export function mendArguments(schema: z.ZodObject, sent: unknown): unknown {
  let args = sent;
  for (let round = 0; round < ROUNDS; round += 1) {
    const wrong = schema.safeParse(args ?? {}).error?.issues ?? [];
    const mended = wrong.reduce((given, issue) => mendOne(schema, given, issue), args);
    if (mended === args) break;
    args = mended;
  }
  return args;
}

type Issue = z.core.$ZodIssue;

function mendOne(schema: z.ZodObject, args: unknown, issue: Issue): unknown {
  return places(issue).reduce<unknown>((given, { path, fits }) => {
    const value = valueAt(given, path);
    if (value === null) return replaced(given, path, undefined);
    if (typeof value !== "string") return given;
    const spelt = spelling(value);
    if (spelt === undefined || !fits(spelt)) return given;
    const tried = replaced(given, path, spelt ?? undefined);
    return stillRefused(schema, tried, path) ? given : tried;
  }, args);
}

interface Place {
  readonly path: readonly PropertyKey[];
  /** Whether a value is of a type that is wanted there. */
  readonly fits: (value: unknown) => boolean;
}

/** Where a value of another type is wanted; of several forms that a value may have, in each of them. */
function places(issue: Issue, above: readonly PropertyKey[] = []): readonly Place[] {
  const path = [...above, ...issue.path];
  if (issue.code === "invalid_type") return [{ path, fits: (value) => value === null || isA(issue.expected, value) }];
  if (issue.code === "invalid_value") return [{ path, fits: (value) => issue.values.some((one) => one === value) }];
  if (issue.code !== "invalid_union") return [];
  const inner = issue.errors.flat().flatMap((one) => places(one, path));
  return [...new Map(inner.map((place) => [JSON.stringify(place.path), place])).keys()].flatMap((key) => {
    const same = inner.filter((place) => JSON.stringify(place.path) === key);
    const [first] = same;
    return first === undefined ? [] : [{ path: first.path, fits: (value) => same.some((place) => place.fits(value)) }];
  });
}

function isA(expected: string, value: unknown): boolean {
  if (expected === "array") return Array.isArray(value);
  if (expected === "number" || expected === "int") return typeof value === "number";
  if (expected === "boolean") return typeof value === "boolean";
  return (expected === "object" || expected === "record") && isContainer(value) && !Array.isArray(value);
}

/** What a text spells as JSON, Python's truth values included; undefined for any other text, or a text in quotes. */
function spelling(text: string): unknown {
  const word = PYTHON.get(text.trim());
  if (word !== undefined) return word;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "string" || excess(value) !== null ? undefined : value;
  } catch {
    return undefined;
  }
}

const PYTHON = new Map([
  ["True", true],
  ["False", false],
  ["None", null],
]);

function stillRefused(schema: z.ZodObject, args: unknown, path: readonly PropertyKey[]): boolean {
  const issues = schema.safeParse(args).error?.issues ?? [];
  return issues.some((issue) => issue.code === "invalid_type" && String(issue.path) === String(path));
}

function valueAt(args: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((value, key) => (isContainer(value) ? Reflect.get(value, key) : undefined), args);
}

/** A copy with another value at a place; undefined takes an entry of an object away. An element of a list stays. */
function replaced(args: unknown, path: readonly PropertyKey[], value: unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return value;
  if (!isContainer(args)) return args;
  const inner = replaced(Reflect.get(args, key), rest, value);
  if (Array.isArray(args)) return inner === undefined ? args : args.with(Number(key), inner);
  const others = Object.entries(args).filter(([name]) => name !== key);
  return Object.fromEntries(inner === undefined ? others : [...others, [key, inner]]);
}

const isContainer = (value: unknown): value is object => typeof value === "object" && value !== null;

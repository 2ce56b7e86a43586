import type { z } from "zod";
import { excess } from "./message/bounds.ts";
import { valueAt } from "./input-error.ts";
import { isObject } from "./message/is-object.ts";

/** Each round mends one level: a list that came as text may hold numbers that came as text. */
const ROUNDS = 6;

/**
 * Arguments as the client meant them. Some clients send every list, number and boolean as JSON text, which no model can
 * change; others send null or an empty text for what is left out, a value for a list of one, or names in another case.
 * Only values that the schema refuses are changed, and only to values that it accepts. All others stay as they were
 * sent.
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
type Path = readonly PropertyKey[];

function mendOne(schema: z.ZodObject, args: unknown, issue: Issue): unknown {
  if (issue.code === "unrecognized_keys") {
    return issue.keys.reduce((given, key) => mendName(schema, given, [...issue.path, key]), args);
  }
  return places(issue).reduce<unknown>((given, place) => mendValue(schema, given, place), args);
}

/** Names that mean nothing: some clients must send an argument to a tool without any, or send their own with each call. */
const SAYS_NOTHING = /^(?:_.*|random_string|dummy)$/;

/** Mends an unknown name: leaves it out when it means nothing, else takes the known name that differs in spelling only. */
function mendName(schema: z.ZodObject, args: unknown, path: Path): unknown {
  const value = valueAt(args, path);
  const key = String(path.at(-1));
  if (SAYS_NOTHING.test(key) || isEmpty(value)) return replaced(args, path, undefined);
  const meant = Object.keys(schema.shape).find((name) => sameWord(name, key));
  if (path.length > 1 || meant === undefined || valueAt(args, [meant]) !== undefined) return args;
  return replaced(replaced(args, path, undefined), [meant], value);
}

const sameWord = (one: string, other: string): boolean => bareWord(one) === bareWord(other);
const bareWord = (word: string): string => word.replaceAll(/[_\s-]/g, "").toLowerCase();

const isEmpty = (value: unknown): boolean =>
  value === null ||
  (typeof value === "string" ? value.trim() === "" : isContainer(value) && Object.keys(value).length === 0);

interface Place {
  readonly path: Path;
  /** Whether a value has a type that is wanted there. */
  readonly fits: (value: unknown) => boolean;
  /** The valid values, when only some are. */
  readonly words?: readonly unknown[];
}

/** The places at which the schema wants another value. For a union, those in each of its forms. */
function places(issue: Issue, above: Path = []): readonly Place[] {
  const path = [...above, ...issue.path];
  if (issue.code === "invalid_type") return [{ path, fits: (value) => value === null || isA(issue.expected, value) }];
  if (issue.code === "invalid_value") {
    return [{ path, fits: (value) => issue.values.some((one) => one === value), words: issue.values }];
  }
  if (issue.code !== "invalid_union") return [{ path, fits: (value) => value === null }];
  const inner = issue.errors.flat().flatMap((one) => places(one, path));
  return [...new Map(inner.map((place) => [JSON.stringify(place.path), place])).keys()].flatMap((key) => {
    const same = inner.filter((place) => JSON.stringify(place.path) === key);
    const [first] = same;
    if (first === undefined) return [];
    const words = same.flatMap((place) => place.words ?? []);
    return [{ path: first.path, fits: (value) => same.some((place) => place.fits(value)), words }];
  });
}

function isA(expected: string, value: unknown): boolean {
  if (expected === "array") return Array.isArray(value);
  if (expected === "number" || expected === "int") return typeof value === "number";
  if (expected === "boolean") return typeof value === "boolean";
  if (expected === "string") return typeof value === "string";
  return (expected === "object" || expected === "record") && isObject(value);
}

function mendValue(schema: z.ZodObject, args: unknown, place: Place): unknown {
  const { path, fits } = place;
  const value = valueAt(args, path);
  if (value === null) return replaced(args, path, undefined);
  const spelt = typeof value === "string" ? spelling(value) : undefined;
  if (spelt !== undefined && fits(spelt)) {
    const tried = replaced(args, path, spelt ?? undefined);
    if (!refusals(schema, tried, path).some(({ code, at }) => code === "invalid_type" && at === path.length))
      return tried;
  }
  for (const other of otherwise(value, place, spelt)) {
    const tried = replaced(args, path, other);
    // A later round mends deeper levels.
    if (tried !== args && !refusals(schema, tried, path).some(({ at }) => at <= path.length + 1)) return tried;
  }
  return args;
}

/** Other values that may have been meant. The caller takes one only when the schema accepts it. */
function otherwise(value: unknown, { path, fits, words = [] }: Place, spelt: unknown): readonly unknown[] {
  if (value === undefined) return [];
  if (Array.isArray(value)) return value.length === 1 ? [value[0]] : [];
  const several = typeof value === "string" && /[,;\n[\]{}"]/.test(value);
  const wanted = fits([]) && !several ? [[value], ...(isContainer(spelt) ? [] : [[spelt]])] : [];
  if (typeof value === "number") return fits("") ? [...wanted, String(value)] : wanted;
  if (typeof value !== "string") return wanted;
  if (value.trim() === "") return [undefined];
  const same = words.filter((word) => typeof word === "string" && sameWord(word, value));
  return [...wanted, ...(same.length === 1 ? same : []), ...dayIn(value, path)];
}

/** The day of an instant where a day is wanted: of midnight, or of a day's last instant when it ends a window. */
function dayIn(value: string, path: Path): readonly string[] {
  const [, day = "", rest] = /^(\d{4}-\d{2}-\d{2})[T ](.*)$/.exec(value.trim()) ?? [];
  if (rest === undefined) return [];
  const ends = path.at(-1) === "end_date" || path.at(-1) === 1;
  const instant = /^(?:00:00(?::00(?:\.0+)?)?|(23:59(?::59(?:\.\d+)?)?))(?:Z|[+-]00:?00)?$/.exec(rest);
  return instant === null || (instant[1] !== undefined && !ends) ? [] : [day];
}

/** The value that a text holds as JSON, as JSON inside JSON, or as Python writes it; undefined for any other text. */
function spelling(text: string, again = true): unknown {
  const word = PYTHON.get(text.trim());
  if (word !== undefined) return word;
  const value = parsed(text) ?? (/^\s*[[{][^"\\]*$/.test(text) ? parsed(text.replaceAll("'", '"')) : undefined);
  if (value === undefined || value.json === undefined) return undefined;
  if (typeof value.json === "string") return again ? spelling(value.json, false) : undefined;
  return excess(value.json) === null ? value.json : undefined;
}

function parsed(text: string): { readonly json: unknown } | undefined {
  try {
    return { json: JSON.parse(text) as unknown };
  } catch {
    return undefined;
  }
}

const PYTHON = new Map([
  ["True", true],
  ["False", false],
  ["None", null],
]);

/** What the schema refuses at a place and below it, with the depth; also in a union that contains the place. */
function refusals(schema: z.ZodObject, args: unknown, path: Path): readonly { code: string; at: number }[] {
  const issues = schema.safeParse(args).error?.issues ?? [];
  return issues
    .filter(({ code, path: at }) =>
      code === "invalid_union" && at.length < path.length
        ? at.every((key, index) => path[index] === key)
        : path.every((key, index) => at[index] === key),
    )
    .map((issue) => ({ code: String(issue.code), at: issue.path.length }));
}

/** A copy with another value at a place. `undefined` removes an entry of an object, but no element of a list. */
function replaced(args: unknown, path: Path, value: unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return value;
  if (!isContainer(args)) return args;
  const inner = replaced(Reflect.get(args, key), rest, value);
  if (Array.isArray(args)) return inner === undefined ? args : args.with(Number(key), inner);
  const others = Object.entries(args).filter(([name]) => name !== key);
  return Object.fromEntries(inner === undefined ? others : [...others, [key, inner]]);
}

const isContainer = (value: unknown): value is object => typeof value === "object" && value !== null;

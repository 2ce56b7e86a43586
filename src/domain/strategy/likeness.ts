/**
 * How far two strategies differ in what they do. Names, descriptions, the order of sections and the market they are written
 * for do not count.
 */
import { findIndicator } from "../indicators/catalogue.ts";
import { parseStrategy } from "./parse.ts";
import { splitReference } from "./reference.ts";
import { isMapping, own, type Mapping } from "./shape.ts";

type Leaf = string | number | boolean | null;

export interface Structure {
  /** What feeds the network: indicator, output, and the place of the membership among those of its fuzzy set. */
  readonly roles: ReadonlySet<string>;
  /** Every setting by its path, with indicators and memberships named by what they are. */
  readonly settings: ReadonlyMap<string, Leaf>;
}

/** Null for a text that is no strategy. Never throws. */
export function structureOf(text: string): Structure | null {
  const parsed = parseStrategy(text);
  if (!parsed.ok) return null;
  const { value } = parsed.text;
  const indicators = mapping(own(value, "indicators"));
  const named = new Map(Object.entries(indicators).map(([id, entry]) => [id, kindOf(entry)]));
  const roles = new Set<string>();
  const settings = new Map<string, Leaf>();
  const note = (path: string, node: unknown): void => {
    if (Array.isArray(node)) node.forEach((inner, at) => note(`${path}.${at}`, inner));
    else if (isMapping(node)) for (const [key, inner] of Object.entries(node)) note(`${path}.${key}`, inner);
    else settings.set(unused(settings, path), node as Leaf);
  };
  for (const [id, entry] of Object.entries(indicators)) note(named.get(id) ?? "?", withDefaults(entry));
  const sets = mapping(own(value, "fuzzy_sets"));
  for (const input of list(own(value, "nn_inputs"))) {
    const raw = own(input, "raw_indicator");
    const frames = framesOf(input);
    if (typeof raw === "string") roles.add(`${referred(raw, indicators, named)} raw${frames}`);
    const set = mapping(own(sets, String(own(input, "fuzzy_set"))));
    const source = referred(String(own(set, "indicator")), indicators, named);
    for (const [place, membership] of inPlace(set).entries()) {
      roles.add(`${source} ${place} of ${inPlace(set).length}${frames}`);
      note(`${source} ${place}`, membership);
    }
  }
  for (const section of ["model", "decisions", "training"]) note(section, own(value, section) ?? null);
  return { roles, settings };
}

/** The timeframes of an input that takes several. */
function framesOf(input: unknown): string {
  const frames = list(own(input, "timeframes")).map(String);
  return frames.length < 2 ? "" : ` @ ${frames.toSorted().join()}`;
}

const mapping = (value: unknown): Mapping => (isMapping(value) ? value : {});
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** The same indicator twice has its settings twice. */
function unused(settings: ReadonlyMap<string, Leaf>, path: string): string {
  let free = path;
  for (let at = 2; settings.has(free); at += 1) free = `${path} (${at})`;
  return free;
}

const kindOf = (entry: unknown): string => {
  const type = String(own(entry, "type"));
  return findIndicator(type)?.type ?? type.toLowerCase();
};

/** The parameters of an indicator, those left out with their defaults. */
function withDefaults(entry: unknown): Mapping {
  const { type: _type, ...given } = mapping(entry);
  const definition = findIndicator(kindOf(entry));
  return { ...Object.fromEntries((definition?.parameters ?? []).map((one) => [one.name, one.default])), ...given };
}

function referred(reference: string, indicators: Mapping, named: ReadonlyMap<string, string>): string {
  const { id, output } = splitReference(reference, indicators);
  return `${named.get(id) ?? "?"}${output === null ? "" : `.${output}`}`;
}

/** The memberships of a fuzzy set from low to high, with their points. */
function inPlace(set: Mapping): readonly (readonly number[])[] {
  const points = Object.entries(set)
    .filter(([key]) => key !== "indicator")
    .map(([, membership]) => list(own(membership, "parameters") ?? membership).map(Number));
  return points.toSorted((a, b) => middle(a) - middle(b));
}

const middle = (points: readonly number[]): number =>
  points.length === 2 ? (points[0] ?? 0) : points.reduce((sum, point) => sum + point, 0) / Math.max(1, points.length);

/**
 * From 0 (the same but for names and order) to 1: the mean of the Jaccard distance of the roles (Jaccard, 1912) and of the
 * mean distance of the settings (Gower, 1971; of numbers relative to the larger one, a missing setting is 1 apart).
 */
export function distanceOf(a: Structure, b: Structure): number {
  const roles = new Set([...a.roles, ...b.roles]);
  const shared = [...a.roles].filter((role) => b.roles.has(role)).length;
  const paths = new Set([...a.settings.keys(), ...b.settings.keys()]);
  const apart = [...paths].reduce((sum, path) => sum + settingDistance(a.settings.get(path), b.settings.get(path)), 0);
  return (ratio(roles.size - shared, roles.size) + ratio(apart, paths.size)) / 2;
}

const ratio = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole);

function settingDistance(a: Leaf | undefined, b: Leaf | undefined): number {
  if (a === b) return 0;
  if (typeof a !== "number" || typeof b !== "number") return 1;
  return Math.min(1, Math.abs(a - b) / Math.max(Math.abs(a), Math.abs(b)));
}

/** Whether two texts do the same. Two that are no strategies do only when they are equal. */
export function haveSameRules(text: string, other: string): boolean {
  if (text === other) return true;
  const [own, theirs] = [structureOf(text), structureOf(other)];
  return own !== null && theirs !== null && own.roles.size > 0 && distanceOf(own, theirs) === 0;
}

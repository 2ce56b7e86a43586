/** Results as tools tell them: short, in the units of the domain. */
import type { Engine } from "./result.ts";

export type Facts = Record<string, unknown>;

/** How much of a result is told. */
export type Detail = "brief" | "standard" | "full";

/** Leaves out fields that are null or undefined, to save tokens. */
export function compact<T extends Readonly<Record<string, unknown>>>(
  facts: T,
): { [K in keyof T]?: Exclude<T[K], null | undefined> } & Record<string, unknown> {
  const entries = Object.entries(facts).filter(([, value]) => value !== null && value !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]?: Exclude<T[K], null | undefined> };
}

/** Rounded to five significant digits; no figure is more exact. */
export function rounded(value: number | null): number | null {
  return value === null ? null : Number(value.toPrecision(5));
}

/** Nearer to 0 or 1 no model of markets is to be believed. */
const SUREST = 0.0001;

/** A probability as answers tell it: never surer than one in ten thousand. */
export const chance = (value: number | null): number | null =>
  value === null ? null : rounded(Math.min(1 - SUREST, Math.max(SUREST, value)));

/** The engine and its version; the sandbox's versions contain its name. */
export const engineText = ({ name, version }: Engine): string =>
  version.startsWith(name) ? version : `${name} ${version}`;

/** Which engine computed the figures of an answer: whoever thinks of risking money on them must know. Null when none did. */
export function enginesText(engines: readonly (Engine | null)[]): string | null {
  const known = engines.filter((engine) => engine !== null);
  const names = [...new Set(known.map(engineText))].toSorted();
  if (names.length === 0) return null;
  const practice = known.some(({ name }) => name === "sandbox")
    ? " (a small stand-in for KTRDR: practice figures)"
    : "";
  return `${names.join(", ")}${practice}`;
}

/** Results as answers tell them: short, in the units of the domain. */

export type Facts = Record<string, unknown>;

/** How much of a result is told. */
export type Detail = "brief" | "standard" | "full";

/** Leaves out what is null or undefined: an absent fact costs no tokens. */
export function compact<T extends Readonly<Record<string, unknown>>>(
  facts: T,
): { [K in keyof T]?: Exclude<T[K], null | undefined> } & Record<string, unknown> {
  const entries = Object.entries(facts).filter(([, value]) => value !== null && value !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]?: Exclude<T[K], null | undefined> };
}

/** Five significant digits are more than any of these figures is worth. */
export function rounded(value: number | null): number | null {
  return value === null ? null : Number(value.toPrecision(5));
}

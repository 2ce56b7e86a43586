/** Fuzzy membership functions as KTRDR computes them (docs/ktrdr.md §4.3). */

export type MembershipType = "triangular" | "trapezoidal" | "gaussian";

export interface Membership {
  readonly name: string;
  readonly type: MembershipType;
  /** Triangular [left, peak, right]; trapezoidal [left, top, top, right]; gaussian [centre, sigma]. */
  readonly parameters: readonly number[];
}

export const ARITY: Readonly<Record<MembershipType, number>> = { triangular: 3, trapezoidal: 4, gaussian: 2 };

/** A gaussian counts as zero beyond this many sigmas (membership 0.011). */
const SIGMAS = 3;

/** Where a membership is above zero (gaussian: above 0.011). */
export function support(membership: Membership): readonly [low: number, high: number] {
  const [first = 0, second = 0] = membership.parameters;
  if (membership.type === "gaussian") return [first - SIGMAS * second, first + SIGMAS * second];
  return [first, membership.parameters.at(-1) ?? first];
}

/** Degree 0..1 to which `x` belongs to the set. */
export function degree(membership: Membership, x: number): number {
  const [a = 0, b = 0, c = 0, d = 0] = membership.parameters;
  switch (membership.type) {
    case "gaussian":
      return Math.exp(-((x - a) ** 2) / (2 * b ** 2));
    case "triangular":
      // A triangle is 1 at its peak even when that is also an end; a trapezoid is 0 at both ends.
      return x === b ? 1 : trapezoid(x, a, b, b, c);
    case "trapezoidal":
      return trapezoid(x, a, b, c, d);
  }
}

function trapezoid(x: number, a: number, b: number, c: number, d: number): number {
  if (x <= a || x >= d) return 0;
  if (x >= b && x <= c) return 1;
  return x < b ? (x - a) / (b - a) : (d - x) / (d - c);
}

/** Stretches between the lowest and the highest support where no membership is above zero, low to high. */
export function innerGaps(memberships: readonly Membership[]): readonly (readonly [from: number, to: number])[] {
  const spans = memberships.map(support).toSorted((a, b) => a[0] - b[0]);
  const gaps: [number, number][] = [];
  let reach = spans[0]?.[1] ?? 0;
  for (const [low, high] of spans.slice(1)) {
    if (low > reach) gaps.push([reach, low]);
    reach = Math.max(reach, high);
  }
  return gaps;
}

import { EngineError } from "./errors.ts";

/** Degree, 0..1, to which a value belongs to a set; NaN of what is not a number. */
export type Membership = (value: number) => number;

/** A membership function as a strategy writes it (docs/ktrdr.md §4.3); a bare list is triangular. */
export interface MembershipSpec {
  readonly type: string;
  readonly parameters: readonly number[];
}

const NAMES = new Map([
  ["triangular", "TriangularMF"],
  ["trapezoidal", "TrapezoidalMF"],
  ["gaussian", "GaussianMF"],
]);

/**
 * The function of a specification. A wrong number or order of parameters is `MF-InvalidParameters` with the text of
 * recording 06; an unknown type is `MF-UnknownType`.
 */
export function membership(spec: MembershipSpec): Membership {
  const kind = spec.type.toLowerCase();
  const [a = 0, b = 0, c = 0, d = 0] = spec.parameters;
  switch (kind) {
    case "triangular":
      requireShape(spec, 3);
      return (x) => (Number.isNaN(x) ? Number.NaN : x === b ? 1 : inside(x, a, b, b, c));
    case "trapezoidal":
      requireShape(spec, 4);
      return (x) => (Number.isNaN(x) ? Number.NaN : inside(x, a, b, c, d));
    case "gaussian":
      requireShape(spec, 2);
      return (x) => Math.exp(-((x - a) ** 2) / (2 * b * b));
    default:
      throw new EngineError("MF-UnknownType", `[MF-UnknownType] Unknown membership function type: ${spec.type}`);
  }
}

function requireShape(spec: MembershipSpec, count: number): void {
  const numbers = spec.parameters;
  const rising = numbers.every((value, i) => i === 0 || value >= (numbers[i - 1] ?? value));
  const ordered = count === 2 ? (numbers[1] ?? 0) > 0 : rising;
  if (numbers.length === count && numbers.every(Number.isFinite) && ordered) return;
  const name = NAMES.get(spec.type.toLowerCase()) ?? spec.type;
  throw new EngineError("MF-InvalidParameters", `[MF-InvalidParameters] Invalid parameters for ${name}`, {
    parameters: numbers,
  });
}

/** 0 at and outside `foot` and `end`, 1 from `top` to `last`, straight lines between. A step at a foot is 0 there. */
function inside(x: number, foot: number, top: number, last: number, end: number): number {
  if (x <= foot || x >= end) return 0;
  if (x < top) return (x - foot) / (top - foot);
  return x <= last ? 1 : (end - x) / (end - last);
}

import { EngineError } from "./errors.ts";

/** Degree, 0..1, to which a value belongs to a set; NaN belongs to none. */
export type Membership = (value: number) => number;

/** A membership function as a strategy writes it (contract §4.3); a bare list is triangular. */
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
      return guard((x) => Math.min(slope(x, a, b), slope(-x, -c, -b)));
    case "trapezoidal":
      requireShape(spec, 4);
      return guard((x) => Math.min(slope(x, a, b), slope(-x, -d, -c)));
    case "gaussian":
      requireShape(spec, 2);
      return guard((x) => Math.exp(-((x - a) ** 2) / (2 * b * b)));
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

/** 0 up to `foot`, 1 from `top` on, a straight line between; a foot equal to the top is a step at it. */
function slope(x: number, foot: number, top: number): number {
  if (x >= top) return 1;
  return x <= foot ? 0 : (x - foot) / (top - foot);
}

function guard(degree: Membership): Membership {
  return (value) => (Number.isFinite(value) ? degree(value) : 0);
}

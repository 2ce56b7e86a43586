/** The standard normal distribution in double precision, its far tails included. */

/** Below this the series converges quickly, above it the continued fraction. */
const SERIES_REACHES = 3;

export const normalDensity = (z: number): number => Math.exp(-(z * z) / 2) / Math.sqrt(2 * Math.PI);

/** The probability of a value above `z`, to about 1e-13 of itself. */
export function upperTail(z: number): number {
  if (z < 0) return 1 - upperTail(-z);
  return z < SERIES_REACHES ? 0.5 - normalDensity(z) * series(z) : normalDensity(z) / continuedFraction(z);
}

/** The probability of a value up to `z`. */
export const lowerTail = (z: number): number => upperTail(-z);

/** Marsaglia (2004): z + z³/3 + z⁵/(3·5) + …, times the density the probability between 0 and `z`. */
function series(z: number): number {
  let [sum, term] = [z, z];
  for (let odd = 3; Math.abs(term) > Number.EPSILON * Math.abs(sum); odd += 2) {
    term *= (z * z) / odd;
    sum += term;
  }
  return sum;
}

/** Laplace: z + 1/(z + 2/(z + 3/(z + …))), the density over the upper tail. */
function continuedFraction(z: number): number {
  const depth = Math.ceil(40 + 1_600 / (z * z));
  let value = z;
  for (let level = depth; level > 0; level -= 1) value = z + level / value;
  return value;
}

/**
 * The value that is exceeded with probability `tail`, 0 < tail < 1, to about 1e-15.
 * Wichura (1988), Algorithm AS 241, PPND16.
 */
export function upperQuantile(tail: number): number {
  const q = 0.5 - tail;
  if (Math.abs(q) <= 0.425) {
    const r = 0.180625 - q * q;
    return (q * polynomial(A, r)) / polynomial(B, r);
  }
  const r = Math.sqrt(-Math.log(q < 0 ? 1 - tail : tail));
  const value = r <= 5 ? polynomial(C, r - 1.6) / polynomial(D, r - 1.6) : polynomial(E, r - 5) / polynomial(F, r - 5);
  return q < 0 ? -value : value;
}

/** The value that is not exceeded with probability `p`, 0 < p < 1. */
export const normalQuantile = (p: number): number => -upperQuantile(p);

/** Coefficients from the constant up. */
const polynomial = (coefficients: readonly number[], x: number): number =>
  coefficients.reduceRight((sum, coefficient) => sum * x + coefficient, 0);

const A = [
  3.3871328727963665, 133.14166789178438, 1971.5909503065513, 13731.69376550946, 45921.95393154987, 67265.7709270087,
  33430.57558358813, 2509.0809287301227,
];
const B = [
  1, 42.31333070160091, 687.1870074920579, 5394.196021424751, 21213.794301586597, 39307.89580009271, 28729.085735721943,
  5226.495278852854,
];
const C = [
  1.4234371107496835, 4.630337846156546, 5.769497221460691, 3.6478483247632045, 1.2704582524523684, 0.2417807251774506,
  0.022723844989269184, 0.0007745450142783414,
];
const D = [
  1, 2.053191626637759, 1.6763848301838038, 0.6897673349851, 0.14810397642748008, 0.015198666563616457,
  0.0005475938084995345, 1.0507500716444169e-9,
];
const E = [
  6.657904643501103, 5.463784911164114, 1.7848265399172913, 0.29656057182850487, 0.026532189526576124,
  0.0012426609473880784, 2.7115555687434876e-5, 2.0103343992922881e-7,
];
const F = [
  1, 0.599832206555888, 0.1369298809227358, 0.014875361290850615, 0.0007868691311456133, 1.8463183175100548e-5,
  1.421511758316446e-7, 2.0442631033899397e-15,
];

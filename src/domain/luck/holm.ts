/**
 * Probabilities of several tests, adjusted so that at most one in twenty of such families of true hypotheses has any at
 * .05 or below (Holm, 1979). In the order given; at most 1.
 */
export function holm(probabilities: readonly number[]): number[] {
  const order = probabilities.map((_, at) => at).toSorted((a, b) => (probabilities[a] ?? 1) - (probabilities[b] ?? 1));
  const adjusted = new Map<number, number>();
  let least = 0;
  for (const [rank, at] of order.entries()) {
    least = Math.max(least, Math.min(1, (probabilities.length - rank) * (probabilities[at] ?? 1)));
    adjusted.set(at, least);
  }
  return probabilities.map((_, at) => adjusted.get(at) ?? 1);
}

/** A source of uniform numbers in [0, 1). */
export type Random = () => number;

/** A repeatable source: the same 32-bit seed gives the same sequence (a splitmix32 generator). */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x9e3779b9) >>> 0;
    let mixed = state;
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
    return ((mixed ^ (mixed >>> 16)) >>> 0) / 4294967296;
  };
}

/** Standard normal numbers out of a uniform source (Box and Muller, 1958). */
export function normalFrom(random: Random): Random {
  return () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** Draws indices of `weights`, each as often as its weight says. The same index may come again. */
export function drawer(weights: Float64Array, random: Random): () => number {
  let total = 0;
  const sums = weights.map((weight) => (total += weight));
  return () => {
    const goal = random() * total;
    let [low, high] = [0, sums.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((sums[middle] ?? 0) > goal) high = middle;
      else low = middle + 1;
    }
    return low;
  };
}

/** Shuffles in place (Fisher and Yates) and gives the same items back. */
export function shuffle(items: Uint32Array, random: Random): Uint32Array {
  for (let i = items.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    const kept = items[i] ?? 0;
    items[i] = items[j] ?? 0;
    items[j] = kept;
  }
  return items;
}

import { mixed } from "./seeded-random.ts";

/** Beyond this, roots are not exact enough. */
export const MOST_SHUFFLED = 2 ** 48;

const ROUNDS = 8;

/**
 * Where `index` comes in a shuffled order of the numbers below `size`; each of them comes once. Nothing is kept, so `size`
 * may be 2 ** 48. A Feistel network over pairs, walked until it is inside (Black and Rogaway, 2002, Ciphers with
 * arbitrary finite domains).
 */
export function shuffledIndex(index: number, size: number, seed: number): number {
  const side = Math.ceil(Math.sqrt(size));
  let at = index;
  do at = exchanged(at, side, seed);
  while (at >= size);
  return at;
}

/** One of the permutations of the numbers below `side` squared. */
function exchanged(index: number, side: number, seed: number): number {
  let [left, right] = [Math.floor(index / side), index % side];
  for (let round = 0; round < ROUNDS; round += 1) {
    [left, right] = [right, (left + mixed(seed, round, right)) % side];
  }
  return left * side + right;
}

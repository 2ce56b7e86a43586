/** Chance that can be repeated: the same seeds give the same numbers on every machine. */

/** A source of uniform numbers, 0 <= u < 1. */
export type Random = () => number;

/**
 * xoshiro128** (Blackman and Vigna, 2021, Scrambled linear pseudorandom number generators).
 * @param seeds whole numbers, of which 32 bits count; any other list of them gives another sequence
 */
export function seededRandom(...seeds: readonly number[]): Random {
  let [a, b, c, d] = [mixed(...seeds, 1), mixed(...seeds, 2), mixed(...seeds, 3), mixed(...seeds, 4) | 1];
  return () => {
    const drawn = Math.imul(rotated(Math.imul(b, 5), 7), 9) >>> 0;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = rotated(d, 11);
    return drawn / 2 ** 32;
  };
}

/** 32 bits that depend on all of the words: MurmurHash3_x86_32 (Appleby, 2011). */
export function mixed(...words: readonly number[]): number {
  let hash = 0;
  for (const word of words) {
    hash ^= Math.imul(rotated(Math.imul(word, 0xcc9e2d51), 15), 0x1b873593);
    hash = Math.imul(rotated(hash, 13), 5) + 0xe6546b64;
  }
  hash ^= 4 * words.length;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** The numbers from 0 to `count` - 1 in a random order (Fisher and Yates). */
export function permutation(count: number, random: Random): number[] {
  const items = Array.from({ length: count }, (_, at) => at);
  for (let at = count - 1; at > 0; at -= 1) {
    const other = Math.floor(random() * (at + 1));
    [items[at], items[other]] = [items[other] ?? 0, items[at] ?? 0];
  }
  return items;
}

const rotated = (word: number, by: number): number => (word << by) | (word >>> (32 - by));

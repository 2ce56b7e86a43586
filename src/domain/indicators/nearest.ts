/** Levenshtein distance, case-insensitive; the work is cut off for words longer than 64 characters. */
export function editDistance(left: string, right: string): number {
  const a = left.toLowerCase().slice(0, 64);
  const b = right.toLowerCase().slice(0, 64);
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      current.push(Math.min((previous[j] ?? 0) + 1, (current[j - 1] ?? 0) + 1, substitution));
    }
    previous = current;
  }
  return previous[b.length] ?? 0;
}

/**
 * The word somebody most probably meant, or null when nothing is close: a few letters wrong, or a shortened form of
 * at least three letters (`hist` for `histogram`, `fast` for `fast_period`).
 */
export function nearest(word: string, candidates: readonly string[]): string | null {
  const wanted = word.toLowerCase();
  let best: string | null = null;
  let bestDistance = (word.length < 3 ? 0 : Math.max(1, Math.round(word.length / 3))) + 1;
  for (const candidate of candidates) {
    const distance = editDistance(word, candidate);
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  if (best !== null) return best;
  if (wanted.length < 3) return null;
  const related = candidates.filter((candidate) => {
    const known = candidate.toLowerCase();
    return known.startsWith(wanted) || wanted.startsWith(known) || known.endsWith(`_${wanted}`);
  });
  return related.length === 1 ? (related[0] ?? null) : null;
}

/** How long a part may take to answer where nothing is said, on a machine that is not too busy (ms). */
const PATIENCE_MS = 4_000;
const AT_MOST_TIMES = 15;

/**
 * How long a part may take to answer (ms, whole seconds). On a machine that is too busy, healthy parts wait, and this process
 * does too: the parts get as many times more as starting took this process longer than it computed.
 */
export function patienceAfter({ upMs, computedMs }: { readonly upMs: number; readonly computedMs: number }): number {
  const times = Math.min(Math.max(upMs / computedMs, 1), AT_MOST_TIMES);
  return Math.ceil((PATIENCE_MS * times) / 1_000) * 1_000;
}

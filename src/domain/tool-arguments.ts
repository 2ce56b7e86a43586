/** What is kept of the arguments of a tool call. */

/** Arguments larger than this are cut: a strategy fits, a flood does not. Bytes of JSON. */
export const ARGUMENTS_CAP_BYTES = 16_384;

/** All of them, or, beyond the cap, their size and their beginning. What was capped before stays as it is. */
export function cappedArguments(given: unknown): unknown {
  // A JSON null would become an SQL null on its way into the log.
  if (given === undefined || given === null) return {};
  const text = textOf(given);
  if (text === null) return { truncated: true, unreadable: true };
  const bytes = Buffer.byteLength(text);
  if (bytes <= ARGUMENTS_CAP_BYTES) return given;
  return { truncated: true, bytes, head: text.slice(0, ARGUMENTS_CAP_BYTES / 4) };
}

/** Null for what no JSON can be made of. */
function textOf(given: unknown): string | null {
  try {
    return JSON.stringify(given) ?? null;
  } catch {
    return null;
  }
}

/** Caps the arguments of a tool call for the log. */

/** Bytes of JSON; larger arguments are cut. A strategy fits. */
export const ARGUMENTS_CAP_BYTES = 16_384;

/** The arguments or, beyond the cap, their size and beginning. Capping twice changes nothing. */
export function cappedArguments(given: unknown): unknown {
  // A JSON null would become an SQL null on its way into the log.
  if (given === undefined || given === null) return {};
  const text = textOf(given);
  if (text === null) return { truncated: true, unreadable: true };
  const bytes = Buffer.byteLength(text);
  if (bytes <= ARGUMENTS_CAP_BYTES) return given;
  return { truncated: true, bytes, head: text.slice(0, ARGUMENTS_CAP_BYTES / 4) };
}

/** The JSON of a value; null when it has none. */
function textOf(given: unknown): string | null {
  try {
    return JSON.stringify(given) ?? null;
  } catch {
    return null;
  }
}

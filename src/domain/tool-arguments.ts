/** What is kept of the arguments of a tool call. */

/** Arguments larger than this are cut: a strategy fits, a flood does not. Bytes of JSON. */
export const ARGUMENTS_CAP_BYTES = 16_384;

/** All of them, or, beyond the cap, their size and their beginning. What was capped before stays as it is. */
export function cappedArguments(given: unknown): unknown {
  // A JSON null would become an SQL null on its way into the log.
  if (given === undefined || given === null) return {};
  const text = JSON.stringify(given);
  const bytes = Buffer.byteLength(text);
  if (bytes <= ARGUMENTS_CAP_BYTES) return given;
  return { truncated: true, bytes, head: text.slice(0, ARGUMENTS_CAP_BYTES / 4) };
}

/** Splits at line feeds only: texts in the lines may hold Unicode's other line separators. */
export async function* linesIn(pieces: AsyncIterable<string>): AsyncGenerator<string> {
  let begun = "";
  for await (const piece of pieces) {
    const [first = "", ...others] = piece.split("\n");
    begun += first;
    for (const other of others) {
      yield begun;
      begun = other;
    }
  }
  if (begun !== "") yield begun;
}

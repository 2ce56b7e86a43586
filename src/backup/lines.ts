/** Lines end with a line feed and nothing else: texts in them may hold the other line separators of Unicode as they are. */
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

/** The 1-based ranks of the values, doubled so that all are integers. Equal values share the mean of their ranks. */
export function doubledRanks(values: readonly number[]): number[] {
  return values.map((value) => {
    const below = values.filter((other) => other < value).length;
    const equal = values.filter((other) => other === value).length;
    return 2 * below + equal + 1;
  });
}

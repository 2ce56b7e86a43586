/** What KTRDR's shortest error texts mean, found out with requests to the real one. */
const MEANINGS: readonly (readonly [RegExp, string])[] = [
  [
    /name or service not known|name resolution|getaddrinfo|all connection attempts failed/i,
    "KTRDR cannot reach a source over the network: for a training one of its context_data, which validate_strategy names with what each needs; for a data load IB",
  ],
  [
    /weight tensor should be defined/i,
    "the highest label class is missing in the training part, or the labels suit no classification",
  ],
  [/index \d+ is out of bounds for dimension/i, "a label class that training lacks occurs in the validation part"],
  [/num_samples=0/i, "no bar is left to train on: the labels need more bars"],
  [/found dtype long but expected float/i, "a regression needs labels forward_return"],
];

/** KTRDR's own words, followed by what they mean when that is known. */
export function inWords(text: string | null): string | null {
  const meaning = MEANINGS.find(([pattern]) => text !== null && pattern.test(text))?.[1];
  return text === null || meaning === undefined ? text : `${text} (${meaning})`;
}

/** One term of a search. */
export interface SearchTerm {
  /** `phrase`: these words in this order; `prefix`: words that begin so. */
  readonly how: "word" | "phrase" | "prefix";
  readonly text: string;
  /** True when insights that match it are left out. */
  readonly without: boolean;
}

/** More would only make a search slow. */
const MOST_TERMS = 16;

/** A leading minus, then words in quotation marks or one word. */
const TERM = /(?<minus>-?)(?:"(?<phrase>[^"]*)"?|(?<word>[^\s"]+))/gu;
const LETTERS = /[\p{L}\p{N}]/u;

/** Reads `rsi "high volatility" overfit* -intraday`. Never fails: terms without a letter or digit are ignored. */
export function searchTerms(query: string): SearchTerm[] {
  const terms: SearchTerm[] = [];
  for (const { groups = {} } of query.matchAll(TERM)) {
    const { minus = "", phrase, word = "" } = groups;
    const text = phrase ?? word;
    if (!LETTERS.test(text) || terms.length === MOST_TERMS) continue;
    const without = minus === "-";
    if (phrase !== undefined) terms.push({ how: "phrase", text, without });
    else if (word.endsWith("*")) terms.push({ how: "prefix", text: word.replace(/\*+$/, ""), without });
    else terms.push({ how: "word", text: word, without });
  }
  return terms;
}

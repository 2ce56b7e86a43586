import fc from "fast-check";
import { expect, test } from "vitest";
import { searchTerms, type SearchTerm } from "../../src/domain/search-terms.ts";

const term = (how: SearchTerm["how"], text: string, without = false): SearchTerm => ({ how, text, without });

test.each([
  ["rsi dips", [term("word", "rsi"), term("word", "dips")]],
  ['"high volatility" rsi', [term("phrase", "high volatility"), term("word", "rsi")]],
  ["overfit*", [term("prefix", "overfit")]],
  ['-intraday -"one day"', [term("word", "intraday", true), term("phrase", "one day", true)]],
  ['"never closed', [term("phrase", "never closed")]],
  ["мова 波動率", [term("word", "мова"), term("word", "波動率")]],
  ["' or 1=1; --", [term("word", "or"), term("word", "1=1;")]],
  ['"" * - & | ! :', []],
])("%s", (query, terms) => {
  expect(searchTerms(query)).toEqual(terms);
});

test("anything is a search, with few terms that each hold a letter or digit", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 300 }), (query) => {
      const terms = searchTerms(query);
      expect(terms.length).toBeLessThanOrEqual(16);
      for (const { text } of terms) expect(text).toMatch(/[\p{L}\p{N}]/u);
    }),
  );
});

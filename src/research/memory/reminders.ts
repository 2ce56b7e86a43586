/** What earlier research says about a strategy, told when it is saved or trained: at most three lines. */
import { failurePatterns, type FailurePattern } from "../../domain/failure-patterns.ts";
import type { StrategyTraits } from "../../domain/strategy/traits.ts";
import { within } from "../../within.ts";
import { cut } from "./experiment-facts.ts";
import { earlierLike } from "./earlier-likes.ts";
import { judgedRuns } from "./judged-runs.ts";
import type { Deps } from "../ports.ts";

export interface StrategyText {
  readonly name: string;
  /** Text of the strategy. */
  readonly text: string;
  readonly symbol: string | null;
  readonly timeframe: string | null;
}

const MOST = 3;
const MOST_WORDS = 12;
const SHOWN_CHARS = 160;
/** A start does not wait longer for its reminders. */
const PATIENCE_MS = 300;
/** Only patterns with so many runs, of which this share failed, are told. */
const TELLING = { tried: 4, share: 0.75 };

/** Never throws and never takes long. */
export async function remindersOf(deps: Deps, subject: StrategyText): Promise<string[]> {
  const looking = Promise.all([
    earlierLike(deps, subject.text),
    insightsOn(deps, subject),
    failuresOf(deps, subject),
  ]).then(([like, insights, failures]) =>
    [...(like === null ? [] : [like]), ...failures.slice(0, 1), ...insights, ...failures.slice(1)].slice(0, MOST),
  );
  return await within(
    looking.catch(() => []),
    PATIENCE_MS,
    () => [],
  );
}

async function insightsOn({ records, texts }: Deps, { name, text, symbol }: StrategyText): Promise<string[]> {
  const { indicator, labels } = texts.traits(text);
  const words = [...indicator, ...labels, ...(symbol === null ? [] : [symbol]), name];
  const terms = words.slice(0, MOST_WORDS).map((word) => ({ how: "word" as const, text: word, without: false }));
  const { hits } = await records.insights.search({ terms, any: true, limit: MOST, offset: 0 });
  const successors = await records.insights.successors(hits.map(({ insightId }) => insightId));
  const holding = hits.map((hit) => successors.get(hit.insightId) ?? hit);
  const once = new Map(holding.map((insight) => [insight.insightId, insight])).values();
  return [...once].map(({ insightId, category, importance, body, savedAt }) => {
    const line = cut(body.replaceAll(/\s+/g, " "), SHOWN_CHARS);
    return `Noted ${savedAt.slice(0, 10)} (${category}, importance ${importance}): "${line}" [${insightId}]`;
  });
}

async function patternsOn(deps: Deps, market: { symbol: string; timeframe: string }) {
  const key = JSON.stringify(market);
  const known = deps.failurePatterns.get(key);
  if (known !== undefined) return known;
  const patterns = failurePatterns((await judgedRuns(deps, market, 0)).judged);
  deps.failurePatterns.set(key, patterns);
  return patterns;
}

async function failuresOf(deps: Deps, { text, symbol, timeframe }: StrategyText): Promise<string[]> {
  if (symbol === null || timeframe === null) return [];
  const patterns = await patternsOn(deps, { symbol, timeframe });
  const traits = deps.texts.traits(text);
  return patterns
    .filter(({ tried, share }) => tried >= TELLING.tried && share >= TELLING.share)
    .filter(({ trait, value }) => has(traits, trait, value))
    .map(
      ({ trait, value, failed, tried, examples }) =>
        `Failed before on ${symbol} ${timeframe}: ${failed} of ${tried} runs with ${trait} ${value} (e.g. ${examples[0]}); get_failed_strategies says more.`,
    );
}

const has = (traits: StrategyTraits, trait: FailurePattern["trait"], value: string): boolean =>
  trait !== "symbol" && trait !== "timeframe" && traits[trait].includes(value);

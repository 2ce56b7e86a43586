/** What the texts of strategies say. Reading one takes a millisecond or two, and most calls are about the same few. */
import { LRUCache } from "lru-cache";
import { toBars, type DataRange, type DateWindow } from "../../domain/market-data.ts";
import { structureOf, type Structure } from "../../domain/strategy/likeness.ts";
import { traitsOf, type StrategyTraits } from "../../domain/strategy/traits.ts";
import { validateStrategy, type Validation } from "../../domain/strategy/validate.ts";
import type { Bars } from "../../ktrdr/data.ts";
import type { StrategyFile } from "../../strategies/strategy-folder.ts";

/** A text to judge; with the name of its file, when it has one. */
export type Text = Pick<StrategyFile, "text"> & Partial<Pick<StrategyFile, "name">>;

/** What is known of the planned training. */
export interface Given {
  readonly window?: DateWindow | undefined;
  readonly range?: DataRange | undefined;
  readonly bars?: Bars | undefined;
  readonly symbols?: readonly string[] | undefined;
}

/** Nothing here throws. */
export interface StrategyTexts {
  /** Judges a text. With bars, label classes are counted on them too. */
  judge(text: Text, given?: Given): Validation;
  traits(text: string): StrategyTraits;
  /** Null for a text that cannot be read. */
  structure(text: string): Structure | null;
}

export const NO_BARS: Bars = { times: [], ohlcv: [] };

/** Remembers the texts that it has read. */
export function createStrategyTexts(): StrategyTexts {
  const judge = createJudge();
  const traits = new LRUCache<string, StrategyTraits>({ max: 200 });
  const structures = new LRUCache<string, { readonly structure: Structure | null }>({ max: 500 });
  return {
    judge,
    traits(text) {
      const known = traits.get(text) ?? traitsOf(text);
      traits.set(text, known);
      return known;
    },
    structure(text) {
      const known = structures.get(text) ?? { structure: structureOf(text) };
      structures.set(text, known);
      return known.structure;
    },
  };
}

/**
 * Judging is pure, so each judgement is kept as long as somebody keeps the bars it was made on. The same bars read again
 * are the same object (ktrdr/cached-reads.ts); two objects may differ in any bar.
 */
function createJudge(): StrategyTexts["judge"] {
  const judged = new WeakMap<Bars, LRUCache<string, Validation>>();
  return ({ name, text }, { window, range, bars = NO_BARS, symbols }: Given = {}) => {
    const known = judged.get(bars) ?? new LRUCache<string, Validation>({ max: 200 });
    judged.set(bars, known);
    const key = JSON.stringify([name, text, window, range, symbols]);
    const judgement =
      known.get(key) ??
      validateStrategy({
        text,
        fileName: name,
        window,
        range,
        symbols,
        bars: bars === NO_BARS ? undefined : toBars(bars.ohlcv),
      });
    known.set(key, judgement);
    return judgement;
  };
}

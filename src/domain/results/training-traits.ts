/** Facts of a strategy's text and of its bars that tell how much the figures of a training are worth. */
import type { Bar } from "../market-data.ts";
import type { BaseRate } from "../result.ts";
import { labelsOn, type LabelSettings } from "../strategy/label-distribution.ts";
import { strategyMarket } from "../strategy/market.ts";
import { parseStrategy } from "../strategy/parse.ts";
import { LABEL_CLASSES } from "../strategy/labels.ts";
import { LABEL_SCHEMAS } from "../strategy/schema.ts";
import { isMapping, own } from "../strategy/shape.ts";

export interface TrainingTraits {
  readonly regression: boolean;
  /** In the order of the strategy. */
  readonly timeframes: readonly string[];
  /** Whether it has raw inputs, which are scaled instead of made fuzzy. */
  readonly scaledInputs: boolean;
  /** Kinds of the outside sources that the strategy reads, e.g. "fred". */
  readonly contextSources: readonly string[];
  /** The source of its labels; null when the text names none. */
  readonly labelSource: string | null;
  /** Null without bars, and for labels that we cannot reproduce. */
  readonly baseRate: BaseRate | null;
}

export const NOTHING_KNOWN: TrainingTraits = {
  regression: false,
  timeframes: [],
  scaledInputs: false,
  contextSources: [],
  labelSource: null,
  baseRate: null,
};

/** KTRDR's parts when the strategy names none (docs/ktrdr.md §4.3). */
const TRAIN_SHARE = 0.7;
const VALIDATION_SHARE = 0.15;

/**
 * @param text the strategy; null when it is not known
 * @param bars the bars of the training, oldest first; null when KTRDR does not give them
 */
export function trainingTraits(text: string | null, bars: readonly Bar[] | null): TrainingTraits {
  const parsed = text === null ? null : parseStrategy(text);
  if (parsed === null || !parsed.ok) return NOTHING_KNOWN;
  const { value } = parsed.text;
  const training = own(value, "training");
  const labels = labelSettings(own(training, "labels"));
  return {
    regression: own(own(value, "decisions"), "output_format") === "regression",
    timeframes: words(strategyMarket(value).timeframes),
    scaledInputs: items(own(value, "nn_inputs")).some(isScaled),
    contextSources: [...new Set(items(own(value, "context_data")).flatMap((one) => words([own(one, "provider")])))],
    labelSource: labels?.source ?? null,
    baseRate: bars === null || labels === null ? null : baseRate(labels, bars, own(training, "data_split")),
  };
}

/** A raw input goes through a scaler unless it says otherwise. */
const isScaled = (input: unknown): boolean =>
  own(input, "raw_indicator") !== undefined && own(input, "normalization") !== "none";

const items = (value: unknown): readonly unknown[] => (Array.isArray(value) ? (value as readonly unknown[]) : []);
const words = (value: unknown): string[] =>
  items(value).flatMap((word) => (typeof word === "string" ? [word.slice(0, 40)] : []));

function labelSettings(section: unknown): LabelSettings | null {
  const source = own(section, "source");
  if (typeof source !== "string" || !Object.hasOwn(LABEL_SCHEMAS, source) || !isMapping(section)) return null;
  const known = source as keyof typeof LABEL_SCHEMAS;
  const parsed = LABEL_SCHEMAS[known].safeParse(section);
  return parsed.success ? ({ source: known, settings: parsed.data } as LabelSettings) : null;
}

/** How often the most frequent label comes, in all labelled bars and in those of the test part (the last ones). */
function baseRate(labels: LabelSettings, bars: readonly Bar[], split: unknown): BaseRate | null {
  const regression = labels.source === "forward_return";
  const classes = regression ? ["up", "not up"] : LABEL_CLASSES[labels.source];
  const every = regression ? directions(bars, labels.settings.horizon) : labelsOn(labels, bars);
  if (every === null) return null;
  const known = [...every].filter((label) => label >= 0);
  const from = Math.floor(
    known.length * (partOf(split, "train", TRAIN_SHARE) + partOf(split, "validation", VALIDATION_SHARE)),
  );
  const all = mostFrequent(known);
  if (all === null) return null;
  const test = mostFrequent(known.slice(from));
  const named = ({ label, share }: Frequent) => ({ label: classes[label] ?? "?", share });
  return { ...named(all), test: test === null ? null : named(test) };
}

function partOf(split: unknown, name: string, standard: number): number {
  const part = own(split, name);
  return typeof part === "number" && part >= 0 && part <= 1 ? part : standard;
}

/** The sign of each return, as KTRDR counts it for a regression: a return of zero is no rise. */
function directions(bars: readonly Bar[], horizon: number): Int8Array {
  return Int8Array.from(bars, ({ close }, index) => {
    const later = bars[index + horizon];
    return later === undefined ? -1 : later.close > close ? 0 : 1;
  });
}

interface Frequent {
  readonly label: number;
  /** Ratio. */
  readonly share: number;
}

function mostFrequent(labels: readonly number[]): Frequent | null {
  const counts = new Map<number, number>();
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  const [most] = [...counts].toSorted(([, a], [, b]) => b - a);
  return most === undefined ? null : { label: most[0], share: most[1] / labels.length };
}

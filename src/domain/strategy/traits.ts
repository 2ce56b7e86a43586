import { parseStrategy } from "./parse.ts";
import { isMapping, own } from "./shape.ts";

/** What strategies may have in common. Values are short texts; a strategy may have several indicators. */
export interface StrategyTraits {
  readonly indicator: readonly string[];
  readonly labels: readonly string[];
  readonly architecture: readonly string[];
}

const SHOWN_CHARS = 60;

/** The traits of any text that is, or was, a strategy. What cannot be read is left out. Never throws. */
export function traitsOf(text: string): StrategyTraits {
  const parsed = parseStrategy(text);
  if (!parsed.ok) return { indicator: [], labels: [], architecture: [] };
  const { value } = parsed.text;
  const indicators = own(value, "indicators");
  const types = isMapping(indicators) ? Object.values(indicators).map((one) => own(one, "type")) : [];
  const source = own(own(own(value, "training"), "labels"), "source");
  const model = own(value, "model");
  const layers = own(own(model, "architecture"), "hidden_layers");
  return {
    indicator: [...new Set(types.flatMap(word))],
    labels: word(source),
    architecture: Array.isArray(layers) ? word([...word(own(model, "type")), layers.join("-")].join(" ")) : [],
  };
}

/** A value of the text as one short line. */
const word = (value: unknown): string[] =>
  typeof value === "string" && value.trim() !== "" ? [value.trim().toLowerCase().slice(0, SHOWN_CHARS)] : [];

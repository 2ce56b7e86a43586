import { splitReference } from "./reference.ts";
import { isMapping, own, type Mapping } from "./shape.ts";

/** One input of the network. */
export interface Feature {
  /** KTRDR's name, e.g. `1d_osc_zone_low` or `1d_osc_raw`. */
  readonly featureId: string;
  readonly timeframe: string;
  readonly indicatorId: string;
}

interface Sections {
  readonly indicators: Mapping;
  readonly fuzzySets: Mapping;
  readonly inputs: unknown;
  readonly timeframes: readonly string[];
}

/**
 * The features of a strategy in KTRDR's order: nn_inputs, then timeframes, then memberships (docs/ktrdr.md §4.3). The
 * order is part of the model. Entries that cannot be resolved give no feature.
 */
export function listFeatures({ indicators, fuzzySets, inputs, timeframes }: Sections): readonly Feature[] {
  if (!Array.isArray(inputs)) return [];
  return inputs.flatMap((input: unknown) => {
    const wanted = own(input, "timeframes");
    const chosen = Array.isArray(wanted) ? wanted.filter((item) => typeof item === "string") : timeframes;
    const raw = own(input, "raw_indicator");
    if (typeof raw === "string") return chosen.map((timeframe) => rawFeature(raw, timeframe, indicators));
    const id = own(input, "fuzzy_set");
    const set = typeof id === "string" ? own(fuzzySets, id) : undefined;
    if (typeof id !== "string" || !isMapping(set)) return [];
    return chosen.flatMap((timeframe) => fuzzyFeatures(id, set, timeframe, indicators));
  });
}

function rawFeature(reference: string, timeframe: string, indicators: Mapping): Feature {
  const { id } = splitReference(reference, indicators);
  return { featureId: `${timeframe}_${reference}_raw`, timeframe, indicatorId: id };
}

function fuzzyFeatures(fuzzySet: string, set: Mapping, timeframe: string, indicators: Mapping): readonly Feature[] {
  const reference = own(set, "indicator");
  if (typeof reference !== "string") return [];
  const { id } = splitReference(reference, indicators);
  return Object.keys(set)
    .filter((key) => key !== "indicator")
    .map((membership) => ({ featureId: `${timeframe}_${fuzzySet}_${membership}`, timeframe, indicatorId: id }));
}

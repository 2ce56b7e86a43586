import { scaleOf } from "../indicators/catalogue.ts";
import { nearest } from "../indicators/nearest.ts";
import { listFeatures } from "./features.ts";
import { alternatives, shown, type Path } from "./finding.ts";
import { resolveReference } from "./reference.ts";
import type { Examined } from "./rules.ts";
import { NnInputSchema } from "./schema.ts";
import { fit, isMapping, own, reportUnknownKeys } from "./shape.ts";

const KEYS = ["fuzzy_set", "raw_indicator", "timeframes", "normalization"];

/** nn_inputs: what the network sees, and under which names. */
export function checkInputs(examined: Examined): void {
  const { raw, report } = examined;
  const inputs = own(raw, "nn_inputs");
  if (inputs === undefined) return;
  if (!Array.isArray(inputs) || inputs.length === 0) {
    report.error("wrong_value", ["nn_inputs"], {
      what: "nn_inputs is not a list with entries.",
      why: "It lists what the network sees.",
      fix: "Write - {fuzzy_set: <id>, timeframes: all} for each fuzzy set.",
    });
    return;
  }
  for (const [index, input] of inputs.entries()) checkInput(input, ["nn_inputs", index], examined);
  checkDuplicates(examined);
}

function checkInput(input: unknown, path: Path, examined: Examined): void {
  const { report, timeframes } = examined;
  const fitted = fit(NnInputSchema, input, path, report);
  if (fitted === null || !isMapping(input)) return;
  reportUnknownKeys(input, KEYS, path, report);
  const { fuzzy_set: fuzzySet, raw_indicator: rawIndicator } = fitted;
  if ((fuzzySet === undefined) === (rawIndicator === undefined)) {
    report.error("fuzzy_or_raw", path, {
      what: fuzzySet === undefined ? "The input names nothing." : "The input names a fuzzy set and a raw indicator.",
      why: "Each entry is exactly one of the two.",
      fix: "Write {fuzzy_set: <id>, timeframes: all} or {raw_indicator: <id>, timeframes: all, normalization: zscore}.",
    });
  }
  if (fuzzySet !== undefined) checkFuzzyInput(fuzzySet, fitted.normalization, path, examined);
  if (rawIndicator !== undefined) checkRawInput(rawIndicator, fitted.normalization, path, examined);
  if (fitted.timeframes === "all" || timeframes.length === 0) return;
  for (const timeframe of fitted.timeframes) {
    if (timeframes.includes(timeframe)) continue;
    report.error("unlisted_timeframe", [...path, "timeframes"], {
      what: `The strategy does not train on ${shown(timeframe)}.`,
      why: `training_data.timeframes lists ${alternatives(timeframes)}.`,
      fix: `Write timeframes: all, or ${JSON.stringify(timeframes)}.`,
    });
  }
}

function checkFuzzyInput(id: string, normalization: string | undefined, path: Path, examined: Examined): void {
  const { fuzzySets, report } = examined;
  if (normalization !== undefined) {
    report.error("normalization_without_raw", [...path, "normalization"], {
      what: "normalization does not belong to a fuzzy set.",
      why: "Memberships already lie between 0 and 1; KTRDR refuses it.",
      fix: "Remove normalization; it is for raw_indicator only.",
    });
  }
  if (Object.hasOwn(fuzzySets, id)) return;
  const ids = Object.keys(fuzzySets);
  const meant = nearest(id, ids);
  report.error("unknown_reference", [...path, "fuzzy_set"], {
    what: `There is no fuzzy set ${shown(id)}.`,
    why: "Every entry names one of the section fuzzy_sets.",
    fix: `${meant === null ? "" : `Did you mean ${meant}? `}Defined: ${alternatives(ids) || "none"}.`,
  });
}

function checkRawInput(reference: string, normalization: string | undefined, path: Path, examined: Examined): void {
  const resolved = resolveReference(reference, examined.indicators, [...path, "raw_indicator"], examined.report);
  if (resolved?.definition == null || (normalization ?? "none") !== "none") return;
  const { unit } = scaleOf(resolved.definition, resolved.output);
  if (unit === "relative") return;
  examined.report.warning("raw_not_normalised", path, {
    what: `${shown(reference)} goes to the network as it is.`,
    why: "Its numbers are far from 0..1 and drown the other inputs.",
    fix: "Add normalization: zscore.",
  });
}

function checkDuplicates({ raw, indicators, fuzzySets, timeframes, report }: Examined): void {
  const seen = new Set<string>();
  const features = listFeatures({ indicators, fuzzySets, inputs: own(raw, "nn_inputs"), timeframes });
  for (const { featureId } of features) {
    if (seen.has(featureId)) {
      report.error("duplicate_feature", ["nn_inputs"], {
        what: `Two inputs are called ${shown(featureId)}.`,
        why: "The name is timeframe_set_membership; an entry is listed twice or two ids run together.",
        fix: "List each input once, or rename a set or membership.",
      });
      return;
    }
    seen.add(featureId);
  }
}

import {
  describeParameter,
  findIndicator,
  INDICATORS,
  parameterProblem,
  suggestIndicator,
  warmUpBars,
} from "../indicators/catalogue.ts";
import type { IndicatorDefinition, IndicatorParameter } from "../indicators/definition.ts";
import { nearest } from "../indicators/nearest.ts";
import { alternatives, shown, type Path } from "./finding.ts";
import { splitReference } from "./reference.ts";
import type { Examined } from "./rules.ts";
import { IndicatorSchema } from "./schema.ts";
import { fit, isMapping, own, type Mapping } from "./shape.ts";

const ID_PATTERN = /^[A-Za-z0-9_-]{1,64}$/;

/** Types, parameter names, parameter values and ids. KTRDR checks none of these (docs/ktrdr.md §2.6, §4.3). */
export function checkIndicators(examined: Examined): void {
  const { indicators, report } = examined;
  if (Object.keys(indicators).length === 0) {
    report.error("no_indicators", ["indicators"], {
      what: "No indicator is defined.",
      why: "Features are built from indicators.",
      fix: "Add at least one, e.g. osc: {type: rsi, period: 14}.",
    });
  }
  for (const [id, entry] of Object.entries(indicators)) {
    const path = ["indicators", id];
    checkId(id, path, examined);
    const fitted = fit(IndicatorSchema, entry, path, report);
    if (fitted === null) continue;
    const definition = findIndicator(fitted.type);
    if (definition === null) reportUnknownType(fitted.type, [...path, "type"], examined);
    else checkParameters(definition, isMapping(entry) ? entry : {}, path, examined);
  }
  reportUnused(examined);
}

/** An id becomes part of references (`id.output`) and of feature names. */
export function checkId(id: string, path: Path, { report }: Examined): void {
  if (ID_PATTERN.test(id)) return;
  const facts = {
    what: `${shown(id)} is an unusual id.`,
    why: "Ids are part of references (id.output) and of feature names.",
    fix: "Use letters, digits and _, at most 64 of them.",
  };
  // A reference is cut at its first dot.
  if (id.includes(".")) report.error("bad_id", path, facts);
  else report.warning("bad_id", path, facts);
}

function reportUnknownType(type: string, path: Path, { report }: Examined): void {
  const meant = suggestIndicator(type);
  report.error("unknown_indicator", path, {
    what: `KTRDR has no indicator type ${shown(type)}.`,
    why: "KTRDR's own check lets it through and the training fails later.",
    fix: `${meant === null ? "" : `Did you mean ${meant}? `}Types: ${INDICATORS.map((known) => known.type).join(", ")}.`,
  });
}

function checkParameters(definition: IndicatorDefinition, entry: Mapping, path: Path, examined: Examined): void {
  const { parameters } = definition;
  for (const [name, value] of Object.entries(entry)) {
    if (name === "type" || name === "data_source") continue;
    const parameter = parameters.find((known) => known.name === name);
    if (parameter === undefined) reportUnknownParameter(definition, name, [...path, name], examined);
    else checkValue(definition, parameter, value, [...path, name], examined);
  }
  if (definition.type === "adline" && own(entry, "use_sma_smoothing") === true) {
    examined.report.error("indicator_fails", [...path, "use_sma_smoothing"], {
      what: "KTRDR cannot compute a smoothed adline.",
      why: "It then has one output more than KTRDR expects, and the training fails with an output mismatch.",
      fix: "Write use_sma_smoothing: false.",
    });
  }
  const value = (name: string) => own(entry, name) ?? parameters.find((known) => known.name === name)?.default;
  const [fast, slow] = [value("fast_period"), value("slow_period")];
  if (typeof fast === "number" && typeof slow === "number" && fast >= slow) {
    examined.report.error("fast_not_faster", path, {
      what: "fast_period is not shorter than slow_period.",
      why: `fast_period ${fast}, slow_period ${slow}: the line would be reversed or flat.`,
      fix: "Use a fast_period below slow_period, e.g. 12 and 26.",
    });
  }
}

function reportUnknownParameter(definition: IndicatorDefinition, name: string, path: Path, { report }: Examined): void {
  const names = definition.parameters.map((parameter) => parameter.name);
  const meant = nearest(name, names) ?? (names.length === 1 ? names[0] : null);
  report.error("unknown_parameter", path, {
    what: `${definition.type} has no parameter ${shown(name)}.`,
    why: "KTRDR ignores it without a word and computes with the default.",
    fix:
      names.length === 0
        ? `Remove it: ${definition.type} takes no parameters.`
        : `${meant ? `Did you mean ${meant}? ` : ""}Parameters: ${alternatives(names)}.`,
  });
}

function checkValue(
  definition: IndicatorDefinition,
  parameter: IndicatorParameter,
  value: unknown,
  path: Path,
  { report, text }: Examined,
): void {
  const written = text.writtenAs(path);
  const fraction = parameter.type === "int" && Number.isInteger(value) && /[.eE]/.test(written ?? "");
  const problem = fraction ? "it is written as a fraction" : parameterProblem(parameter, value);
  if (problem === null) return;
  report.error("parameter_value", path, {
    what: `${parameter.name} of ${definition.type} cannot be ${fraction ? written : shown(value)}: ${problem}.`,
    why: "KTRDR refuses the value when the training has already started.",
    fix: `Use ${describeParameter(parameter)}; the default is ${String(parameter.default)}.`,
  });
}

function reportUnused({ indicators, fuzzySets, raw, report }: Examined): void {
  const inputs = own(raw, "nn_inputs");
  const references = [
    ...Object.values(fuzzySets).map((set) => own(set, "indicator")),
    ...(Array.isArray(inputs) ? inputs.map((input: unknown) => own(input, "raw_indicator")) : []),
  ];
  const used = new Set(
    references.flatMap((name) => (typeof name === "string" ? [splitReference(name, indicators).id] : [])),
  );
  for (const id of Object.keys(indicators)) {
    if (used.has(id)) continue;
    report.warning("unused_indicator", ["indicators", id], {
      what: `The indicator ${shown(id)} is not used.`,
      why: "No fuzzy set and no raw input refers to it.",
      fix: "Remove it, or build a fuzzy set on it.",
    });
  }
}

/** Bars before every indicator of the strategy gives trustworthy values. */
export function strategyWarmUp(indicators: Mapping): number {
  return Object.values(indicators).reduce<number>((most, entry) => {
    const type = own(entry, "type");
    const definition = typeof type === "string" ? findIndicator(type) : null;
    return definition === null || !isMapping(entry) ? most : Math.max(most, warmUpBars(definition, entry));
  }, 0);
}

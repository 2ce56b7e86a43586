import { findIndicator } from "../indicators/catalogue.ts";
import type { IndicatorDefinition } from "../indicators/definition.ts";
import { nearest } from "../indicators/nearest.ts";
import { alternatives, shown, type Path, type Report } from "./finding.ts";
import { isMapping, own, type Mapping } from "./shape.ts";

/** `<indicator id>` or `<indicator id>.<output>`, resolved. */
export interface Reference {
  readonly id: string;
  readonly output: string | null;
  /** Null when the type of the indicator is unknown (reported where it is defined). */
  readonly definition: IndicatorDefinition | null;
}

/** Splits a reference without checking it. An id that contains the dot and exists counts as an id. */
export function splitReference(reference: string, indicators: Mapping): { id: string; output: string | null } {
  const dot = reference.indexOf(".");
  if (dot < 0 || Object.hasOwn(indicators, reference)) return { id: reference, output: null };
  return { id: reference.slice(0, dot), output: reference.slice(dot + 1) };
}

/** Resolves a reference; everything doubtful about it is reported at `path`. */
export function resolveReference(reference: string, indicators: Mapping, path: Path, report: Report): Reference | null {
  const { id, output } = splitReference(reference, indicators);
  if (!Object.hasOwn(indicators, id)) {
    const ids = Object.keys(indicators);
    const meant = nearest(id, ids);
    report.error("unknown_reference", path, {
      what: `There is no indicator ${shown(id)}.`,
      why: "Every reference names an entry of the section indicators.",
      fix: `${meant === null ? "" : `Did you mean ${meant}? `}Defined: ${alternatives(ids) || "none"}.`,
    });
    return null;
  }
  const entry = own(indicators, id);
  const type = own(entry, "type");
  const definition = typeof type === "string" ? findIndicator(type) : null;
  if (definition !== null) checkOutput(id, output, definition, isMapping(entry) ? entry : {}, path, report);
  return { id, output, definition };
}

function checkOutput(
  id: string,
  output: string | null,
  definition: IndicatorDefinition,
  entry: Mapping,
  path: Path,
  report: Report,
): void {
  const names = definition.outputs;
  const choices = names.map((name) => `${id}.${name}`);
  if (output === null) {
    if (names.length === 0) return;
    report.error("output_missing", path, {
      what: `${shown(id)} has ${names.length} outputs and none is chosen.`,
      why: `${definition.type} gives ${alternatives(names)}; KTRDR would silently take the first.`,
      fix: `Write ${alternatives(choices)}.`,
    });
  } else if (names.length === 0) {
    report.error("unknown_output", path, {
      what: `${shown(id)} has a single output without a name.`,
      why: `${definition.type} does not give ${shown(output)}.`,
      fix: `Write ${id}.`,
    });
  } else if (!names.includes(output)) {
    const meant = nearest(output, names);
    report.error("unknown_output", path, {
      what: `${definition.type} has no output ${shown(output)}.`,
      why: `It gives ${alternatives(names)}.`,
      fix: meant === null ? `Write ${alternatives(choices)}.` : `Write ${id}.${meant}.`,
    });
  } else {
    const flag = definition.optionalOutputs?.[output];
    const fallback = definition.parameters.find((parameter) => parameter.name === flag)?.default;
    if (flag !== undefined && (own(entry, flag) ?? fallback) !== true) {
      report.error("output_switched_off", path, {
        what: `The output ${shown(output)} of ${shown(id)} is not computed.`,
        why: `${definition.type} computes it only with ${flag}: true.`,
        fix: `Add ${flag}: true to indicators.${id}.`,
      });
    }
  }
}

import { nearest } from "../indicators/nearest.ts";
import { alternatives, shown } from "./finding.ts";
import type { Examined } from "./rules.ts";
import { NameSchema, SECTIONS } from "./schema.ts";
import { fit, isMapping, own } from "./shape.ts";

const NAMES = Object.keys(SECTIONS);

/** Checks the sections, the name, and whether the name is that of the file. */
export function checkStructure({ raw, report, fileName }: Examined): void {
  for (const key of Object.keys(raw)) {
    if (NAMES.includes(key)) continue;
    const meant = nearest(key, NAMES);
    report.warning("no_effect", [key], {
      what: `The section ${shown(key)} has no effect.`,
      why: "KTRDR ignores sections it does not know.",
      fix: `${meant === null ? "Remove it." : `Did you mean ${meant}?`} Sections: ${alternatives(NAMES)}.`,
    });
  }
  for (const [name, need] of Object.entries(SECTIONS)) {
    if (need === "required" && name !== "name" && own(raw, name) === undefined) {
      report.error("missing", [name], {
        what: `The section ${name} is missing.`,
        why: "KTRDR refuses a strategy without it.",
        fix: `Add ${name}; get_strategy_schema shows its form.`,
      });
    }
  }
  for (const name of ["indicators", "fuzzy_sets"] as const) {
    const section = own(raw, name);
    if (section === undefined || isMapping(section)) continue;
    report.error("wrong_value", [name], {
      what: `${name} is not a mapping.`,
      why: "Only mappings of id to definition are the v3 form; KTRDR refuses the rest for training.",
      fix:
        name === "indicators"
          ? "Write osc: {type: rsi, period: 14}."
          : "Write zone: {indicator: osc, low: [0, 20, 40]}.",
    });
  }
  for (const key of ["description", "version"]) {
    const value = own(raw, key);
    if (value === undefined || typeof value === "string") continue;
    report.error("wrong_value", [key], {
      what: `${key} cannot be ${shown(value)}: it is not text.`,
      why: "KTRDR needs text here, and an unquoted number is not text.",
      fix: key === "version" ? 'Write version: "3.0" with the quotes.' : "Put the description in quotes.",
    });
  }
  const name = fit(NameSchema, own(raw, "name"), ["name"], report);
  if (name !== null && fileName !== null && name !== fileName) {
    report.warning("name_not_file", ["name"], {
      what: `The name ${shown(name)} is not the file name ${shown(fileName)}.`,
      why: `Jobs are about ${fileName}, and KTRDR files its models under models/${name}, beside those of others with that name.`,
      fix: `Write name: ${fileName}, unless the models may lie there.`,
    });
  }
}

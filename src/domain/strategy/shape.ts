import type { z } from "zod";
import { nearest } from "../indicators/nearest.ts";
import { alternatives, shown, type Path, type Report } from "./finding.ts";

export type Mapping = Readonly<Record<string, unknown>>;

export function isMapping(value: unknown): value is Mapping {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Own value of a key, never one of the prototype. */
export function own(mapping: unknown, key: string): unknown {
  return isMapping(mapping) && Object.hasOwn(mapping, key) ? mapping[key] : undefined;
}

/** Parses one section; every mismatch becomes an error finding and the answer is null. */
export function fit<S extends z.ZodType>(schema: S, value: unknown, path: Path, report: Report): z.output<S> | null {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  for (const issue of parsed.error.issues.slice(0, 12)) {
    const inner = issue.path.map((part) => (typeof part === "number" ? part : String(part)));
    const given = valueAt(value, inner);
    const name = inner.at(-1) ?? path.at(-1) ?? "the strategy";
    const missing = given === undefined;
    report.error(missing ? "missing" : "wrong_value", [...path, ...inner], {
      what: missing ? `${name} is missing.` : `${name} cannot be ${shown(given)}.`,
      why: missing ? "KTRDR needs it." : "KTRDR refuses it, or fails on it after the training has started.",
      fix: `${name}: ${issue.message}`,
    });
  }
  return null;
}

function valueAt(value: unknown, path: Path): unknown {
  let current = value;
  for (const part of path) {
    if (Array.isArray(current)) current = current[Number(part)];
    else current = own(current, String(part));
  }
  return current;
}

/**
 * Reports keys that KTRDR ignores: an error when the key looks misspelt (the setting that was meant would silently keep
 * its default), otherwise a warning.
 */
export function reportUnknownKeys(mapping: Mapping, known: readonly string[], path: Path, report: Report): void {
  for (const key of Object.keys(mapping)) {
    if (known.includes(key)) continue;
    const meant = nearest(key, known);
    if (meant !== null && !Object.hasOwn(mapping, meant)) {
      report.error("misspelt", [...path, key], {
        what: `${shown(key)} is not known here.`,
        why: `KTRDR ignores it and uses the default of ${meant}.`,
        fix: `Write ${meant} if that is meant. Known: ${alternatives(known)}.`,
      });
    } else {
      report.warning("no_effect", [...path, key], {
        what: `${shown(key)} has no effect.`,
        why: "KTRDR accepts it and ignores it.",
        fix: `Remove it. What counts here: ${alternatives(known)}.`,
      });
    }
  }
}

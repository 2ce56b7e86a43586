import { nearest } from "../indicators/nearest.ts";
import { alternatives, shown, type Path, type Report } from "./finding.ts";
import { ARITY, type Membership, type MembershipType } from "./membership.ts";
import { MEMBERSHIP_TYPES } from "./schema.ts";
import { isMapping, own, reportUnknownKeys } from "./shape.ts";

const SHAPES: Readonly<Record<MembershipType, string>> = {
  triangular: "[left, peak, right]",
  trapezoidal: "{type: trapezoidal, parameters: [left, top, top, right]}",
  gaussian: "{type: gaussian, parameters: [centre, sigma]}",
};

/** Reads one membership; null after reporting what is wrong. KTRDR checks none of this before it trains. */
export function readMembership(name: string, value: unknown, path: Path, report: Report): Membership | null {
  const type = readType(value, path, report);
  if (type === null) return null;
  if (isMapping(value)) reportUnknownKeys(value, ["type", "parameters"], path, report);
  const parameters = isMapping(value) ? own(value, "parameters") : value;
  if (!isNumberList(parameters)) {
    report.error("membership_shape", path, {
      what: `${shown(name)} is not a membership.`,
      why: `${shown(parameters)} is not a list of numbers.`,
      fix: `Write ${SHAPES[type]}.`,
    });
    return null;
  }
  const membership: Membership = { name, type, parameters };
  return checkArity(membership, path, report) && checkOrder(membership, path, report) ? membership : null;
}

function readType(value: unknown, path: Path, report: Report): MembershipType | null {
  if (Array.isArray(value)) return "triangular";
  const given = own(value, "type") ?? (isMapping(value) ? "triangular" : undefined);
  const type = MEMBERSHIP_TYPES.find((known) => known === given);
  if (type !== undefined) return type;
  const meant = typeof given === "string" ? nearest(given, MEMBERSHIP_TYPES) : null;
  report.error("membership_shape", isMapping(value) ? [...path, "type"] : path, {
    what: isMapping(value)
      ? `${shown(given)} is not a kind of membership.`
      : `${shown(path.at(-1))} is not a membership but ${shown(value)}.`,
    why: "Every key of a fuzzy set except indicator is a membership.",
    fix: `${meant === null ? "" : `Did you mean ${meant}? `}Write [left, peak, right] or {type: ${alternatives(MEMBERSHIP_TYPES)}, parameters: [...]}.`,
  });
  return null;
}

const isNumberList = (value: unknown): value is readonly number[] =>
  Array.isArray(value) && value.every((item) => typeof item === "number" && Number.isFinite(item));

function checkArity({ name, type, parameters }: Membership, path: Path, report: Report): boolean {
  if (parameters.length === ARITY[type]) return true;
  const other = MEMBERSHIP_TYPES.find((known) => ARITY[known] === parameters.length);
  report.error("membership_arity", path, {
    what: `${shown(name)} has ${parameters.length} numbers; ${type} needs ${ARITY[type]}.`,
    why: "KTRDR's own check lets it through and the training fails.",
    fix:
      other === undefined
        ? `Write ${SHAPES[type]}.`
        : `Write ${SHAPES[type]}, or for ${parameters.length} numbers {type: ${other}, parameters: ${JSON.stringify(parameters)}}.`,
  });
  return false;
}

function checkOrder({ name, type, parameters }: Membership, path: Path, report: Report): boolean {
  if (type === "gaussian") {
    if ((parameters[1] ?? 0) > 0) return true;
    report.error("membership_degenerate", path, {
      what: `The width of ${shown(name)} is ${parameters[1]}.`,
      why: "A gaussian needs a sigma above 0.",
      fix: "Write {type: gaussian, parameters: [centre, sigma]} with a positive sigma.",
    });
    return false;
  }
  const sorted = parameters.toSorted((a, b) => a - b);
  if (sorted.some((number, index) => number !== parameters[index])) {
    report.error("membership_order", path, {
      what: `The numbers of ${shown(name)} are not in ascending order.`,
      why: `A ${type} membership runs from left to right; KTRDR fails on ${JSON.stringify(parameters)}.`,
      fix: `Write ${JSON.stringify(sorted)}.`,
    });
    return false;
  }
  if (sorted[0] !== sorted.at(-1)) return true;
  report.warning("membership_degenerate", path, {
    what: `${shown(name)} has no width.`,
    why: "It is true at one single value, so it is practically always zero.",
    fix: "Give it a left and a right end, e.g. [20, 30, 40].",
  });
  return false;
}

import { scaleOf } from "../indicators/catalogue.ts";
import type { OutputScale } from "../indicators/definition.ts";
import { checkId } from "./check-indicators.ts";
import { shown, type Path } from "./finding.ts";
import { degree, innerGaps, support, type Membership } from "./membership.ts";
import { readMembership } from "./read-membership.ts";
import { resolveReference } from "./reference.ts";
import type { Examined } from "./rules.ts";
import { FuzzySetSchema } from "./schema.ts";
import { fit, isMapping, own } from "./shape.ts";

/** Checks references and memberships, and whether the sets cover the indicator's values. */
export function checkFuzzySets(examined: Examined): void {
  const { fuzzySets, report } = examined;
  for (const [id, entry] of Object.entries(fuzzySets)) {
    const path = ["fuzzy_sets", id];
    checkId(id, path, examined);
    const fitted = fit(FuzzySetSchema, entry, path, report);
    if (fitted === null || !isMapping(entry)) continue;
    const reference = resolveReference(fitted.indicator, examined.indicators, [...path, "indicator"], report);
    const memberships = readMemberships(entry, path, examined);
    if (memberships === null) continue;
    checkDistinct(memberships, path, examined);
    const definition = reference?.definition ?? null;
    const scale = definition === null ? null : scaleOf(definition, reference?.output ?? null);
    checkCoverage(memberships, scale, path, examined);
    if (scale !== null) checkScale(fitted.indicator, scale, path, examined);
  }
  reportUnused(examined);
}

/** All memberships of a set, or null when any of them is unusable. */
function readMemberships(
  entry: Readonly<Record<string, unknown>>,
  path: Path,
  examined: Examined,
): Membership[] | null {
  const names = Object.keys(entry).filter((key) => key !== "indicator");
  if (names.length === 0) {
    examined.report.error("no_memberships", path, {
      what: "The fuzzy set has no membership.",
      why: "Every key except indicator is a membership; each becomes one input of the network.",
      fix: "Add some, e.g. low: [0, 20, 40].",
    });
    return null;
  }
  const memberships = names.map((name) => {
    checkId(name, [...path, name], examined);
    return readMembership(name, entry[name], [...path, name], examined.report);
  });
  return memberships.every((membership) => membership !== null) ? memberships : null;
}

function checkDistinct(memberships: readonly Membership[], path: Path, { report }: Examined): void {
  const seen = new Map<string, string>();
  for (const { name, type, parameters } of memberships) {
    const key = `${type} ${parameters.join(" ")}`;
    const twin = seen.get(key);
    if (twin === undefined) seen.set(key, name);
    else {
      report.warning("membership_identical", [...path, name], {
        what: `${shown(name)} is the same as ${shown(twin)}.`,
        why: "The network would get one input twice.",
        fix: "Give it other numbers, or remove it.",
      });
    }
  }
}

function checkCoverage(
  memberships: readonly Membership[],
  scale: OutputScale | null,
  path: Path,
  examined: Examined,
): void {
  const { report } = examined;
  const range = scale?.range ?? null;
  const spans = memberships.map(support);
  const low = Math.min(...spans.map((span) => span[0]));
  const high = Math.max(...spans.map((span) => span[1]));
  if (range !== null) {
    for (const membership of memberships) {
      const [from, to] = support(membership);
      if (from < range[1] && to > range[0]) continue;
      report.warning("membership_unreachable", [...path, membership.name], {
        what: `${shown(membership.name)} can never be true.`,
        why: `It lies at ${plain(from)}..${plain(to)}, and the indicator only takes ${range[0]}..${range[1]}.`,
        fix: `Place it inside ${range[0]}..${range[1]}.`,
      });
      return;
    }
  }
  for (const [from, to] of innerGaps(memberships)) {
    if (range !== null && (to <= range[0] || from >= range[1])) continue;
    report.warning("membership_gap", path, {
      what: `Between ${plain(from)} and ${plain(to)} no membership is true.`,
      why: "There the network sees only zeros and cannot tell one market from another.",
      fix: "Let neighbouring memberships overlap, best where both are about 0.5.",
    });
  }
  if (range !== null) checkLimits(memberships, range, path, examined);
  if (range !== null) checkEnds([low, high], scale?.usual ?? range, path, examined);
}

/** Warns of a trapezoid with a vertical side on a limit of the range: the limit itself is outside. */
function checkLimits(
  memberships: readonly Membership[],
  range: readonly [number, number],
  path: Path,
  { report }: Examined,
): void {
  for (const limit of range) {
    if (memberships.some((membership) => degree(membership, limit) > 0)) continue;
    const steep = memberships.find(({ type, parameters: [a, b, c, d] }) => {
      return type === "trapezoidal" && ((a === limit && b === limit) || (c === limit && d === limit));
    });
    if (steep === undefined) continue;
    const foot = limit === range[0] ? limit - 1 : limit + 1;
    report.warning("membership_step", [...path, steep.name], {
      what: `At exactly ${limit} no membership is true, not even ${shown(steep.name)}.`,
      why: "KTRDR takes a trapezoid as 0 at both of its ends, even where it is 1 right next to them.",
      fix: `Put its end outside the range: ${foot} instead of ${limit}.`,
    });
  }
}

/** Warns when more than a tenth of the usual range is uncovered at one end. */
function checkEnds(
  covered: readonly [number, number],
  usual: readonly [number, number],
  path: Path,
  { report }: Examined,
) {
  const [low, high] = usual;
  const tolerance = (high - low) / 10;
  const ends = [
    ...(covered[0] - low > tolerance ? [`${low}..${plain(covered[0])}`] : []),
    ...(high - covered[1] > tolerance ? [`${plain(covered[1])}..${high}`] : []),
  ];
  if (ends.length === 0) return;
  report.warning("range_uncovered", path, {
    what: `Values ${ends.join(" and ")} belong to no membership.`,
    why: `The indicator usually takes ${low}..${high}; in the rest the network sees only zeros.`,
    fix: "Widen the outer memberships, best as trapezoids that stay at 1 up to the end of the range.",
  });
}

function checkScale(indicator: string, scale: OutputScale, path: Path, { report }: Examined): void {
  if (scale.unit !== "price" && scale.unit !== "cumulative") return;
  const price = scale.unit === "price";
  report.warning("drifting_scale", path, {
    what: `${shown(indicator)} is ${price ? "a price level" : "a running total"}; fixed memberships do not stay valid.`,
    why: "It drifts away with the years, so the test period lies outside what the network has seen.",
    fix: price
      ? "Use something relative: distancefromma, bollingerbandwidth, roc, or an oscillator."
      : "Use something relative: volumeratio, mfi or cmf.",
  });
}

function reportUnused({ fuzzySets, raw, report }: Examined): void {
  const inputs = own(raw, "nn_inputs");
  if (!Array.isArray(inputs)) return;
  const used = new Set(inputs.map((input: unknown) => own(input, "fuzzy_set")));
  for (const id of Object.keys(fuzzySets)) {
    if (used.has(id)) continue;
    report.warning("unused_fuzzy_set", ["fuzzy_sets", id], {
      what: `The fuzzy set ${shown(id)} is not used.`,
      why: "It is not listed in nn_inputs, so the network never sees it.",
      fix: `Add {fuzzy_set: ${id}, timeframes: all} to nn_inputs, or remove it.`,
    });
  }
}

const plain = (value: number): string => String(Number(value.toPrecision(4)));

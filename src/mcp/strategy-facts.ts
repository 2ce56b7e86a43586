/** What answers say about a strategy that was judged. */
import type { Finding } from "../domain/strategy/finding.ts";
import type { StrategySummary } from "../domain/strategy/validate.ts";
import type { StrategyReport } from "../research/strategies/strategy-check.ts";

const SHOWN_ERRORS = 12;
const SHOWN_WARNINGS = 6;
const SHOWN_FEATURES = 24;

/** The fields of every answer about a judged strategy: findings first, then its summary. */
export function reportFacts({ valid, findings, summary, checkedOn }: StrategyReport) {
  const errors = findings.filter((finding) => finding.severity === "error");
  const warnings = findings.filter((finding) => finding.severity === "warning");
  return {
    valid,
    errors: errors.slice(0, SHOWN_ERRORS).map(findingFacts),
    warnings: warnings.slice(0, SHOWN_WARNINGS).map(findingFacts),
    more_findings: Math.max(0, errors.length - SHOWN_ERRORS) + Math.max(0, warnings.length - SHOWN_WARNINGS),
    checked_on: checkedOn,
    summary: summary === null ? null : summaryFacts(summary),
  };
}

function findingFacts({ code, where, line, what, why, fix }: Finding) {
  return { code, where, ...(line === null ? {} : { line }), what, why, fix };
}

export function summaryFacts(summary: StrategySummary) {
  const { labels, features } = summary;
  const classes = labels?.distribution?.map(({ label, share }) => [label, Number(share.toFixed(3))] as const);
  return {
    symbols: summary.symbols,
    timeframes: summary.timeframes,
    indicators: summary.indicatorTypes,
    features: features.slice(0, SHOWN_FEATURES),
    feature_count: features.length,
    warm_up_bars: summary.warmUpBars,
    ...(labels === null ? {} : { labels: labels.source }),
    ...(classes === undefined ? {} : { label_shares: Object.fromEntries(classes) }),
  };
}

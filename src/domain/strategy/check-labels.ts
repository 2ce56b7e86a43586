import { nearest } from "../indicators/nearest.ts";
import { alternatives, shown } from "./finding.ts";
import {
  labelDistribution,
  type LabelDistribution,
  type LabelSettings,
  type SplitShares,
} from "./label-distribution.ts";
import type { LabelCount } from "./labels.ts";
import type { Examined } from "./rules.ts";
import { LABEL_SCHEMAS } from "./schema.ts";
import { fit, isMapping, own, reportUnknownKeys, type Mapping } from "./shape.ts";

const PATH = ["training", "labels"];
const SOURCES = Object.keys(LABEL_SCHEMAS) as (keyof typeof LABEL_SCHEMAS)[];
/** A class rarer than this can hardly be learnt. */
const RARE_SHARE = 0.02;
const DOMINANT_SHARE = 0.95;

export interface ExaminedLabels {
  readonly source: string;
  /** Bars after its own that a label looks at; 0 where no number says so. */
  readonly horizon: number;
  /** Bars of each class; null without bars, for regression, or when the settings are unusable. */
  readonly distribution: readonly LabelCount[] | null;
}

/** Checks label settings, and the labels they give on the bars. KTRDR checks none of it (docs/ktrdr.md §2.6). */
export function checkLabels(examined: Examined): ExaminedLabels | null {
  const { raw, report, bars } = examined;
  const training = own(raw, "training");
  if (!isMapping(training)) return null;
  const given = own(training, "labels") ?? {};
  const section = isMapping(given) && own(given, "source") === undefined ? { source: "zigzag", ...given } : given;
  if (section !== given) {
    report.warning("labels_default", ["training"], {
      what: "training.labels names no source.",
      why: "KTRDR then takes zigzag with a threshold of 0.02.",
      fix: "Add labels: {source: zigzag, zigzag_threshold: 0.02}.",
    });
  }
  const labels = isMapping(section) ? readLabels(section, examined) : null;
  if (labels === null) return null;
  checkOutputFormat(labels.source, examined);
  const distribution = bars === null ? null : labelDistribution(labels, bars, splitOf(training));
  if (distribution !== null) checkDistribution(labels, distribution, examined);
  return { source: labels.source, horizon: horizonOf(labels), distribution: distribution?.all ?? null };
}

/** A zigzag looks as far as its swing goes, and regimes as far as theirs. */
function horizonOf({ source, settings }: LabelSettings): number {
  if (source === "triple_barrier") return settings.max_holding_period;
  return source === "forward_return" || source === "context" ? settings.horizon : 0;
}

/** The shares of the parts, with KTRDR's defaults where none are given. `checkTraining` reports unusable ones. */
function splitOf(training: Mapping): SplitShares {
  const share = (name: string) => {
    const value = own(own(training, "data_split"), name);
    return typeof value === "number" ? value : undefined;
  };
  return { train: share("train") ?? 0.7, validation: share("validation") ?? 0.15, test: share("test") };
}

function readLabels(section: Mapping, { report }: Examined): LabelSettings | null {
  const given = own(section, "source");
  const source = SOURCES.find((known) => known === given);
  if (source === undefined) {
    const meant = typeof given === "string" ? nearest(given, SOURCES) : null;
    report.error("label_source", [...PATH, "source"], {
      what: `There is no label source ${shown(given)}.`,
      why: "KTRDR takes zigzag for every source that it does not know.",
      fix: `${meant === null ? "" : `Did you mean ${meant}? `}Use ${alternatives(SOURCES)}.`,
    });
    return null;
  }
  const schema = LABEL_SCHEMAS[source];
  reportUnknownKeys(section, ["source", ...Object.keys(schema.shape)], PATH, report);
  if (source === "regime") reportIdle(section, report);
  if (source === "forward_return" && own(section, "horizon") === undefined) {
    report.error("missing", [...PATH, "horizon"], {
      what: "horizon is missing.",
      why: "KTRDR refuses a regression without it.",
      fix: "Write labels: {source: forward_return, horizon: 20}.",
    });
  }
  const settings = fit<(typeof LABEL_SCHEMAS)[keyof typeof LABEL_SCHEMAS]>(schema, section, PATH, report);
  return settings === null ? null : ({ source, settings } as LabelSettings);
}

/** Reports settings that KTRDR's regime labels do not read (docs/ktrdr.md §11.4). */
function reportIdle(section: Mapping, report: Examined["report"]): void {
  for (const key of ["horizon", "trending_threshold"].filter((name) => Object.hasOwn(section, name))) {
    report.warning("no_effect", [...PATH, key], {
      what: `${key} has no effect on regime labels.`,
      why: "KTRDR reads vol_lookback and vol_crisis_threshold only.",
      fix: "Remove it.",
    });
  }
}

function checkOutputFormat(source: LabelSettings["source"], { raw, report }: Examined): void {
  const format = own(own(raw, "decisions"), "output_format");
  if (format !== "classification" && format !== "regression") return;
  if ((source === "forward_return") !== (format === "regression")) {
    report.error("label_format", [...PATH, "source"], {
      what: `The labels ${source} do not fit output_format ${format}.`,
      why: "Classification learns classes, regression learns returns.",
      fix:
        format === "regression"
          ? "Use source: forward_return."
          : "Use zigzag or triple_barrier, or output_format: regression.",
    });
  } else if (source === "regime" || source === "context") {
    report.warning("labels_not_signals", [...PATH, "source"], {
      what: `The labels ${source} are not trading signals.`,
      why: "A backtest reads class 0 as BUY, 1 as HOLD and 2 as SELL; these classes mean something else.",
      fix: "For a strategy that is to be backtested use zigzag or triple_barrier.",
    });
  }
}

/**
 * Reports classes that are missing or dominate. KTRDR weighs the classes of the training part: when the last class is
 * missing there, it has fewer weights than classes and fails. Any other missing class is never learnt (docs/ktrdr.md
 * §11.4).
 */
function checkDistribution(
  labels: LabelSettings,
  { all, trained }: LabelDistribution,
  { report, bars }: Examined,
): void {
  const fix = distributionFix(labels);
  if (sumOf(all) === 0) {
    report.error("no_labels", PATH, {
      what: `None of the ${bars?.length ?? 0} bars gets a label.`,
      why: "The horizon and look-back of the labels are longer than the data. KTRDR fails without a label.",
      fix: "Use more bars or shorter label settings.",
    });
    return;
  }
  const text = trained.map((count) => `${count.label} ${count.bars}`).join(", ");
  const absent = trained.filter((count) => count.bars === 0).map((count) => count.label);
  const last = trained.at(-1);
  if (last?.bars === 0) {
    report.error("label_classes", PATH, {
      what: `In the training part no bar is labelled ${alternatives(absent)} (${text}).`,
      why: `KTRDR has a weight for each class up to the last one seen: without ${last.label} it has too few, and the training fails.`,
      fix,
    });
  } else if (absent.length > 0) {
    report.warning("label_absent", PATH, {
      what: `In the training part no bar is labelled ${alternatives(absent)} (${text}).`,
      why: "KTRDR trains nevertheless; the model never learns that class.",
      fix,
    });
  } else if (trained.some((count) => count.share > DOMINANT_SHARE)) {
    report.warning("label_dominant", PATH, {
      what: `Nearly every bar of the training part has the same label (${text}).`,
      why: "The network may learn to give always the same answer.",
      fix,
    });
  } else {
    checkRare(labels, all, report);
  }
}

const sumOf = (counts: readonly LabelCount[]): number => counts.reduce((sum, count) => sum + count.bars, 0);

function checkRare(labels: LabelSettings, counts: readonly LabelCount[], report: Examined["report"]): void {
  const rare = counts.filter((count) => count.share < RARE_SHARE);
  if (rare.length === 0) return;
  const text = counts.map((count) => `${count.label} ${count.bars}`).join(", ");
  report.warning("label_rare", PATH, {
    what: `Hardly any bar is labelled ${alternatives(rare.map((count) => count.label))} (${text}).`,
    why: "Some of the three parts of the data may have no bar of this label.",
    fix: distributionFix(labels),
  });
}

function distributionFix({ source, settings }: LabelSettings): string {
  switch (source) {
    case "zigzag":
      return `Change zigzag_threshold (now ${settings.zigzag_threshold}): a few times the usual move of one bar, e.g. 0.02 on daily and 0.005 on hourly bars. Smaller = more turning points (HOLD).`;
    case "triple_barrier":
      return "Change max_holding_period (longer = less HOLD) or bring pt_multiplier and sl_multiplier closer together.";
    case "regime":
      return "Change vol_crisis_threshold (lower = more VOLATILE) or vol_lookback.";
    case "context":
      return "Bring bullish_threshold and bearish_threshold closer to the usual move over the horizon.";
    case "forward_return":
      return "Use another horizon.";
  }
}

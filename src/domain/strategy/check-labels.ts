import { nearest } from "../indicators/nearest.ts";
import { alternatives, shown } from "./finding.ts";
import { labelDistribution, type LabelSettings } from "./label-distribution.ts";
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
  /** Null without bars, for regression, or when the settings are unusable. */
  readonly distribution: readonly LabelCount[] | null;
}

/** Label settings, and what they would give on the bars. KTRDR checks none of it (contract §2.6). */
export function checkLabels(examined: Examined): ExaminedLabels | null {
  const { raw, report, bars } = examined;
  const training = own(raw, "training");
  if (!isMapping(training)) return null;
  const section = own(training, "labels");
  if (section === undefined) {
    report.warning("labels_default", ["training"], {
      what: "training.labels is not set.",
      why: "What the network learns to predict is left to KTRDR's default.",
      fix: "Add labels: {source: zigzag, zigzag_threshold: 0.02, label_lookahead: 20}.",
    });
    return null;
  }
  const labels = isMapping(section) ? readLabels(section, examined) : null;
  if (labels === null) return null;
  checkOutputFormat(labels.source, examined);
  const distribution = bars === null ? null : labelDistribution(labels, bars);
  if (distribution !== null) checkDistribution(labels, distribution, examined);
  return { source: labels.source, distribution };
}

function readLabels(section: Mapping, { report }: Examined): LabelSettings | null {
  const given = own(section, "source");
  const source = SOURCES.find((known) => known === given);
  if (source === undefined) {
    const meant = typeof given === "string" ? nearest(given, SOURCES) : null;
    report.error("label_source", [...PATH, "source"], {
      what: given === undefined ? "The source of the labels is missing." : `There is no label source ${shown(given)}.`,
      why: "It decides what the network learns to predict.",
      fix: `${meant === null ? "" : `Did you mean ${meant}? `}Use ${alternatives(SOURCES)}.`,
    });
    return null;
  }
  const schema = LABEL_SCHEMAS[source];
  reportUnknownKeys(section, ["source", ...Object.keys(schema.shape)], PATH, report);
  const settings = fit<(typeof LABEL_SCHEMAS)[keyof typeof LABEL_SCHEMAS]>(schema, section, PATH, report);
  return settings === null ? null : ({ source, settings } as LabelSettings);
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

function checkDistribution(labels: LabelSettings, counts: readonly LabelCount[], { report, bars }: Examined): void {
  const total = counts.reduce((sum, count) => sum + count.bars, 0);
  const text = counts.map((count) => `${count.label} ${count.bars}`).join(", ");
  if (total === 0) {
    report.error("no_labels", PATH, {
      what: `None of the ${bars?.length ?? 0} bars gets a label.`,
      why: "The horizon and look-back of the labels are longer than the data.",
      fix: "Use more bars or shorter label settings.",
    });
    return;
  }
  const absent = counts.filter((count) => count.bars === 0).map((count) => count.label);
  const dominant = counts.find((count) => count.share > DOMINANT_SHARE);
  // Four regimes are rarely all present; three missing ones are one class.
  const failing = labels.source === "regime" ? absent.length >= 3 : absent.length > 0;
  if (failing || dominant !== undefined) {
    report.error("label_classes", PATH, {
      what: failing
        ? `On this data no bar is labelled ${alternatives(absent)} (${text}).`
        : `On this data nearly every bar has the same label (${text}).`,
      why: failing
        ? "KTRDR weighs the classes and fails when one is missing."
        : "The network would learn to say the same thing always.",
      fix: distributionFix(labels),
    });
    return;
  }
  const rare = counts.filter((count) => count.share < RARE_SHARE && count.bars > 0);
  if (rare.length === 0) return;
  report.warning("label_rare", PATH, {
    what: `Hardly any bar is labelled ${alternatives(rare.map((count) => count.label))} (${text}).`,
    why: "The three splits of the data may not even all contain it.",
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
      return "Change trending_threshold and vol_crisis_threshold.";
    case "context":
      return "Bring bullish_threshold and bearish_threshold closer to the usual move over the horizon.";
    case "forward_return":
      return "Use another horizon.";
  }
}

/** The comparison of measured runs, as `compare_results` tells it. */
import { chance, compact, enginesText, rounded } from "../domain/facts.ts";
import { percentText } from "../domain/kinds/words.ts";
import type { ComparedMeasured, MeasuredComparison } from "../domain/measured/compare-measured.ts";

const BEYOND_CHANCE = 0.05;
/** Worthless strategies have about one half. */
const NO_USE = 0.5;
const SHOWN_PAIRS = 10;

export function measuredComparison(comparison: MeasuredComparison) {
  const { runs, overfitting, blocks, alike } = comparison;
  const { probability, loses, slope, splits } = overfitting;
  return {
    headline: headlineOf(comparison),
    figure: "sharpe",
    engine: enginesText(runs.map(({ result }) => result.engine)) ?? "unknown",
    groups: runs.map(groupOf),
    runs: runs.map(({ jobId, result, sharpe }) => {
      return { task_id: jobId, measures: result.measures, strategy: result.strategy, sharpe: rounded(sharpe) };
    }),
    overfitting: {
      pbo: rounded(probability),
      loses_out_of_sample: rounded(loses),
      degradation_slope: rounded(slope),
      blocks,
      splits,
    },
    caveats: [
      ...(probability < NO_USE
        ? []
        : ["Whoever picked the best of these by one half of the days would have picked no better than blindly."]),
      ...(alike.length === 0
        ? []
        : [
            `The same idea, count as one: ${alike
              .slice(0, SHOWN_PAIRS)
              .map((pair) => pair.join(" and "))
              .join("; ")}.`,
          ]),
      "The probability is of these runs only: losers that were not measured would change it.",
    ],
    next: "get_results with a task_id shows a measurement in full; save_insight with what the comparison taught.",
  };
}

function headlineOf({ runs, overfitting: { probability, splits }, blocks }: MeasuredComparison): string {
  const [best] = runs;
  const name = `${best?.result.strategy ?? "?"} (Sharpe ${(best?.sharpe ?? 0).toFixed(2)})`;
  return `Probability of overfitting (PBO) ${percentText(probability, 0)}: in so many of ${splits} splits of ${blocks} blocks the best of one half was no better than the middle of the other. Best of all days: ${name}.`;
}

function groupOf({ jobId, result, sharpe, againstBest }: ComparedMeasured) {
  return {
    strategy: result.strategy,
    sharpe: rounded(sharpe),
    against_best: standing(againstBest),
    ...compact({
      correlation_with_best: rounded(againstBest?.correlation ?? null),
      adjusted_p: chance(againstBest?.probability ?? null),
    }),
    task_ids: [jobId],
  };
}

function standing(against: ComparedMeasured["againstBest"]): string {
  if (against === null) return "is the best";
  const { difference, error, probability } = against;
  if (probability === null || error === null)
    return `cannot be told: worse by ${rounded(difference)}; six blocks or more would do`;
  const chance = probability <= BEYOND_CHANCE ? "beyond chance" : "within chance";
  return `${chance}: worse by ${rounded(difference)}, standard error ${rounded(error)}`;
}

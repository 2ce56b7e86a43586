import { findIndicator } from "../indicators/catalogue.ts";
import { LOOKS_AHEAD } from "../insistence.ts";
import { listFeatures } from "./features.ts";
import { shown } from "./finding.ts";
import { minutesOf } from "./market.ts";
import type { Examined } from "./rules.ts";
import { own } from "./shape.ts";

/** Reports inputs that the network could not have known in time: no figure of such a strategy means anything. */
export function checkLookAhead(examined: Examined): void {
  checkSlowTimeframes(examined);
  checkRepainting(examined);
}

/** KTRDR puts a slower bar on its opening time, with a close that is only known later (docs/ktrdr.md §11.3). */
function checkSlowTimeframes({ raw, indicators, fuzzySets, timeframes, timeframe: fine, report }: Examined): void {
  if (fine === null) return;
  const features = listFeatures({ indicators, fuzzySets, inputs: own(raw, "nn_inputs"), timeframes });
  const slow = [...new Set(features.map((feature) => feature.timeframe))].filter((one) => one !== fine);
  const [slowest] = slow.toSorted((a, b) => (minutesOf(b) ?? 0) - (minutesOf(a) ?? 0));
  const [short, long] = [minutesOf(fine), slowest === undefined ? null : minutesOf(slowest)];
  if (slowest === undefined || short === null || long === null || long <= short) return;
  const path = ["training_data", "timeframes"];
  report.error(LOOKS_AHEAD, path, {
    what: `In a backtest the network sees ${slowest} bars before they have closed.`,
    why: `KTRDR puts a ${slowest} bar on its opening time: the ${fine} bar that opens ${span(short)} later already sees a close that comes another ${span(long - short)} later.`,
    fix: `Train on ${fine} alone, with longer periods instead of the slower bars.`,
  });
  const share = Math.round(100 * (1 - short / long));
  report.warning("slow_bars_zero", path, {
    what: `In training the ${slowest} features are 0 on about ${share} % of the bars.`,
    why: `Where no ${slowest} bar opens, a backtest repeats the last one and a training does not. The network trains on other inputs than it trades on.`,
    fix: `Train on ${fine} alone.`,
  });
}

function span(minutes: number): string {
  if (minutes < 60) return `${minutes} minutes`;
  const [hours, days] = [minutes / 60, minutes / 1_440];
  return days > 2 ? `${Math.round(days)} days` : hours === 1 ? "an hour" : `${Number(hours.toFixed(1))} hours`;
}

/** An output whose past values change when new bars come. */
function checkRepainting({ raw, indicators, fuzzySets, timeframes, report }: Examined): void {
  const features = listFeatures({ indicators, fuzzySets, inputs: own(raw, "nn_inputs"), timeframes });
  for (const id of new Set(features.map(({ indicatorId }) => indicatorId))) {
    const type = own(own(indicators, id), "type");
    const definition = typeof type === "string" ? findIndicator(type) : null;
    if (definition?.repaints !== true) continue;
    report.error(LOOKS_AHEAD, ["indicators", id], {
      what: `${shown(id)} repaints: ${definition.type} changes past values when later bars come.`,
      why: "It marks a turning point at its own bar, although only later bars show it: the network sees the future.",
      fix: `Remove it from nn_inputs; ${definition.type} is for labels.`,
    });
  }
}

/**
 * Whether the validation loss, by which a search climbs, was worth climbing by: finalists with a low loss should show a
 * high Sharpe ratio. They are the best by their loss, so all of them have a low one, and the correlation is weaker than
 * among all points.
 */
import { CANDIDATE_LUCK, luckBar } from "../luck/luck.ts";
import type { RankCorrelation } from "./rank-correlation.ts";

export interface ProxyQuestion {
  /** Of the finalists' validation loss and Sharpe ratio; null when it cannot be computed, or losses cannot be compared. */
  readonly correlation: RankCorrelation | null;
  /** Points that were trained on the last rung, the finalists among them. */
  readonly points: number;
  /** Points that were backtested: one trial each. */
  readonly finalists: number;
  /** Backtests that count on the market, the finalists among them. */
  readonly trials: number;
  /** Of traded bars. */
  readonly years: number;
}

/** A correlation with less chance than that is clear. */
const CLEAR = 0.05;
/** Above it losses and Sharpe ratios do not even lean the right way. */
const LEANS = -0.3;

/** What the correlation says about the loss as a proxy, and what a search by backtests would have cost instead. */
export function proxyText(question: ProxyQuestion): string {
  const { correlation } = question;
  if (correlation === null) {
    return "Whether a low validation loss means a high Sharpe cannot be told: it takes three finalists or more that differ, all of one label setting.";
  }
  const { rho, p, pairs } = correlation;
  const seen = `Validation loss and Sharpe of ${pairs} finalists correlate by ${rho.toFixed(2)} (Spearman, p ${p < 0.001 ? "below 0.001" : p.toFixed(3)})`;
  if (rho < 0 && p <= CLEAR) return `${seen}: the lower the loss, the higher the Sharpe, so the loss chose well here.`;
  if (rho <= LEANS) return `${seen}: this leans the right way, and so few finalists cannot tell it from chance.`;
  const means =
    rho > 0 && p <= CLEAR
      ? "the lower the loss, the lower the Sharpe, so the loss is worthless as a guide here"
      : "so few finalists, all of low loss, cannot tell whether the loss is a guide";
  return `${seen}: ${means}.${costText(question)}`;
}

/** Each point is a trial then, and the bar rises with trials. Empty when all of them were backtested. */
function costText({ points, finalists, trials, years }: ProxyQuestion): string {
  if (points <= finalists) return "";
  const searched = trials + points - finalists;
  const bar = (count: number) => luckBar(count, years, CANDIDATE_LUCK).toFixed(2);
  return ` A search by backtests would make each of the ${points} points on the last rung a trial: ${searched} instead of ${trials}, and luck then shows a Sharpe of ${bar(searched)} instead of ${bar(trials)} in one of twenty searches.`;
}

/** What the operator reads of holdouts and of the looks at them, figures included. */
import { chanceOf } from "../domain/holdout/look-result.ts";
import { powerLines } from "../domain/holdout/holdout.ts";
import { holdoutOf } from "../domain/holdout/symbol.ts";
import { isDomainError } from "../domain/errors.ts";
import { backtestOf } from "../domain/kinds/holdout.ts";
import { percentText } from "../domain/kinds/words.ts";
import { normaliseBacktest } from "../domain/results/backtest.ts";
import type { Holdout, HoldoutStore, Look } from "../store/holdouts.ts";
import { yearsText } from "./holdout-set.ts";

export async function statusLines(store: Pick<HoldoutStore, "all" | "looks">): Promise<string[]> {
  const [holdouts, looks] = await Promise.all([store.all(), store.looks()]);
  if (holdouts.length === 0)
    return ["No holdout is set. `ktrdr-mcp holdout set SYMBOL TIMEFRAME YYYY-MM-DD` sets one."];
  return [
    ...holdouts.flatMap(holdoutLines),
    ...(looks.length === 0 ? ["Nobody has looked."] : looks.flatMap(lookLines)),
  ];
}

const holdoutLines = ({ symbol, timeframe, startDate, lastDay, years, alpha, setAt, setBy, sha256 }: Holdout) => [
  `${symbol} ${timeframe}: ${startDate} to ${lastDay} is kept back, ${yearsText(years)}; set at ${setAt} by ${setBy}; SHA-256 ${sha256}`,
  ...powerLines(years, alpha).map((line) => `  ${line}`),
];

function lookLines(look: Look): string[] {
  const { jobId, symbol, request, voided } = look;
  return [
    `Look ${look.look} at ${symbol} ${request.timeframe}: ${answerText(look)}; ${jobId}, candidate ${request.candidateJobId}`,
    ...figuresOf(look).map((line) => `  ${line}`),
    ...(voided === null ? [] : [`  VOID, still counted: ${voided}`]),
  ];
}

function answerText({ status, result, computed }: Look): string {
  if (result !== null) {
    return `${result.passed ? "PASSED" : "failed"} at the level ${result.level.toPrecision(3)}`;
  }
  if (status === "open") return "open";
  return `${status}, without an answer; ${computed ? "it was computed and stays counted" : "never computed: the same candidate may repeat it"}`;
}

function figuresOf({ sealed, request, result }: Look): string[] {
  if (sealed === null) return [];
  if ("failure" in sealed) return [`${sealed.failure.what} ${sealed.failure.why ?? ""}`.trimEnd()];
  try {
    const engine = result?.engine ?? { name: "ktrdr", version: "unknown" };
    const figures = normaliseBacktest(sealed.summary, backtestOf(request, holdoutOf(request.symbol)), null, engine);
    return [
      `luck ${percentText(chanceOf(figures), 2)}, Sharpe ${figures.sharpe?.toFixed(2) ?? "undefined"}, return ${percentText(figures.totalReturn, 2)}, drawdown ${percentText(figures.maxDrawdown)}, ${figures.trades} trades`,
    ];
  } catch (error) {
    if (isDomainError(error)) return [`KTRDR's answer cannot be used: ${error.why ?? error.what}`];
    throw error;
  }
}

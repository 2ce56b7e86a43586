/** A walk-forward as an answer tells it. */
import { compact, rounded, type Detail, type Facts } from "../facts.ts";
import type { WalkedWindow, WalkForwardResult } from "../kinds/walk-forward.ts";
import { datesText } from "../kinds/words.ts";

export function walkFacts(result: WalkForwardResult, detail: Detail): Facts {
  const { sharpe, t, equityPoints, totalReturn, trades, windows, positive, draws, efficiency } = result;
  const brief = compact({
    sharpe: rounded(sharpe),
    t: rounded(t),
    total_return: rounded(totalReturn),
    bars: equityPoints - 1,
    trades,
    windows: windows.length,
    positive_windows: positive,
    share_positive: rounded(positive / windows.length),
    worst_window: rounded(worstOf(windows)),
    draws_per_window: draws,
  });
  if (detail === "brief") return brief;
  return {
    ...brief,
    table: windows.map((window) => rowOf(window, detail)),
    // Last: it says nothing unless the trainings themselves show something.
    ...compact({ efficiency: rounded(efficiency) }),
  };
}

/** The lowest Sharpe ratio of a window; a window without a trade has none. */
function worstOf(windows: readonly WalkedWindow[]): number | null {
  const sharpes = windows.map(({ sharpe }) => sharpe).filter((sharpe) => sharpe !== null);
  return sharpes.length === 0 ? null : Math.min(...sharpes);
}

const rowOf = (window: WalkedWindow, detail: Detail): Facts => {
  const { train, test, sharpes, jobId, sharpe, totalReturn, maxDrawdown, trades, holdSharpe } = window;
  return compact({
    trained: datesText(train),
    tested: datesText(test),
    sharpe: rounded(sharpe),
    draws: sharpes.length < 2 ? null : sharpes.map(rounded),
    total_return: rounded(totalReturn),
    max_drawdown: rounded(maxDrawdown),
    trades,
    holding_sharpe: rounded(holdSharpe),
    task_id: detail === "full" ? jobId : null,
  });
};

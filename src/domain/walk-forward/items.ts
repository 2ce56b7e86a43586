/**
 * What a walk-forward computes: for each window its draws, each trained and traded on the days after. Then, for each
 * window, the first draw on its own training days, with which the others are compared.
 */
import type { BacktestToBe } from "../batch.ts";
import type { TrainingRequest } from "../kinds/training.ts";
import type { WalkForwardRequest } from "../kinds/walk-forward.ts";

interface WalkItem {
  readonly training: TrainingRequest;
  readonly backtest: BacktestToBe;
}

export function walkItems(request: WalkForwardRequest): readonly WalkItem[] {
  const size = walkSize(request);
  return Array.from({ length: size }, (_, n) => made(request, n));
}

export const walkSize = ({ windows, draws }: Pick<WalkForwardRequest, "windows" | "draws">): number =>
  windows.length * (draws + 1);

/** Which window (0-based), draw (1-based) and days an item is of. */
export function itemOf({ windows, draws }: WalkForwardRequest, n: number) {
  const tests = windows.length * draws;
  return n < tests
    ? { window: Math.floor(n / draws), draw: (n % draws) + 1, days: "test" as const }
    : { window: n - tests, draw: 1, days: "train" as const };
}

function made(request: WalkForwardRequest, n: number): WalkItem {
  const { strategy, strategySha256, symbol, timeframe, symbols, insisted } = request;
  const { initialCapital, commission, slippage } = request;
  const { window, draw, days } = itemOf(request, n);
  const found = request.windows[window];
  if (found === undefined) throw new Error(`there is no window ${window}`);
  const { train, test, readFrom } = found;
  const part = {
    strategy,
    strategySha256,
    symbol,
    timeframe,
    ...(insisted === undefined ? {} : { insisted }),
  };
  const dates = days === "train" ? train : { startDate: readFrom, endDate: test.endDate };
  return {
    training: { kind: "training", ...part, ...(symbols === undefined ? {} : { symbols }), ...train, draw },
    backtest: {
      kind: "backtest",
      ...part,
      ...dates,
      initialCapital,
      commission,
      slippage,
      modelPath: null,
      walks: days,
    },
  };
}

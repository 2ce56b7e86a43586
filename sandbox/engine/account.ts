import type { OpenPosition, TradeRecord } from "./api-types.ts";

/** Share of the available cash that one position may take. */
const POSITION_SHARE = 0.25;

const HOUR = 3_600_000;

/** What the account charges, as ratios of the traded value. A negative cost is paid out, as at KTRDR. */
export interface Costs {
  readonly commission: number;
  readonly slippage: number;
}

interface Holding {
  readonly side: 1 | -1;
  readonly quantity: number;
  readonly price: number;
  readonly time: number;
  /** When it was last valued. KTRDR counts the holding period up to this time, one bar short of the exit. */
  seen: number;
  /** At the last valuation. */
  profit: number;
  best: number;
  worst: number;
}

/** Cash, at most one position, and the closed trades of a backtest. Prices per share, times ms UTC. */
export class Account {
  cash: number;
  holding: Holding | undefined;
  readonly trades: TradeRecord[] = [];
  private readonly symbol: string;
  private readonly costs: Costs;

  constructor(symbol: string, cash: number, costs: Costs) {
    this.symbol = symbol;
    this.cash = cash;
    this.costs = costs;
  }

  /**
   * Opens a position of whole shares for a quarter of the cash, commission included. Too little cash opens none. The
   * buyer pays the slippage on top of `price`, and the seller gets less by it. A short sets its whole value aside.
   */
  open(side: 1 | -1, price: number, time: number): boolean {
    const filled = price * (1 + side * this.costs.slippage);
    const quantity = Math.trunc((this.cash * POSITION_SHARE) / (1 + this.costs.commission) / price);
    if (!(quantity > 0)) return false;
    this.cash -= filled * quantity * (1 + this.costs.commission);
    this.holding = { side, quantity, price: filled, time, seen: time, profit: 0, best: 0, worst: 0 };
    return true;
  }

  /** Closes the position. The trade's commission and net profit count only the exit's part (docs/ktrdr.md §10.2). */
  close(price: number, time: number): void {
    const held = this.holding;
    if (held === undefined) return;
    const filled = price * (1 - held.side * this.costs.slippage);
    const commission = held.quantity * filled * this.costs.commission;
    const gross = held.side * held.quantity * (filled - held.price);
    this.cash += held.quantity * held.price + gross - commission;
    this.trades.push({
      trade_id: this.trades.length + 1,
      symbol: this.symbol,
      side: held.side === 1 ? "LONG" : "SHORT",
      entry_price: held.price,
      entry_time: stamp(held.time),
      exit_price: filled,
      exit_time: stamp(time),
      quantity: held.quantity,
      gross_pnl: gross,
      commission,
      slippage: held.quantity * Math.abs(filled - price),
      net_pnl: gross - commission,
      holding_period_hours: (held.seen - held.time) / HOUR,
      max_favorable_excursion: held.best,
      max_adverse_excursion: held.worst,
    });
    this.holding = undefined;
  }

  /** Value of cash and position at a bar's close; notes the position's extremes. */
  mark(price: number, time: number): number {
    const held = this.holding;
    if (held === undefined) return this.cash;
    held.seen = time;
    held.profit = held.side * held.quantity * (price - held.price);
    held.best = Math.max(held.best, held.profit);
    held.worst = Math.min(held.worst, held.profit);
    if (held.side === 1) return this.cash + held.quantity * price;
    // While a short is open, its entry commission is added back to the value. At the exit it is gone.
    return this.cash + held.price * held.quantity * (1 + this.costs.commission) + held.profit;
  }

  /** The open position in wire form, none when flat. */
  positions(price: number): OpenPosition[] {
    const held = this.holding;
    if (held === undefined) return [];
    return [
      {
        status: held.side === 1 ? "LONG" : "SHORT",
        symbol: this.symbol,
        quantity: held.quantity,
        entry_date: stamp(held.time),
        entry_price: held.price,
        current_price: price,
      },
    ];
  }

  /** Restores what a checkpoint holds. The position's extremes begin anew, as at KTRDR. */
  restore(cash: number, positions: readonly OpenPosition[], trades: readonly TradeRecord[]): void {
    this.cash = cash;
    this.trades.push(...trades);
    const [kept] = positions;
    if (kept === undefined) return;
    const time = Date.parse(kept.entry_date);
    this.holding = {
      side: kept.status === "LONG" ? 1 : -1,
      quantity: kept.quantity,
      price: kept.entry_price,
      time,
      seen: time,
      profit: 0,
      best: 0,
      worst: 0,
    };
  }
}

/** `2022-01-05T10:00:00+00:00`, as in checkpoints. */
export function stamp(time: number): string {
  return `${new Date(time).toISOString().slice(0, 19)}+00:00`;
}

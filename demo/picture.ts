import { blue, plot, yellow } from "asciichart";
import type { ResultsAnswer } from "./answers.ts";

const HEIGHT = 10;
const RESET = "\u001B[39m";

/** The losses of training and validation by epoch. */
export function learningCurve(curve: NonNullable<ResultsAnswer["curve"]>, colours: boolean): string {
  const chart = plot([curve.train_loss, curve.val_loss], {
    height: HEIGHT,
    format: (value) => value.toFixed(4).padStart(8),
    ...(colours ? { colors: [blue, yellow] } : {}),
  });
  const legend = colours
    ? `${blue}── training loss${RESET}   ${yellow}── validation loss${RESET}`
    : `training loss ${ends(curve.train_loss)}, validation loss ${ends(curve.val_loss)}`;
  return `${chart}\n${legend}`;
}

const ends = (series: readonly number[]): string => `${series[0]?.toFixed(4)} → ${series.at(-1)?.toFixed(4)}`;

const ROWS = [
  ["total_return", "Total return", "%"],
  ["annual_return", "Return a year", "%"],
  ["sharpe", "Sharpe ratio", ""],
  ["max_drawdown", "Worst drawdown", "%"],
  ["trades", "Trades", ""],
] as const;

/** A backtest's figures beside buy-and-hold over the same bars. */
export function comparison({ figures = {}, buy_and_hold: held = {} }: ResultsAnswer): string {
  const head = `${"".padEnd(16)}${"strategy".padStart(12)}${"buy-and-hold".padStart(15)}`;
  const rows = ROWS.map(
    ([key, label, unit]) =>
      `${label.padEnd(16)}${figure(figures[key], unit).padStart(12)}${figure(held[key], unit).padStart(15)}`,
  );
  return [head, ...rows].join("\n");
}

function figure(value: unknown, unit: string): string {
  if (typeof value !== "number") return "–";
  if (unit === "%") return `${(value * 100).toFixed(2)} %`;
  return Number.isInteger(value) ? String(value) : value.toFixed(2);
}

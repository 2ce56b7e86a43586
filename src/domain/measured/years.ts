/** A measured run year by year. */
import type { MeasuredBlock, MeasurementResult } from "../kinds/measurement.ts";
import { pooled } from "../luck/blocks.ts";
import { annualSharpe, holdingOf } from "./series.ts";

/** A calendar year, or several where the points leave out its end. Returns are ratios, Sharpe ratios annual. */
export interface MeasuredYear {
  /** "2015", or "2015-2017". */
  readonly year: string;
  /** Which part of it, when it is not a whole year; else null. */
  readonly part: string | null;
  readonly return: number;
  readonly sharpe: number | null;
  /** Holding on the same bars; null when it is not known. */
  readonly holdingReturn: number | null;
  readonly holdingSharpe: number | null;
}

export function yearsOf(result: MeasurementResult): MeasuredYear[] {
  const rows: MeasuredYear[] = [];
  let [start, equity, level] = [0, 1, 1];
  let from = result.begins;
  for (const [at, block] of result.blocks.entries()) {
    if (!block.end.endsWith("-12-31") && at < result.blocks.length - 1) continue;
    const blocks = result.blocks.slice(start, at + 1);
    rows.push({
      ...sharpesOf(blocks, result),
      ...nameOf(from, block.end, start === 0),
      return: block.equity / equity - 1,
      holdingReturn: block.holding === null ? null : block.holding.level / level - 1,
    });
    [start, equity, level, from] = [at + 1, block.equity, block.holding?.level ?? 1, block.end];
  }
  return rows;
}

function sharpesOf(blocks: readonly MeasuredBlock[], { perYear, blocks: all }: MeasurementResult) {
  const [held, allHeld] = [holdingOf(blocks), holdingOf(all)];
  return {
    sharpe: annualSharpe(pooled(blocks), pooled(all), perYear),
    holdingSharpe: held === null || allHeld === null ? null : annualSharpe(held, allHeld, perYear),
  };
}

/** @param first true when `from` is the day of the first point, and not the end of a year */
function nameOf(from: string, to: string, first: boolean): Pick<MeasuredYear, "year" | "part"> {
  const begins = first ? from.slice(0, 4) : String(Number(from.slice(0, 4)) + 1);
  const ends = to.slice(0, 4);
  const parts = [first ? `from ${from}` : null, to.endsWith("-12-31") ? null : `to ${to}`];
  const part = parts.filter((text) => text !== null).join(" ");
  return { year: begins === ends ? begins : `${begins}-${ends}`, part: part === "" ? null : part };
}

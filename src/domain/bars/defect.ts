/** What can be wrong with bars. */
export type DefectKind =
  | "newest_first"
  | "unsorted"
  | "duplicate"
  | "conflict"
  | "overlap"
  | "doubled_hour"
  | "unreadable_time"
  | "numbers_for_times"
  | "made_up_times"
  | "zone_dropped"
  | "empty"
  | "not_a_number"
  | "zero"
  | "negative"
  | "impossible"
  | "refused"
  | "jump"
  | "hole"
  | "close_only"
  | "constant_price"
  | "no_volume"
  | "negative_volume"
  | "stale"
  | "closed_day"
  | "constant_volume"
  | "other_timeframe"
  | "separator"
  | "no_header"
  | "missing_columns"
  | "text_for_numbers"
  | "day_or_month_first"
  | "time_in_a_column"
  | "unreadable_file";

export interface Defect {
  readonly kind: DefectKind;
  /** Each bar concerned (of a hole: the last one before it), ms since 1970, in file order. Empty: the whole file. */
  readonly at: ArrayLike<number>;
  /** Holes only: milliseconds since 1970 of the first bar after each. */
  readonly until?: readonly number[];
  /** Line of the first such bar in its file; null when it is not known. */
  readonly line: number | null;
  /** What the texts need beside counts: names of columns, a ratio. */
  readonly detail?: string;
}

/** What is wrong with a series, or with a window of it. */
export interface BarHealth {
  readonly bars: number;
  readonly defects: readonly Defect[];
}

/** Collects the bars that have one kind of defect. */
export class Tally {
  readonly at: number[] = [];
  line: number | null = null;
  detail: string | undefined;

  add(time: number, line: number | undefined): void {
    if (this.at.length === 0) this.line = line ?? null;
    this.at.push(time);
  }
}

export function defectOf(kind: DefectKind, { at, line, detail }: Tally): Defect[] {
  return at.length === 0 ? [] : [{ kind, at, line, ...(detail === undefined ? {} : { detail }) }];
}

/**
 * The part of a health report that concerns a window. Both ends are milliseconds since 1970, inclusive. Bars whose time
 * cannot be read, and defects of the whole file, concern every window.
 */
export function within({ bars, defects }: BarHealth, from: number, to: number): BarHealth {
  const kept = defects.flatMap((defect): Defect[] => {
    const { at, until } = defect;
    if (at.length === 0) return [defect];
    const inside = Array.from({ length: at.length }, (_, index) => index).filter((index) => {
      const time = at[index] ?? Number.NaN;
      return until === undefined ? !(time < from || time > to) : time < to && (until[index] ?? 0) > from;
    });
    if (inside.length === at.length) return [defect];
    if (inside.length === 0) return [];
    return [
      {
        ...defect,
        at: inside.map((index) => at[index] ?? Number.NaN),
        ...(until === undefined ? {} : { until: inside.map((index) => until[index] ?? 0) }),
        // `line` is known for the first of all bars only.
        line: inside[0] === 0 ? defect.line : null,
      },
    ];
  });
  return { bars, defects: kept };
}

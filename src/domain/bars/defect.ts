/** What can be wrong with bars. Each kind is one family of files that people have. */
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
  /** ms since 1970 of each bar concerned, in the file's order; of a hole, of the last bar before it. Empty: the whole file. */
  readonly at: ArrayLike<number>;
  /** Of holes: ms of the first bar behind each. */
  readonly until?: readonly number[];
  /** Line of the first bar concerned in its file; null when it is not known. */
  readonly line: number | null;
  /** What the texts need beside counts: names of columns, a ratio. */
  readonly detail?: string;
}

/** The verdict on one series, or on a window of it. */
export interface BarHealth {
  readonly bars: number;
  readonly defects: readonly Defect[];
}

/** Collects the bars of one kind. */
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
 * What of a health report concerns a window; both ends in ms since 1970, inclusive. Bars whose time cannot be read and
 * what is wrong with the file as a whole concern every window.
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
        // The known line is that of the first bar of all.
        line: inside[0] === 0 ? defect.line : null,
      },
    ];
  });
  return { bars, defects: kept };
}

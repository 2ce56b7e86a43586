/**
 * How long a batch still takes, from how long its own jobs took and how many computed at the same time. The remaining
 * items are laid out as they will run, by lanes and slots. Times are seconds.
 */
import { median } from "./statistics.ts";

export type Stage = "training" | "backtest";

/** A job that was begun for an item. */
export interface SeenPiece {
  /** 0-based item. */
  readonly n: number;
  readonly stage: Stage;
  /** Null when the job was not begun yet. */
  readonly status: string | null;
  /** When KTRDR began and ended to compute it. */
  readonly begun: number | null;
  readonly ended: number | null;
  /** True when somebody else started it: its times say nothing about this batch. */
  readonly reused: boolean;
}

export interface Work {
  readonly items: number;
  /** The stages of each item, in order. */
  readonly stages: readonly Stage[];
  /** Items under way at the same time. */
  readonly atOnce: number;
  /** Items of one kind (same strategy, as many days) take about the same time. */
  readonly kindOf: (n: number, stage: Stage) => string;
}

/** A worker that idles longer than this between two jobs had no job to do. */
const LONGEST_LAG = 60;
/** A job that takes longer than its kind counts as having this share left. */
const LEAST_LEFT = 0.1;

/** Null while no job was computed to its end: then the pace is unknown. */
export function secondsLeft(work: Work, pieces: readonly SeenPiece[], now: number): number | null {
  const paces = new Map(work.stages.map((stage) => [stage, paceOf(stage, work, pieces, now)]));
  const [first] = work.stages;
  if (first === undefined || paces.get(first)?.usual == null) return null;
  return new Layout(work, paces, pieces, now).end();
}

interface Pace {
  /** Time of any item; null while none has ended. */
  readonly usual: number | null;
  readonly byKind: ReadonlyMap<string, number>;
  /** How many were computed at the same time. */
  readonly slots: number;
  /** Time from the end of one job to the start of the next in the same slot. */
  readonly lag: number;
}

interface Interval {
  readonly kind: string;
  readonly completed: boolean;
  readonly begun: number;
  readonly ended: number | null;
}

function paceOf(stage: Stage, { kindOf }: Work, pieces: readonly SeenPiece[], now: number): Pace {
  const seen = pieces.flatMap(({ n, stage: of, begun, ended, status, reused }): Interval[] =>
    of !== stage || begun === null || reused
      ? []
      : [{ kind: kindOf(n, stage), completed: status === "completed", begun, ended: status === "open" ? null : ended }],
  );
  // Failed jobs are left out: they took less time than they would have.
  const done = seen.flatMap(({ kind, completed, begun, ended }) =>
    completed && ended !== null ? [{ kind, took: ended - begun }] : [],
  );
  const slots = Math.max(1, ...seen.map(({ begun }) => atTheSameTime(seen, begun, now)));
  return {
    usual: done.length === 0 ? null : median(done.map(({ took }) => took)),
    byKind: new Map(
      [...Map.groupBy(done, ({ kind }) => kind)].map(([kind, of]) => [kind, median(of.map(({ took }) => took))]),
    ),
    slots,
    lag: lagOf(seen, slots),
  };
}

const atTheSameTime = (seen: readonly Interval[], instant: number, now: number): number =>
  seen.filter(({ begun, ended }) => begun <= instant && instant < (ended ?? now + 1)).length;

/** The lag is measured at starts that waited for a slot: each follows the end that freed the slot. */
function lagOf(seen: readonly Interval[], slots: number): number {
  const begins = seen.map(({ begun }) => begun).toSorted((a, b) => a - b);
  const ends = seen.flatMap(({ ended }) => ended ?? []).toSorted((a, b) => a - b);
  const lags = begins.slice(slots).flatMap((begun, at) => {
    const freed = ends[at];
    return freed === undefined || begun < freed || begun - freed > LONGEST_LAG ? [] : [begun - freed];
  });
  return lags.length === 0 ? 0 : median(lags);
}

/** When each lane and each slot is free again, in seconds from now. */
class Layout {
  private readonly work: Work;
  private readonly paces: ReadonlyMap<Stage, Pace>;
  private readonly lanes: number[];
  private readonly slots: ReadonlyMap<Stage, number[]>;
  private readonly byItem: ReadonlyMap<number, readonly SeenPiece[]>;
  private readonly now: number;

  constructor(work: Work, paces: ReadonlyMap<Stage, Pace>, pieces: readonly SeenPiece[], now: number) {
    this.work = work;
    this.paces = paces;
    this.now = now;
    this.byItem = Map.groupBy(pieces, ({ n }) => n);
    this.lanes = Array.from({ length: work.atOnce }, () => 0);
    this.slots = new Map([...paces].map(([stage, { slots }]) => [stage, Array.from({ length: slots }, () => 0)]));
  }

  end(): number {
    const begun = [...this.byItem.keys()].filter((n) => !this.isOver(n));
    const computing = begun.filter((n) => this.pieceOf(n)?.begun != null);
    const rest = Array.from({ length: this.work.items }, (_, n) => n).filter((n) => !this.byItem.has(n));
    const queued = begun.filter((n) => !computing.includes(n));
    return Math.round(Math.max(0, ...[...computing, ...queued, ...rest].map((n) => this.place(n))));
  }

  private isOver(n: number): boolean {
    const pieces = this.byItem.get(n) ?? [];
    if (pieces.some(({ status }) => status !== null && status !== "open" && status !== "completed")) return true;
    const last = this.work.stages.at(-1);
    return pieces.some(({ stage, status }) => stage === last && status === "completed");
  }

  /** The job that an item waits for; undefined between two stages. */
  private pieceOf(n: number): SeenPiece | undefined {
    return this.byItem.get(n)?.find(({ status }) => status === null || status === "open");
  }

  /** Lets an item run from its lane's next free moment. @returns its end */
  private place(n: number): number {
    const done = new Set(
      (this.byItem.get(n) ?? []).filter(({ status }) => status === "completed").map(({ stage }) => stage),
    );
    const piece = this.pieceOf(n);
    let at = takeEarliest(this.lanes);
    for (const stage of this.work.stages.filter((one) => !done.has(one))) {
      const pace = this.paces.get(stage);
      const slots = this.slots.get(stage);
      if (pace === undefined || slots === undefined) continue;
      const takes = pace.byKind.get(this.work.kindOf(n, stage)) ?? pace.usual ?? 0;
      const spent = piece?.stage === stage && piece.begun !== null ? this.now - piece.begun : 0;
      at = Math.max(at, takeEarliest(slots)) + Math.max(takes - spent, LEAST_LEFT * takes);
      slots.push(at + pace.lag);
    }
    this.lanes.push(at);
    return at;
  }
}

function takeEarliest(times: number[]): number {
  const at = times.indexOf(Math.min(...times));
  return times.splice(at, 1)[0] ?? 0;
}

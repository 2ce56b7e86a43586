/** One thing that a candidate must show, and whether the record shows it. Zod-free. */

/** Stages of evidence. Each includes those before it. */
export type Level = "candidate" | "validated" | "exam";

export type Figure = number | string | boolean | null;

export interface Gate {
  readonly gate: string;
  readonly level: Level;
  /** `unknown`: the record does not tell. */
  readonly held: boolean | "unknown";
  /** Whether the stage needs it. */
  readonly required: boolean;
  /** What it was decided by. An approval names their hash, so they are rounded: no machine may write one otherwise. */
  readonly figures: Readonly<Record<string, Figure>>;
  readonly says: string;
  /** Jobs whose results decided it. */
  readonly from: readonly string[];
  /** The call that supplies or mends it; null when it holds. */
  readonly next: string | null;
}

/** What a gate is said to be in its own file; `next` is dropped when it holds. */
type Judged = Omit<Gate, "level" | "required" | "next"> & { readonly required?: boolean; readonly next: string };

export const gateAt =
  (level: Level) =>
  ({ required = true, ...judged }: Judged): Gate => ({
    ...judged,
    level,
    required,
    next: judged.held === true ? null : judged.next,
  });

/** Four digits: more would differ between machines, and tell nothing. */
export const steady = (value: number | null): number | null => (value === null ? null : Number(value.toPrecision(4)));

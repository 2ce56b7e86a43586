import { errorText } from "../error-text.ts";
import type { ActivityDeps } from "./deps.ts";

/** Whether one part answered a worker's errand. */
export interface Errand {
  readonly part: "KTRDR" | "PostgreSQL";
  /** Null when the part answered well. */
  readonly trouble: string | null;
  readonly ms: number;
}

/** What a worker found when it asked every part. */
export interface Round {
  readonly errands: readonly Errand[];
  /** The worker's clock, ms since 1970. */
  readonly at: number;
}

const ANSWER_WITHIN_MS = 3_000;

/** Asks every part that a job needs, for the doctor. Starts nothing at KTRDR and leaves nothing on record. */
export function probeActivities({ ktrdr, tryRecord }: Pick<ActivityDeps, "ktrdr" | "tryRecord">) {
  return {
    async makeRound(): Promise<Round> {
      const errands = await Promise.all([
        errand("KTRDR", () => ktrdr.health(AbortSignal.timeout(ANSWER_WITHIN_MS))),
        errand("PostgreSQL", tryRecord),
      ]);
      return { errands, at: Date.now() };
    },

    /** Proves that a worker also serves the queue of waiting activities. */
    async waitForNothing(): Promise<void> {
      await Promise.resolve();
    },
  };
}

async function errand(part: Errand["part"], run: () => Promise<unknown>): Promise<Errand> {
  const began = performance.now();
  const trouble = await run().then(() => null, errorText);
  return { part, trouble, ms: Math.round(performance.now() - began) };
}

import type { ActivityDeps } from "./deps.ts";

/** How the errand of one part went. */
export interface Errand {
  readonly part: "KTRDR" | "PostgreSQL";
  /** Null when it went well. */
  readonly trouble: string | null;
  readonly ms: number;
}

/** What a worker found when it was sent on a round. */
export interface Round {
  readonly errands: readonly Errand[];
  /** The worker's clock, ms since 1970. */
  readonly at: number;
}

const ANSWER_WITHIN_MS = 3_000;

/** A round past everything that a job needs, for the doctor. It starts nothing at KTRDR and leaves no record. */
export function probeActivities({ ktrdr, tryRecord }: Pick<ActivityDeps, "ktrdr" | "tryRecord">) {
  return {
    async makeRound(): Promise<Round> {
      const errands = await Promise.all([
        errand("KTRDR", () => ktrdr.health(AbortSignal.timeout(ANSWER_WITHIN_MS))),
        errand("PostgreSQL", tryRecord),
      ]);
      return { errands, at: Date.now() };
    },

    /** Proves that activities which wait are taken, too. */
    async waitForNothing(): Promise<void> {
      await Promise.resolve();
    },
  };
}

async function errand(part: Errand["part"], run: () => Promise<unknown>): Promise<Errand> {
  const began = performance.now();
  const trouble = await run().then(
    () => null,
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
  return { part, trouble, ms: Math.round(performance.now() - began) };
}

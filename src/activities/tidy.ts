import type { ActivityDeps } from "./deps.ts";

/** For so long the list shows a warden or a keeper that has ended. */
const SHOWN_FOR_MS = 5 * 60_000;

/**
 * Keeps wardens and keepers that have ended out of Temporal's list. It never throws: on a server that refuses, the list is
 * longer, and nothing else is worse. Each kind of failure is logged once.
 */
export function createTidying({ executions, clock, log }: Pick<ActivityDeps, "executions" | "clock" | "log">) {
  const told = new Set<unknown>();
  return async (): Promise<void> => {
    try {
      await executions.forgetEnded(new Date(clock.now() - SHOWN_FOR_MS));
    } catch (error) {
      const code = error instanceof Error && "code" in error ? error.code : null;
      if (told.has(code)) return;
      told.add(code);
      log.warn({ err: error }, "wardens and keepers that have ended stay in Temporal's list: they cannot be deleted");
    }
  };
}

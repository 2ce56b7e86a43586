import { isDomainError } from "../domain/errors.ts";
import type { Logger } from "../logger.ts";
import type { Deps } from "../research/ports.ts";

/** A little longer than the parts' own time limits. */
const ANSWER_WITHIN_MS = 3_500;
/** Callers within this time get the same answer: anybody may ask, and the parts must not be asked each time. */
const KEEP_MS = 1_000;

export interface Readiness {
  readonly ready: boolean;
  /** Nothing else is told, because anybody may ask. */
  readonly parts: Readonly<Record<"temporal" | "postgresql" | "ktrdr" | "worker", "up" | "down">>;
  readonly missing: readonly string[];
}

/** Asks every part that a job needs; never rejects. */
export function createReadiness(deps: () => Promise<Deps>, log: Logger): () => Promise<Readiness> {
  let kept: { readonly at: number; readonly answer: Promise<Readiness> } | null = null;
  return async () => {
    if (kept === null || performance.now() - kept.at > KEEP_MS) {
      kept = { at: performance.now(), answer: look(await deps(), log) };
    }
    return await kept.answer;
  };
}

async function look({ jobs, records, ktrdr }: Deps, log: Logger): Promise<Readiness> {
  const state = async (part: string, asked: Promise<unknown>): Promise<"up" | "down"> => {
    try {
      return (await within(asked)) === false ? "down" : "up";
    } catch (error) {
      if (isDomainError(error)) log.debug({ part, reason: error.what }, "a part is down");
      else log.warn({ part, err: error }, "a part cannot be asked");
      return "down";
    }
  };
  const [temporal, postgresql, backend, worker] = await Promise.all([
    state("temporal", jobs.ping()),
    state("postgresql", records.ping()),
    state("ktrdr", ktrdr.health(AbortSignal.timeout(ANSWER_WITHIN_MS))),
    state("worker", jobs.workersPolling()),
  ]);
  const parts = { temporal, postgresql, ktrdr: backend, worker };
  const missing = Object.entries(parts).flatMap(([part, is]) => (is === "down" ? [part] : []));
  return { ready: missing.length === 0, parts, missing };
}

async function within<T>(asked: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error("does not answer in time")), ANSWER_WITHIN_MS);
  try {
    return await Promise.race([asked, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** Which parts are up: one question to each part and one time limit, for every caller. */
import { isDomainError, type DomainError } from "../domain/errors.ts";
import { errorText } from "../error-text.ts";
import type { Logger } from "../logger.ts";
import { TooLate, within } from "../within.ts";
import type { Deps } from "./ports.ts";

/** A little longer than the parts' own time limits: their errors say more than ours. */
export const ANSWER_WITHIN_MS = 3_500;

/** The part answers, but cannot be used. */
class Down extends Error {}

export type Look<T = unknown> =
  | { readonly up: true; readonly answer: T }
  | {
      readonly up: false;
      readonly detail: string;
      /** What mends a part that answers with an error: starting it would not. */
      readonly mending?: string | undefined;
    };

/** Asks one part. Never rejects. */
export async function look<T>(part: string, asked: Promise<T>, log: Logger): Promise<Look<T>> {
  try {
    return { up: true, answer: await within(asked, ANSWER_WITHIN_MS) };
  } catch (error) {
    if (error instanceof Down) return { up: false, detail: error.message };
    if (error instanceof TooLate) return { up: false, detail: "does not answer in time: slow, or away" };
    if (isDomainError(error)) return { up: false, detail: errorText(error), mending: mendingOf(error) };
    log.error({ err: error, part }, "health check failed unexpectedly");
    return { up: false, detail: "the check failed unexpectedly; the server's log says why" };
  }
}

/** Only for a part that answers: the others have to be started. */
const mendingOf = ({ code, what, next }: DomainError): string | undefined =>
  code.endsWith("_unavailable") && !what.endsWith("does not answer.") ? next : undefined;

/** Every part that a job needs. */
export async function partsUp({ jobs, records, ktrdr }: Pick<Deps, "jobs" | "records" | "ktrdr">, log: Logger) {
  const [temporal, postgresql, backend, worker] = await Promise.all([
    look("temporal", jobs.ping(), log),
    look("postgresql", records.ping(), log),
    look("ktrdr", ktrdr.health(AbortSignal.timeout(ANSWER_WITHIN_MS)), log),
    look("worker", jobs.workersPolling().then(somebody), log),
  ]);
  return { temporal, postgresql, ktrdr: backend, worker };
}

function somebody(polls: boolean): void {
  if (!polls) throw new Down("no worker process of ours is running: jobs are kept but do not move");
}

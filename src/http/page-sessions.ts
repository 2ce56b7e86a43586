/** Sessions of the page as this process knows them, so that readers read on while PostgreSQL is away. */
import { hash } from "node:crypto";
import { bulkhead, BulkheadRejectedError } from "cockatiel";
import { LRUCache } from "lru-cache";
import { isDomainError } from "../domain/errors.ts";
import type { NewPageSession, PageSession } from "../domain/page-session.ts";
import { TooLate, within } from "../within.ts";

/** What the page's sessions are asked of. The store has the meaning of both. */
export interface PageAccess {
  enter(link: string, origin: string): Promise<NewPageSession | null>;
  find(secret: string, secure: boolean): Promise<PageSession | null>;
}

/** Nobody can say now who may read: the database is away, or asked too much. */
export class CannotTell extends Error {}

/** A known session counts for so long without a question. A revocation is noticed within this time. */
const TRUSTED_MS = 60_000;
/** While the database is away, it is asked about a known session this often. */
const ASK_AGAIN_MS = 5_000;
/** How long a reader waits for the database. */
const PATIENCE_MS = 3_000;
const MOST_KNOWN = 1_000;
/** Questions at once, and how many more wait. Made-up secrets must leave the other connections to those who work. */
const [AT_ONCE, WAITING] = [4, 100];

interface Known {
  readonly session: PageSession;
  /** When it ends, and when it is asked about again. By `now`. */
  readonly endsAt: number;
  readonly askAt: number;
}

/**
 * @param access the store as it is now; a lab that starts later has another one
 * @param now milliseconds, on a clock that is never set
 */
export function createPageSessions(
  access: () => Promise<PageAccess>,
  now: () => number = () => performance.now(),
): PageAccess {
  const kept = new LRUCache<string, Known>({ max: MOST_KNOWN });
  const few = bulkhead(AT_ONCE, WAITING);
  const ask = async <T>(question: (store: PageAccess) => Promise<T>, patienceMs?: number): Promise<T> => {
    try {
      const answer = few.execute(async () => await question(await access()));
      return await (patienceMs === undefined ? answer : within(answer, patienceMs));
    } catch (error) {
      const unknown =
        error instanceof TooLate ||
        error instanceof BulkheadRejectedError ||
        isDomainError(error, "database_unavailable");
      throw unknown ? new CannotTell("who may read the page cannot be told", { cause: error }) : error;
    }
  };
  return {
    // It is waited for as long as the database may take: a link that was used up must have its answer.
    enter: async (link, origin) => await ask(async (store) => await store.enter(link, origin)),

    async find(secret, secure) {
      const key = hash("sha256", `${secure} ${secret}`);
      const known = kept.get(key);
      const open = known !== undefined && now() < known.endsAt;
      if (open && now() < known.askAt) return known.session;
      try {
        const session = await ask(async (store) => await store.find(secret, secure), PATIENCE_MS);
        if (session === null) kept.delete(key);
        else kept.set(key, { session, endsAt: now() + session.secondsLeft * 1_000, askAt: now() + TRUSTED_MS });
        return session;
      } catch (error) {
        if (!open || !(error instanceof CannotTell)) throw error;
        kept.set(key, { ...known, askAt: now() + ASK_AGAIN_MS });
        return known.session;
      }
    },
  };
}

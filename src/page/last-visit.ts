/** When the reader last looked, kept in the reader's own browser: the page itself keeps nothing. */
import type { Context } from "hono";
import { getCookie, setCookie } from "hono/cookie";

export interface Visit {
  /** When the visit before this one ended; null for a first one. */
  readonly since: Date | null;
  readonly now: Date;
}

const NAME = "looked";
/** Looking again within this time is the same visit: reloading must not make the night disappear. */
const SAME_VISIT_MS = 30 * 60_000;
const YEAR_S = 365 * 24 * 3_600;

/**
 * What the cookie says: the end of the visit before, and when this one was last seen. Moments that lie ahead of the
 * database's clock are of a clock that was turned back, and count as not known.
 */
export function recall(context: Context, now: Date): Visit {
  const [before, last] = (getCookie(context, NAME) ?? "").split("~").map((text) => momentOf(text, now));
  const again = last !== undefined && last !== null && now.getTime() - last.getTime() < SAME_VISIT_MS;
  return { since: (again ? before : last) ?? null, now };
}

export function remember(context: Context, { since, now }: Visit): void {
  const value = `${since?.toISOString() ?? ""}~${now.toISOString()}`;
  setCookie(context, NAME, value, { path: "/", httpOnly: true, sameSite: "Strict", maxAge: YEAR_S });
}

function momentOf(text: string, now: Date): Date | null {
  const moment = new Date(text);
  return Number.isNaN(moment.getTime()) || moment > now ? null : moment;
}

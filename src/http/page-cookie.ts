/** The cookie of a browser that was let in to the page. */
import type { Context } from "hono";
import { getCookie, setCookie } from "hono/cookie";
import type { NewPageSession } from "../domain/page-session.ts";

/** Over TLS it has the prefix `__Host-`: no other host of the domain can then set it. */
const COOKIE = "ktrdr_page";

/** @param origin the browser says by it whether it speaks TLS, whatever stands between */
export function giveCookie(context: Context, { secret, secondsLeft }: NewPageSession, origin: string): void {
  setCookie(context, COOKIE, secret, {
    httpOnly: true,
    sameSite: "Strict",
    path: "/",
    maxAge: Math.floor(secondsLeft),
    ...(origin.startsWith("https:") ? { secure: true, prefix: "host" } : {}),
  });
}

/** The one that a decision is sent by: that for TLS, when there is one. Null without any. */
export const decidingCookie = (context: Context) => cookiesOf(context)[0] ?? null;

/** The secrets that a browser sends, that for TLS first; one without it may have been planted by a neighbour. */
export function cookiesOf(context: Context): readonly { readonly secret: string; readonly secure: boolean }[] {
  return [true, false].flatMap((secure) => {
    const secret = getCookie(context, COOKIE, secure ? "host" : undefined);
    return secret === undefined ? [] : [{ secret, secure }];
  });
}

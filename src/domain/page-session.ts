/** How a browser is let in to the page, and known again. */
import type { Scope } from "./identity.ts";

/** A browser that was let in. */
export interface PageSession {
  /** Whom the link was made for. */
  readonly name: string;
  readonly scope: Scope;
  /** Whether it may decide about candidates, too. */
  readonly approves: boolean;
  readonly secondsLeft: number;
}

export interface NewPageSession extends PageSession {
  /** For the cookie; kept nowhere. */
  readonly secret: string;
}

/** How links and the secrets in them look. Whatever looks otherwise need not be looked up. */
export const isPageSecret = (text: string): boolean => /^[\w-]{43}$/.test(text);

/** How long a link works. */
export const LINK_MINUTES = 15;
/** How long a session lasts that may decide, unless another time is given. */
export const APPROVING_DAYS = 1;
/** How long a session lasts at most. */
export const MOST_DAYS = 30;

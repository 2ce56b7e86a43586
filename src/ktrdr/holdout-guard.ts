/** The last check before a request is sent: no request names a holdout, but the one that carries the pass. */
import { isHoldout, lockedOut, namesHoldout } from "../domain/holdout/symbol.ts";
import type { Call } from "./call.ts";

/** Who holds it may name a holdout. A test of the structure lists who does. */
export const HOLDOUT_PASS: unique symbol = Symbol("may name a holdout");

/** @throws DomainError `holdout_locked` */
export function assertNoHoldout({ path, query, body, holdoutPass }: Call<unknown>): void {
  if (holdoutPass === HOLDOUT_PASS) return;
  const named = namesHoldout(query) || namesHoldout(body) || path.split("/").some((part) => isHoldout(decoded(part)));
  if (named) throw lockedOut();
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

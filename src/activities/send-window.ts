import { DomainError } from "../domain/errors.ts";
import { stopwatch, type Clock } from "./clock.ts";

/**
 * An attempt that stood still (SIGSTOP, a paused machine) after marking its start must not send it later: others may
 * have given it up. This limit and the client's for connecting together are shorter than the others wait.
 */
const SEND_WITHIN_MS = 2_000;

/** @returns a check for right before sending; it throws DomainError `ktrdr_unavailable` when it is too late */
export function sendWindow(clock: Clock): () => void {
  const elapsed = stopwatch(clock);
  return () => {
    const lateMs = elapsed();
    if (lateMs <= SEND_WITHIN_MS) return;
    throw new DomainError("ktrdr_unavailable", {
      what: "The start was not sent.",
      why: `Our worker held it up for ${Math.round(lateMs)} ms, so others may have given it up.`,
    });
  };
}

import { within as inTime } from "../within.ts";

/** Milliseconds to wait for a part that does not answer. */
export const PATIENCE_MS = 4_000;

/** @throws what `work` throws, or TooLate */
export const within = <T>(work: Promise<T>, ms = PATIENCE_MS): Promise<T> => inTime(work, ms);

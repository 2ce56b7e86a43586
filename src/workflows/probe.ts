import type { Round } from "../activities/probe.ts";
import { makeRound, waitForNothing } from "./policies.ts";

/** The doctor's errand: through every task queue, once. It is no job and competes with none for KTRDR. */
export async function probe(): Promise<Round> {
  const [round] = await Promise.all([makeRound(), waitForNothing()]);
  return round;
}

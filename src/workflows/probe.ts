import type { Round } from "../activities/probe.ts";
import { makeRound, waitForNothing } from "./policies.ts";

/** The doctor's errand: runs one activity through every task queue. It is no job and takes no slot. */
export async function probe(): Promise<Round> {
  const [round] = await Promise.all([makeRound(), waitForNothing()]);
  return round;
}

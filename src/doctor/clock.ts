import { skewOf, TOLERATED_MS, type Glance } from "../domain/clock-skew.ts";
import type { OffClock } from "../store/clocks.ts";
import { fine, found, type Finding } from "./finding.ts";

export function checkClock(whose: string, glance: Glance): Finding {
  const skew = skewOf(glance);
  const part = `Clock of ${whose}`;
  if (Math.abs(skew) <= TOLERATED_MS) return fine(part, "agrees with ours");
  const amount = `${Math.round(Math.abs(skew) / 1_000)} s ${skew > 0 ? "ahead of" : "behind"} ours`;
  return found(part, "clock_skew", amount, {
    fix: "timedatectl set-ntp true",
    note: "On the machine whose clock is wrong; `date -u` on both shows which one that is.",
  });
}

/** A finding for every worker of ours that has reported a wrong clock. */
export const checkWorkerClocks = (off: readonly OffClock[]): readonly Finding[] =>
  off.map(({ process, offsetSeconds }) => {
    const amount = `${Math.round(Math.abs(offsetSeconds))} s ${offsetSeconds > 0 ? "ahead of" : "behind"} PostgreSQL's`;
    return found(`Clock of worker ${process}`, "clock_skew", amount, {
      fix: "timedatectl set-ntp true",
      note: "On that worker's machine. It computes with PostgreSQL's time meanwhile.",
    });
  });

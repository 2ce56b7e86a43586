import type { FaultSeen } from "../domain/outcome.ts";

/** Faults of KTRDR that were observed on the wire and are recognised and overcome (docs/faults.md). */
const OBSERVED: readonly FaultSeen[] = [
  "completed_turned_failed",
  "completed_turned_cancelled",
  "stale_view",
  "stuck_resuming",
  "lost_operation",
  "start_answer_lost",
  "worker_died",
  "cancel_not_forwarded",
];

interface Examined {
  readonly engine: string;
  readonly faults: readonly FaultSeen[];
}

/** What is known of a version that KTRDR's health tells; undefined for one that was never examined. */
export function examinedVersion(version: string): Examined | undefined {
  if (version.startsWith("sandbox-")) return { engine: "the sandbox has them on demand", faults: OBSERVED };
  // A source tree without package metadata calls itself 0.0.0.dev.
  if (/^1\.0\.7(\.|$)/.test(version) || version === "0.0.0.dev") return { engine: "KTRDR 1.0.7", faults: OBSERVED };
  return undefined;
}

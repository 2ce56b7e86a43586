import { isInsistence } from "../insistence.ts";
import type { CandidateFacts } from "./facts.ts";
import { gateAt } from "./gate.ts";

const gate = gateAt("candidate");

/** What was computed although it was found wrong is no champion; all other caveats are the human's to weigh. */
export function soundnessGate({ caveats, jobId }: CandidateFacts) {
  const insisted = caveats.some(isInsistence);
  const codes = [...new Set(caveats.map(({ code }) => code))].toSorted();
  const rest = codes.length === 0 ? "It has no caveats." : `Its caveats: ${codes.join(", ")}.`;
  return gate({
    gate: "sound",
    held: !insisted,
    figures: { insisted, caveats: codes.join(",") },
    says: `${insisted ? "Somebody insisted on it although it was found wrong." : "Nothing was insisted on."} ${rest}`,
    from: [jobId],
    next: "mend what was insisted on; then train_model and run_backtest without insist_reason",
  });
}

import type { CandidateFacts } from "./facts.ts";
import { gateAt } from "./gate.ts";

const gate = gateAt("candidate");

/** What humans said before of the same rules on the same market. It decides nothing: the human reads it beside. */
export function rejectionsGate({ rejections, symbol, timeframe }: CandidateFacts) {
  const [last] = rejections;
  const market = `${symbol} ${timeframe}`;
  return gate({
    gate: "rejections",
    held: last === undefined,
    required: false,
    figures: { rejected: rejections.length },
    says:
      last === undefined
        ? `No human has rejected these rules on ${market}.`
        : `Humans rejected ${rejections.length === 1 ? "a candidate" : `${rejections.length} candidates`} with these rules on ${market}, the last one as ${last.strategy}${last.reason === null ? "." : `: ${last.reason}`}`,
    from: rejections.map(({ jobId }) => jobId),
    next: "say in the reason what the human did not know then",
  });
}

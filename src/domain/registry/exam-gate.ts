import type { CandidateFacts } from "./facts.ts";
import { gateAt, type Gate } from "./gate.ts";

const gate = gateAt("exam");

/** The look at the holdout. Where none is kept back there is nothing to pass. */
export function examGate({ keptFrom, look, symbol, timeframe, jobId }: CandidateFacts): Gate {
  const next = `evaluate_on_holdout {"task_id": "${jobId}"}`;
  const head = { gate: "holdout", figures: { keptFrom, passed: look?.passed ?? null } } as const;
  const from = look === null ? [] : [look.jobId];
  if (keptFrom === null) {
    const says = `No holdout of ${symbol} ${timeframe} is set.`;
    const set = "tell the user: the operator sets one with `ktrdr-mcp holdout set`";
    return gate({ ...head, held: "unknown", required: false, says, from, next: set });
  }
  if (look === null) {
    return gate({ ...head, held: "unknown", says: "It was not examined on the holdout.", from, next });
  }
  if (look.passed === null) {
    const says = "Its look at the holdout has no answer yet.";
    return gate({ ...head, held: "unknown", says, from, next: `get_task_status {"task_id": "${look.jobId}"}` });
  }
  return gate({
    ...head,
    held: look.passed,
    says: look.passed ? "It passed on the holdout." : "It failed on the holdout.",
    from,
    next: "nothing mends it: a candidate is examined once; propose another",
  });
}

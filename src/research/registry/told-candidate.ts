/** Candidates in words, as tools tell them. */
import { compact } from "../../domain/facts.ts";
import { missingOf } from "../../domain/registry/evidence.ts";
import type { Gate } from "../../domain/registry/gate.ts";
import { isOpen } from "../../domain/registry/stage.ts";
import type { Candidate, CandidateEvent } from "../../store/candidate-row.ts";

/** One row of a list. Times are ISO-8601 UTC. */
export function candidateRow(candidate: Candidate) {
  const { jobId, strategy, symbol, timeframe, stage, evidence, gates, waitsSince, expiresAt } = candidate;
  const missing = missingOf(gates).map(({ gate }) => gate);
  const row = {
    missing: isOpen(stage) && missing.length > 0 ? missing : null,
    waits_since: waitsSince,
    expires_at: expiresAt,
    proposed_by: candidate.proposedBy,
    reason: candidate.reason,
    last: lastText(candidate),
  };
  return {
    task_id: jobId,
    strategy,
    market: `${symbol} ${timeframe}`,
    stage,
    evidence_hash: evidence,
    ...compact(row),
  };
}

/** What ended it or was refused, by whom and why; null when nothing did. */
export function lastText({ lastWhat, lastAt, lastBy, lastReason, changedAt }: Candidate): string | null {
  if (lastWhat === null || ["proposed", "refreshed", "waits"].includes(lastWhat)) return null;
  return `${lastWhat} by ${lastBy ?? "somebody"} at ${(lastAt ?? changedAt).slice(0, 16)}${lastReason === null ? "" : `: ${lastReason}`}`;
}

export const gateRow = ({ gate, held, required, says, from, next }: Gate) => ({
  gate,
  held,
  says,
  ...compact({ required: required ? null : false, from: from.length === 0 ? null : from, next }),
});

export const eventRow = ({ at, what, by, reason, evidence }: CandidateEvent) => ({
  at,
  what,
  by,
  ...compact({ reason, evidence_hash: evidence }),
});

/** What comes next, by where it stands. */
export function nextOf({ stage, gates, jobId, expiresAt }: Candidate): string {
  const [first] = missingOf(gates);
  if (stage === "waiting") {
    return `Tell the user: it waits until ${expiresAt?.slice(0, 10) ?? "its end"} for \`ktrdr-mcp approve ${jobId}\` or the page. Nothing here can approve it.`;
  }
  if (stage === "champion") return "It is the champion. withdraw_candidate does not end that: tell the user.";
  if (first === undefined) return "propose_champion gathers its evidence anew.";
  return `${first.next ?? first.says}; then propose_champion again`;
}

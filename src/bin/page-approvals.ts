/** What the page needs so that a human may decide on it: forms, and the carrying out of what they send. */
import type { HumanDecision, SentForm } from "../domain/registry/decision.ts";
import { carryOut, outcomeText } from "../research/registry/carry-out.ts";
import { createApprovals } from "../store/approvals.ts";
import type { Evidence } from "../store/candidate-evidence.ts";
import { newForm } from "../store/page-forms.ts";
import type { Pool } from "../store/pool.ts";
import { createRegistry } from "../store/registry.ts";
import type { CandidateWaits } from "../temporal/candidate-waits.ts";

/** Given to the HTTP front alone: the tools of the same process have no way to it. */
export interface PageApprovals {
  /** @param session the secret of a browser that may decide */
  offer(session: string, jobId: string): Promise<{ readonly evidence: Evidence; readonly token: string }>;
  /** @returns what became of it. @throws DomainError as `Approvals.grantByForm` */
  decide(decision: HumanDecision, form: SentForm): Promise<string>;
}

export function createPageApprovals(pool: Pool, waits: CandidateWaits): PageApprovals {
  const approvals = createApprovals(pool);
  const parts = { approvals, registry: createRegistry(pool), waits };
  return {
    async offer(session, jobId) {
      const evidence = await approvals.show(jobId);
      return { evidence, token: await newForm(pool, session, jobId, evidence.hash) };
    },
    async decide(decision, form) {
      const granted = await approvals.grantByForm(decision, form);
      return outcomeText(await carryOut(parts, granted, decision.decision), decision.decision);
    },
  };
}

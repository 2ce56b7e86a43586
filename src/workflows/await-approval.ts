/**
 * Waits until a human has decided about a candidate, or its time is over. It knows nothing itself: whenever it is told that
 * somebody decided, it has the record looked at. So whoever can only send signals approves nothing.
 */
import { condition, continueAsNew, setCurrentDetails, setHandler, workflowInfo } from "@temporalio/workflow";
import type { Round, Stage } from "../domain/registry/stage.ts";
import { approvalDetails } from "../domain/workflow-details.ts";
import { decidedSignal } from "./messages.ts";
import { settleCandidate } from "./policies.ts";

/** The record's clock may be behind this timer: then it is asked again, not at once. */
const LEAST_WAIT_MS = 1_000;

/** @returns where the candidate stands when its wait is over */
export async function awaitApproval(wait: Round): Promise<Stage> {
  let told = false;
  setHandler(decidedSignal, () => {
    told = true;
  });
  for (;;) {
    told = false;
    const { over, stage, leftMs } = await settleCandidate(wait);
    setCurrentDetails(approvalDetails({ ...wait, stage, over, until: new Date(Date.now() + leftMs).toISOString() }));
    if (over) return stage;
    if (workflowInfo().continueAsNewSuggested) await continueAsNew<typeof awaitApproval>(wait);
    await condition(() => told, Math.max(LEAST_WAIT_MS, leftMs));
  }
}

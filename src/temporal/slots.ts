import { WorkflowNotFoundError, type Client } from "@temporalio/client";
import { keeperOf, type SlotKind } from "../domain/kinds/index.ts";
import { slotKeeperId, type SlotClaim, type SlotState } from "../domain/slots.ts";
import { KEEPER_IS } from "../domain/workflow-details.ts";
import { JOB_QUEUE } from "./job-types.ts";

/** Sends messages to the slot keepers. A claim starts the keeper when none runs. */
export function createSlots(client: Client) {
  const tell = async (kind: SlotKind, signal: string, jobId: string): Promise<void> => {
    try {
      await client.workflow.getHandle(slotKeeperId(keeperOf(kind))).signal(signal, jobId);
    } catch (error) {
      // No keeper runs, so no slot is held and no job waits.
      if (!(error instanceof WorkflowNotFoundError)) throw error;
    }
  };
  return {
    claim: async (kind: SlotKind, claim: SlotClaim): Promise<void> => {
      await client.workflow.signalWithStart("slotKeeper", {
        workflowId: slotKeeperId(keeperOf(kind)),
        taskQueue: JOB_QUEUE,
        args: [keeperOf(kind)],
        signal: "claimSlot",
        signalArgs: [claim],
        staticSummary: `gives each ${keeperOf(kind)} worker of KTRDR to one job at a time`,
        staticDetails: KEEPER_IS,
      });
    },
    inUse: async (kind: SlotKind, jobId: string): Promise<void> => await tell(kind, "slotInUse", jobId),
    release: async (kind: SlotKind, jobId: string): Promise<void> => await tell(kind, "releaseSlot", jobId),
    known: async (kind: SlotKind): Promise<readonly string[]> => {
      const { held, queue } = await client.workflow
        .getHandle(slotKeeperId(keeperOf(kind)))
        .query<SlotState>("slotState");
      return [...held, ...queue];
    },
  };
}

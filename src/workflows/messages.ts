import { defineQuery, defineSignal } from "@temporalio/workflow";
import type { LiveJobState } from "../domain/job.ts";
import type { Decision } from "../domain/registry/stage.ts";
import type { SlotClaim, SlotState } from "../domain/slots.ts";

/** To a job: the keeper has given it a slot. */
export const slotGrantedSignal = defineSignal("slotGranted");
/** Asks a job what it is doing right now. */
export const jobStateQuery = defineQuery<LiveJobState>("jobState");

/** To the wait of a candidate: somebody decided. What was decided stands in the record; this is for who reads the history. */
export const decidedSignal = defineSignal<[Decision | "withdraw"]>("decided");

/** To the keeper: this job wants a slot (repeating it is harmless). */
export const claimSlotSignal = defineSignal<[SlotClaim]>("claimSlot");
/** To the keeper: the job that was granted last is computing; the next may start. */
export const slotInUseSignal = defineSignal<[string]>("slotInUse");
/** To the keeper: this job needs its slot (or its place in the queue) no more. */
export const releaseSlotSignal = defineSignal<[string]>("releaseSlot");
/** Asks a keeper who holds slots and who waits. */
export const slotStateQuery = defineQuery<SlotState>("slotState");

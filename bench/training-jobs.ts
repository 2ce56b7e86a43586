/** Trainings as the measurements need them: started by the tool, or by the bare call with the same input. */
import { setTimeout as delay } from "node:timers/promises";
import { ServiceError } from "@temporalio/client";
import { defaultPayloadConverter } from "@temporalio/common";
import { Started } from "../demo/answers.ts";
import { ToolFailed } from "../demo/claude.ts";
import { STRATEGY_NAME, TRAINING_DATES } from "../demo/strategy.ts";
import type { JobInput } from "../src/domain/job.ts";
import { slotKeeperId, type SlotState } from "../src/domain/slots.ts";
import type { Bench } from "./support.ts";

const AT_ONCE = 4;
/** So many are let come to rest before the next: a flood of starts is another question than many open jobs. */
const WAVE = 20;
const LOOK_EVERY_MS = 20;
let serial = 0;

/** A new training, by the tool. */
export async function start({ claude }: Bench, reason = `measurement number ${(serial += 1)}`): Promise<string> {
  const request = { strategy: STRATEGY_NAME, ...TRAINING_DATES, force_new_reason: reason };
  return (await claude.call("train_model", request, Started)).task_id;
}

/** A new training on days that nobody has asked for. */
export async function startOnNewDays({ claude }: Bench): Promise<string> {
  const first = new Date(Date.parse(TRAINING_DATES.start_date) + (serial += 1) * 86_400_000);
  const request = { strategy: STRATEGY_NAME, ...TRAINING_DATES, start_date: first.toISOString().slice(0, 10) };
  return (await claude.call("train_model", request, Started)).task_id;
}

/** The same, as often as it takes while Temporal is too busy: the same request is the same job. */
async function startPatiently(bench: Bench): Promise<string> {
  const reason = `measurement number ${(serial += 1)}`;
  for (;;) {
    try {
      return await start(bench, reason);
    } catch (error) {
      if (!(error instanceof ToolFailed && error.message.includes("temporal_unavailable"))) throw error;
      await delay(1_000);
    }
  }
}

/** So many new trainings, all at rest in the queue. */
export async function startMany(bench: Bench, count: number): Promise<string[]> {
  const started: string[] = [];
  while (started.length < count) {
    const few = Math.min(AT_ONCE, count - started.length);
    started.push(...(await Promise.all(Array.from({ length: few }, () => startPatiently(bench)))));
    if (started.length % WAVE === 0 || started.length === count) await settled(bench, started);
  }
  return started;
}

/** The same workflow with the same kind of input as the tool would start it, and nothing else. */
export async function bareStarter({ temporal }: Bench, like: string): Promise<() => Promise<string>> {
  const { events } = await temporal.workflow.getHandle(like).fetchHistory();
  const payload = events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads?.[0];
  if (payload == null) throw new Error(`${like} has no input`);
  const input = defaultPayloadConverter.fromPayload<JobInput>(payload);
  return async () => {
    const jobId = `train-bare-${(serial += 1)}`;
    const args = [{ ...input, jobId, requestHash: jobId, forceReason: `measurement ${serial}` }];
    await temporal.workflow.start("trainModel", { workflowId: jobId, taskQueue: "ktrdr-jobs", args });
    return jobId;
  };
}

/** Who holds or wants a worker of KTRDR; nobody while the keeper is too busy to say. */
async function known({ temporal }: Bench): Promise<ReadonlySet<string>> {
  try {
    const { held, queue } = await temporal.workflow.getHandle(slotKeeperId("training")).query<SlotState>("slotState");
    return new Set([...held, ...queue]);
  } catch (error) {
    if (error instanceof ServiceError) return new Set();
    throw error;
  }
}

/** Waits until all of them have their place in the queue or a worker of KTRDR, so that nothing of their start is left. */
export async function settled(bench: Bench, jobIds: readonly string[]): Promise<void> {
  for (;;) {
    const placed = await known(bench);
    if (jobIds.every((jobId) => placed.has(jobId))) return;
    await delay(LOOK_EVERY_MS);
  }
}

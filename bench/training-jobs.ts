/** Trainings as the measurements need them. They are started by the tool, or by the bare call with the same input. */
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
/** After so many starts, all must come to rest. The measurement is of many open jobs, not of a flood of starts. */
const WAVE = 20;
const LOOK_EVERY_MS = 20;
let serial = 0;

/** Starts a new training by the tool. */
export async function start({ claude }: Bench, reason = `measurement number ${(serial += 1)}`): Promise<string> {
  const request = { strategy: STRATEGY_NAME, ...TRAINING_DATES, force_new_reason: reason };
  return (await claude.call("train_model", request, Started)).task_id;
}

/** Starts a new training on days that nobody has asked for. */
export async function startOnNewDays({ claude }: Bench): Promise<string> {
  const first = new Date(Date.parse(TRAINING_DATES.start_date) + (serial += 1) * 86_400_000);
  const request = { strategy: STRATEGY_NAME, ...TRAINING_DATES, start_date: first.toISOString().slice(0, 10) };
  return (await claude.call("train_model", request, Started)).task_id;
}

/** Like `start`, but tries again while Temporal is too busy. The same request is the same job. */
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

/** Starts so many new trainings. All of them are at rest in the queue afterwards. */
export async function startMany(bench: Bench, count: number): Promise<string[]> {
  const started: string[] = [];
  while (started.length < count) {
    const few = Math.min(AT_ONCE, count - started.length);
    started.push(...(await Promise.all(Array.from({ length: few }, () => startPatiently(bench)))));
    if (started.length % WAVE === 0 || started.length === count) await settled(bench, started);
  }
  return started;
}

/** Starts the same workflow as the tool, with the same kind of input, and does nothing else. */
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

/** The jobs that hold or want a worker of KTRDR; none while the keeper is too busy to answer. */
async function known({ temporal }: Bench): Promise<ReadonlySet<string>> {
  try {
    const { held, queue } = await temporal.workflow.getHandle(slotKeeperId("training")).query<SlotState>("slotState");
    return new Set([...held, ...queue]);
  } catch (error) {
    if (error instanceof ServiceError) return new Set();
    throw error;
  }
}

/** Waits until each job holds a worker of KTRDR or a place in the queue, so that no work of its start is left. */
export async function settled(bench: Bench, jobIds: readonly string[]): Promise<void> {
  for (;;) {
    const placed = await known(bench);
    if (jobIds.every((jobId) => placed.has(jobId))) return;
    await delay(LOOK_EVERY_MS);
  }
}

import { writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { newOperation, rowFromOperation, wireNow } from "../../sandbox/state/operation.ts";
import { EXAMPLE_STRATEGY } from "../../src/domain/strategy/guide-example.ts";
import type { FinalStatus } from "../../src/domain/outcome.ts";
import type { TrainingRequest } from "../../src/domain/kinds/training.ts";
import { startStack, type Stack } from "../support/mcp-stack.ts";
import { trainingResult } from "../support/job-records.ts";
import { batchInput, batchRequest } from "../support/batches.ts";
import { inputOf, outcomeOf, TRAINING } from "../support/job-inputs.ts";

const EPOCHS = [3, 2, 1];

interface Stopped {
  readonly status?: FinalStatus;
  readonly endpoint?: string | null;
  readonly operation?: "cancelled" | "failed" | "completed" | "unknown";
  readonly checkpoint?: readonly number[] | null;
  readonly request?: Partial<TrainingRequest>;
}

let stack: Stack;
let count = 0;
beforeAll(async () => {
  stack = await startStack({ temporal: true, ktrdr: true });
});
afterAll(async () => {
  await stack.stop();
});

/** Records a training that was stopped, and gives KTRDR its operation and checkpoint. */
async function stopped(given: Stopped = {}): Promise<string> {
  const { status = "cancelled", endpoint = "http://127.0.0.1:9", operation = "cancelled", checkpoint = EPOCHS } = given;
  const { sha256 } = await stack.strategies.read(stack.strategy);
  count += 1;
  const id = `train-stopped-${count}`;
  const dates = { startDate: "2001-01-02", endDate: "2012-12-31" };
  const request = { ...TRAINING, ...dates, strategy: stack.strategy, strategySha256: sha256, ...given.request };
  await stack.writer.admit(inputOf(id, request), null);
  await stack.writer.beginComputation(id, 1, []);
  await stack.writer.attachOperation(id, 1, { operationId: id, workerId: "training-1", workerEndpoint: endpoint });
  await stack.writer.finish(id, outcomeOf(id, status), status === "completed" ? trainingResult() : null, null);
  const place = (folder: string) => join(dirname(stack.dataDir), "database", folder, `${id}.json`);
  if (operation !== "unknown") {
    const row = { ...rowFromOperation(newOperation(id, "training", {} as never)), status: operation };
    await writeFile(place("operations"), JSON.stringify(row));
  }
  if (checkpoint !== null) {
    const history = {
      train_loss: checkpoint,
      val_loss: checkpoint,
      train_accuracy: checkpoint,
      val_accuracy: checkpoint,
    };
    const state = { epoch: EPOCHS.length - 1, best_val_loss: 1, training_history: history };
    const row = {
      operation_id: id,
      checkpoint_type: "cancellation",
      created_at: wireNow(),
      state,
      artifacts_path: null,
    };
    await writeFile(place("checkpoints"), JSON.stringify(row));
  }
  return id;
}

const resume = (id: string, more: Record<string, unknown> = {}) => ({ resume_from: id, ...more });

describe("train_model with resume_from", () => {
  test("is offered with the epoch, and makes one job out of the id alone, whoever repeats it", async () => {
    const id = await stopped();
    const { next } = await stack.ask("get_task_status", { task_id: id });
    expect(next).toContain(`To go on after epoch 3, where its checkpoint is: train_model with resume_from "${id}".`);
    const answers = await Promise.all([1, 2, 3].map(() => stack.ask("train_model", resume(id))));
    expect(new Set(answers.map((answer) => answer["task_id"])).size).toBe(1);
    expect(answers[0]).toMatchObject({ kind: "training", task_id: expect.not.stringMatching(id) });
    expect(answers.filter((answer) => answer["existing"] === false)).toHaveLength(1);
    const [first] = answers.filter((answer) => answer["existing"] === false);
    expect(first?.["headline"]).toContain(`It goes on after epoch 3 of ${id}.`);
    // Arguments that say the same as the stopped training are taken.
    const whole = { strategy: stack.strategy, start_date: "2001-01-02", end_date: "2012-12-31", symbol: "SPX" };
    expect(await stack.ask("train_model", resume(id, whole))).toMatchObject({ task_id: first?.["task_id"] });
  });

  test("what was insisted on before is insisted on still", async () => {
    const insisted = [{ codes: ["looks_ahead"], reason: "to see what it is worth" }];
    const id = await stopped({ request: { insisted } });
    const { task_id } = await stack.ask("train_model", resume(id));
    const { memo } = await stack.temporal().client.workflow.getHandle(String(task_id)).describe();
    expect(memo).toBeDefined();
    const [started] = (await stack.temporal().client.workflow.getHandle(String(task_id)).fetchHistory()).events ?? [];
    const input = started?.workflowExecutionStartedEventAttributes?.input?.payloads?.[0]?.data;
    expect(JSON.parse(Buffer.from(input ?? []).toString())).toMatchObject({ request: { insisted, resumeFrom: id } });
  });

  test.each<[string, Stopped, string]>([
    ["has no checkpoint", { checkpoint: null }, "keeps no checkpoint of it"],
    ["has a checkpoint that does not tell of every epoch", { checkpoint: [1, 2] }, "does not tell of every epoch"],
    ["was computed by a worker that nobody reached", { endpoint: null }, "never reached the worker"],
    ["KTRDR does not know any more", { operation: "unknown" }, "keeps no checkpoint of it"],
    ["KTRDR calls completed", { operation: "completed" }, "calls its operation completed"],
    ["was trained to its end", { status: "completed" }, "trained to its end"],
  ])("refuses a training that %s, and does not offer it", async (_what, given, why) => {
    const id = await stopped(given);
    const text = await stack.refused("train_model", resume(id));
    expect(text).toContain("[not_resumable -32602]");
    expect(text).toContain(why);
    const { next } = await stack.ask("get_task_status", { task_id: id });
    expect(next).not.toContain("resume_from");
  });

  test.each<FinalStatus>(["failed", "terminated"])("takes one that %s", async (status) => {
    const id = await stopped({ status, operation: "failed" });
    expect(await stack.ask("train_model", resume(id))).toMatchObject({ existing: false });
  });

  test("refuses one that another job went on with, and names that one", async () => {
    const id = await stopped();
    const later = `${id}-later`;
    await stack.writer.admit(inputOf(later, { ...TRAINING, resumeFrom: id }), null);
    await stack.writer.beginComputation(later, 1, []);
    const curve = { trainLoss: [1], valLoss: [1], trainAccuracy: [1], valAccuracy: [1] };
    await stack.writer.attachOperation(later, 1, { operationId: id, resumedFrom: { epoch: 0, curve } });
    expect(await stack.refused("train_model", resume(id))).toContain(`the job ${later} went on from it`);
    expect(await stack.ask("get_task_status", { task_id: id })).toMatchObject({
      next: expect.stringContaining(`The job ${later} went on from it`),
    });
    const { tasks } = await stack.ask("list_tasks", { status: "open" });
    expect(tasks).toContainEqual(expect.objectContaining({ task_id: later, resumed_from: id }));
  });

  test("refuses what is no training, is unknown, or still runs", async () => {
    const set = batchInput("batch-probe-1", batchRequest(2));
    await stack.writer.admit(set, null);
    expect(await stack.refused("train_model", resume(set.jobId))).toContain("only a training keeps a checkpoint");
    expect(await stack.refused("train_model", resume("train-nobody-1"))).toContain("[task_not_found");
    await stack.writer.admit(inputOf("train-open-1", TRAINING), null);
    expect(await stack.refused("train_model", resume("train-open-1"))).toContain("it has not ended");
  });

  test.each([
    ["strategy", "another_one"],
    ["start_date", "2002-01-02"],
    ["end_date", "2011-12-30"],
    ["symbol", "SYNTREND"],
    ["symbols", ["SPX", "SYNTREND"]],
    ["repeats", 3],
  ])("refuses another %s than it was begun with", async (name, value) => {
    const id = await stopped();
    const text = await stack.refused("train_model", resume(id, { [name]: value }));
    expect(text).toContain("[invalid_input -32602] A training can only go on with its own request");
    expect(text).toContain(name);
  });

  test("refuses one whose strategy has another text now", async () => {
    const id = await stopped();
    await stack.strategies.write(stack.strategy, `${EXAMPLE_STRATEGY}\n# another\n`, { overwrite: true });
    expect(await stack.refused("train_model", resume(id))).toContain("[strategy_changed -32602]");
    await stack.strategies.write(stack.strategy, EXAMPLE_STRATEGY, { overwrite: true });
  });

  test("without it, what is missing is named as for any tool", async () => {
    const text = await stack.refused("train_model", { strategy: stack.strategy });
    expect(text).toMatch(/invalid_input.*start_date is missing.*end_date is missing.*resume_from\?/);
  });
});

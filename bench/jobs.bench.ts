/** What a job costs in itself: time from the call to KTRDR's POST, and events in its history. */
import { readFile } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { Anything, Started, Status } from "../demo/answers.ts";
import { STRATEGY_NAME, STRATEGY_TEXT, TRAINING_DATES } from "../demo/strategy.ts";
import { ktrdrDir } from "../lab/lab-settings.ts";
import { historyOf, quantile, report, withLab, type Bench } from "./support.ts";

const ROUNDS = 5;
const Line = z.looseObject({ at: z.string(), event: z.string(), kind: z.string() });

const start = ({ claude }: Bench, round: string) =>
  claude.call(
    "train_model",
    { strategy: STRATEGY_NAME, ...TRAINING_DATES, force_new_reason: `measurement ${round}` },
    Started,
  );

/** Waits until the job is final, or until `enough` says so. */
async function follow({ claude }: Bench, taskId: string, enough: (status: z.infer<typeof Status>) => boolean) {
  for (;;) {
    const status = await claude.call("get_task_status", { task_id: taskId, wait_seconds: 1 }, Status);
    if (status.final || enough(status)) return status;
  }
}

/** When KTRDR's training worker was asked to compute, newest last (ms since the epoch). */
async function requests({ lab }: Bench): Promise<number[]> {
  const text = await readFile(path.join(ktrdrDir(lab.dir), "computations.jsonl"), "utf8").catch(() => "");
  const lines = text.split("\n").filter((line) => line !== "");
  return lines
    .map((line) => Line.parse(JSON.parse(line)))
    .filter(({ event, kind }) => event === "request" && kind === "training")
    .map(({ at }) => Date.parse(at));
}

const sizeOf = async ({ temporal }: Bench, taskId: string) => await historyOf(temporal.workflow.getHandle(taskId));

// KTRDR's own timers are shortened, for they are not measured: a worker counts as busy for up to 10 s after its job.
await withLab({ SANDBOX_TIME_SCALE: "0.05", SANDBOX_EPOCH_DELAY_MS: "20" }, async (bench) => {
  await bench.claude.call("create_strategy", { yaml: STRATEGY_TEXT }, Anything);
  const delays: number[] = [];
  const finished: { events: number; bytes: number }[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const before = (await requests(bench)).length;
    const called = Date.now();
    const { task_id: taskId } = await start(bench, `${round} of the way to KTRDR`);
    const status = await follow(bench, taskId, () => false);
    if (status.state !== "completed") throw new Error(`${taskId}: ${status.headline}`);
    delays.push(((await requests(bench))[before] ?? Number.NaN) - called);
    finished.push(await sizeOf(bench, taskId));
  }
  const { task_id: cancelled } = await start(bench, "of a cancelled job");
  await follow(bench, cancelled, ({ state }) => state === "running");
  await bench.claude.call("cancel_task", { task_id: cancelled, reason: "the measurement is over" }, Anything);
  await follow(bench, cancelled, () => false);
  const ended = await sizeOf(bench, cancelled);
  await report("jobs", [
    { what: "from the train_model call to KTRDR's POST, median (ms)", value: quantile(delays, 0.5) },
    { what: "from the train_model call to KTRDR's POST, slowest (ms)", value: quantile(delays, 1) },
    { what: "history events of a finished training", value: Math.max(...finished.map(({ events }) => events)) },
    { what: "history bytes of a finished training", value: Math.max(...finished.map(({ bytes }) => bytes)) },
    { what: "history events of a training cancelled while running", value: ended.events },
    { what: "history bytes of a training cancelled while running", value: ended.bytes },
  ]);
});

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Research, type Answer } from "../support/research.ts";

/** Computing stops at 20 % until it is released, so that whatever happens meanwhile happens in the middle of it. */
const HELD = { id: "held", fault: "computing_stalls", percent: 20 };
const release = async (): Promise<void> => await research.faults([]);

let research: Research;
let model: string;
let turn = 0;

beforeAll(async () => {
  research = await Research.begin();
  await research.writeStrategy("probe");
  const training = await research.call("train_model", trainingOf(1999));
  await research.follow(training.task_id, "completed");
  model = training.task_id;
});

afterAll(async () => {
  await research?.end();
});

beforeEach(async () => {
  turn += 1;
  await research.faults([HELD]);
});

afterEach(async () => {
  await release();
});

/** A request of its own for each day: the window ends on it. */
function trainingOf(day: number): Record<string, unknown> {
  return { strategy: "probe", start_date: "2000-01-03", end_date: dayOf(2008, day) };
}

function backtestOf(day: number): Record<string, unknown> {
  return { model, start_date: "2015-01-02", end_date: dayOf(2018, day) };
}

const dayOf = (year: number, day: number): string =>
  new Date(Date.UTC(year, 0, 1 + (day % 600))).toISOString().slice(0, 10);

async function startBoth(): Promise<Answer[]> {
  return await Promise.all([
    research.call("train_model", trainingOf(turn)),
    research.call("run_backtest", backtestOf(turn)),
  ]);
}

/** Waits until both jobs are in the middle of their computing. */
async function bothRunning(jobs: readonly Answer[]): Promise<void> {
  for (const { task_id } of jobs) {
    for (let percent = 0; percent < HELD.percent;) {
      const { answer } = await research.follow(task_id, "queued", "starting", "running");
      percent = Number(answer["percent"] ?? 0);
    }
  }
}

/** Both jobs are done, recorded, and computed exactly once by KTRDR's own log. */
async function expectDoneOnce(jobs: readonly Answer[]): Promise<void> {
  await release();
  for (const { task_id } of jobs) {
    const { answer } = await research.follow(task_id, "completed");
    expect(answer).toMatchObject({ final: true });
    const results = await research.call("get_results", { task_id });
    expect(results).toMatchObject({ task_id });
    expect(await startsOf(task_id), `computations of ${task_id}`).toHaveLength(1);
  }
}

/** How often a job was begun. KTRDR chooses the ids of a backtest's operations, so they come from the record. */
async function startsOf(taskId: string): Promise<unknown[]> {
  const results = await research.call("get_results", { task_id: taskId });
  const { ktrdr_operations: operations } = results["produced_by"] as { ktrdr_operations: string[] };
  const lines = await research.computations("");
  return lines.filter(({ event, operationId }) => event === "start" && operations.includes(operationId));
}

async function computingCount(): Promise<number> {
  const lines = await research.computations("");
  return lines.filter(({ event }) => event === "start").length;
}

describe("a training and a backtest", () => {
  it("are done and recorded", async () => {
    const jobs = await startBoth();
    await bothRunning(jobs);
    await expectDoneOnce(jobs);
  });

  it("trained several times answers as median and spread", async () => {
    await release();
    const draws = await research.call("train_model", { ...trainingOf(turn), repeats: 3 });
    await research.follow(draws.task_id, "completed");
    const { figures, groups } = await research.call("get_results", { task_id: draws.task_id });
    expect(figures).toMatchObject({ items: 3, done: 3 });
    expect(groups).toMatchObject([{ draws: 3, final_val_loss: { median: expect.any(Number) } }]);
    const drawn = (await research.call("get_results", { task_id: draws.task_id }))["items"] as { training: string }[];
    expect(new Set(drawn.map(({ training }) => training)).size).toBe(3);
    for (const { training } of drawn) expect(await startsOf(training)).toHaveLength(1);
    // Three of these five draws are known already.
    const more = await research.call("train_model", { ...trainingOf(turn), repeats: 5 });
    await research.follow(more.task_id, "completed");
    expect(await research.call("get_results", { task_id: more.task_id })).toMatchObject({
      headline: expect.stringMatching(/^5 of 5 items completed, 3 of them known before, median validation loss/),
    });
  });

  it("asked for twice at the same time and later are computed once", async () => {
    const before = await computingCount();
    const [first, second] = await Promise.all([startBoth(), startBoth()]);
    expect(first.map(({ task_id }) => task_id)).toEqual(second.map(({ task_id }) => task_id));
    await expectDoneOnce(first);
    const later = await startBoth();
    expect(later).toMatchObject([
      { existing: true, state: "completed" },
      { existing: true, state: "completed" },
    ]);
    expect(await computingCount()).toBe(before + 2);
  });

  it("are computed once more, and not before, when KTRDR's own worker dies", async () => {
    const jobs = await startBoth();
    await bothRunning(jobs);
    for (const part of ["ktrdr-training", "ktrdr-backtesting"]) {
      const before = research.lab.kill(part);
      await research.lab.back(part, before);
    }
    await release();
    for (const { task_id } of jobs) {
      const { answer } = await research.follow(task_id, "completed");
      expect(answer["faults_overcome"]).toContain("worker_died");
      const starts = await startsOf(task_id);
      expect(starts).toHaveLength(2);
    }
  });

  // KTRDR keeps a checkpoint every ten epochs, and one more when its worker is stopped by SIGTERM.
  it.each(["SIGKILL", "SIGTERM"] as const)(
    "a training goes on from its checkpoint after a %s of KTRDR's worker, and its curve has every epoch",
    async (signal) => {
      await research.writeStrategy("longer", 40);
      await research.faults([{ ...HELD, percent: 40 }]);
      const job = await research.call("train_model", { ...trainingOf(turn), strategy: "longer" });
      const { task_id } = job;
      await bothRunning([job]);
      const before = research.lab.pid("ktrdr-training");
      process.kill(before, signal);
      await research.lab.back("ktrdr-training", before);
      await release();
      const { answer } = await research.follow(task_id, "completed");
      expect(answer["faults_overcome"]).toContain("worker_died");
      const starts = (await research.computations(task_id)).filter(({ event }) => event === "start");
      expect(starts.map(({ operationId }) => operationId)).toEqual([task_id, task_id]);
      const results = await research.call("get_results", { task_id, detail: "full" });
      expect(results["figures"]).toMatchObject({ epochs: 40 });
      expect(JSON.stringify(results["caveats"])).toMatch(/checkpoint of epoch \d+/);
    },
  );

  it("a backtest is computed afresh after a SIGTERM of KTRDR's worker", async () => {
    const job = await research.call("run_backtest", backtestOf(turn));
    await bothRunning([job]);
    const before = research.lab.pid("ktrdr-backtesting");
    process.kill(before, "SIGTERM");
    await research.lab.back("ktrdr-backtesting", before);
    await release();
    await research.follow(job.task_id, "completed");
    const starts = await startsOf(job.task_id);
    expect(new Set(starts.map((start) => (start as { operationId: string }).operationId)).size).toBe(2);
    expect(starts).toHaveLength(2);
  });

  it("are done although KTRDR calls them failed", async () => {
    await research.faults([{ id: "flip", fault: "completed_turned_failed" }]);
    const jobs = await startBoth();
    for (const { task_id } of jobs) await research.follow(task_id, "completed");
    await expectDoneOnce(jobs);
    const { answer } = await research.follow(jobs[0]!.task_id, "completed");
    expect(answer["faults_overcome"]).toContain("completed_turned_failed");
  });

  it("cancelled while running stop computing", async () => {
    const earlier = (await research.computations("")).length;
    const jobs = await startBoth();
    await bothRunning(jobs);
    await Promise.all(jobs.map(async ({ task_id }) => await research.call("cancel_task", { task_id, reason: "test" })));
    await Promise.all(jobs.map(async ({ task_id }) => await research.follow(task_id, "cancelled")));
    const lines = (await research.computations("")).slice(earlier);
    for (const event of lines.filter((line) => line.event === "start")) {
      expect(lines.some((line) => line.event === "end" && line.operationId === event.operationId)).toBe(true);
    }
  });

  // It is stopped twice, because the checkpoint of a resumed training has only the later epochs. Our worker is killed
  // while it resumes the training.
  it("a cancelled training goes on from its checkpoint as another job, and is computed to its end once", async () => {
    await research.writeStrategy("longer", 40);
    const first = await stoppedAt(30, await research.call("train_model", { ...trainingOf(turn), strategy: "longer" }));
    const earlier = first.task_id;
    expect(first["next"]).toMatch(new RegExp(`after epoch \\d+, .*train_model with resume_from "${earlier}"`));
    const second = await stoppedAt(60, await research.call("train_model", { resume_from: earlier }));
    const calls = [1, 2, 3].map(() => research.call("train_model", { resume_from: second.task_id }));
    const before = research.lab.kill("worker");
    const [job] = await Promise.all(calls);
    const { task_id = "" } = job ?? {};
    await research.lab.back("worker", before);
    await release();
    await research.follow(task_id, "completed");
    const results = await research.call("get_results", { task_id, detail: "full" });
    expect(results["figures"]).toMatchObject({ epochs: 40 });
    expect(results["produced_by"]).toMatchObject({ resumed_from: second.task_id, ktrdr_operations: [earlier] });
    expect(JSON.stringify(results["caveats"])).toContain(`${second.task_id}, which was stopped, from the checkpoint`);
    const starts = (await research.computations("train-longer")).filter(({ event }) => event === "start");
    expect(starts.map(({ operationId }) => operationId).filter((id) => id === earlier)).toHaveLength(3);
    expect(starts.filter(({ operationId }) => [second.task_id, task_id].includes(operationId))).toEqual([]);
    // The answer about the stopped job names the job that went on from it.
    const { answer } = await research.follow(earlier, "cancelled");
    expect(answer["next"]).toContain(`The job ${task_id} went on from it`);
    await expect(
      research.call("train_model", { resume_from: earlier, force_new_reason: "once more from there" }),
    ).rejects.toThrow(`not_resumable -32602] The job ${earlier} cannot be resumed. Why: the job ${task_id} went on`);
    // The same request is the same job.
    expect(await research.call("train_model", { resume_from: second.task_id })).toMatchObject({
      task_id,
      existing: true,
    });
  });

  async function stoppedAt(percent: number, job: Answer): Promise<Answer> {
    await research.faults([{ ...HELD, percent }]);
    for (let seen = 0; seen < percent;) {
      const { answer } = await research.follow(job.task_id, "queued", "starting", "running");
      seen = Number(answer["percent"] ?? 0);
    }
    await research.call("cancel_task", { task_id: job.task_id, reason: "to go on later" });
    return (await research.follow(job.task_id, "cancelled")).answer;
  }

  it("cancelled while queued are never computed", async () => {
    const running = await startBoth();
    await bothRunning(running);
    turn += 300;
    const before = await computingCount();
    const queued = await startBoth();
    for (const { task_id } of queued) {
      let place: unknown;
      while (place === undefined) place = (await research.follow(task_id, "queued")).answer["queue_position"];
      expect(place).toBe(1);
      await research.call("cancel_task", { task_id, reason: "test" });
      await research.follow(task_id, "cancelled");
    }
    await expectDoneOnce(running);
    expect(await computingCount()).toBe(before);
    turn -= 300;
  });
});

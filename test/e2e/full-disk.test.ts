import { mkdir, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it, type TestContext } from "vitest";
import { Research, ToolFailure, type Answer } from "../support/research.ts";
import { mountSmallDisk, type SmallDisk } from "../support/small-disk.ts";

/** Enough for PostgreSQL, Temporal and the logs at the beginning. */
const MEGABYTES = 220;
const HELD = { id: "held", fault: "computing_stalls", percent: 20 };
const LOOKS = 8;

let disk: SmallDisk | string;
let ktrdrDir: string;
let research: Research | undefined;

beforeAll(async () => {
  disk = await mountSmallDisk(MEGABYTES);
  if (typeof disk === "string") return;
  // KTRDR's folder lies on another disk, because only our own disk is to be full.
  ktrdrDir = await mkdtemp(path.join(tmpdir(), "ktrdr-mcp-ktrdr-"));
  const dir = path.join(disk.dir, "lab");
  await mkdir(dir);
  await symlink(ktrdrDir, path.join(dir, "ktrdr"));
  research = await Research.begin("modern", {}, dir);
});

afterAll(async () => {
  if (typeof disk !== "string") await disk?.free();
  await research?.end();
  if (typeof disk !== "string") await disk?.remove();
  if (ktrdrDir !== undefined) await rm(ktrdrDir, { recursive: true, force: true });
});

function equipped(context: TestContext): { disk: SmallDisk; research: Research } {
  if (typeof disk === "string" || research === undefined)
    context.skip(typeof disk === "string" ? disk : "the lab did not come up");
  return { disk, research } as { disk: SmallDisk; research: Research };
}

/** What the status tool says while nothing can be written: no fault of ours, and not more than is known. */
async function lookAt(on: Research, jobs: readonly Answer[]): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (const { task_id } of jobs) answers.push(await on.call("get_task_status", { task_id, wait_seconds: 1 }));
  return answers;
}

/** Repeats the call while a part is still starting. The same request is the same job. */
async function once(on: Research, args: Record<string, unknown>): Promise<Answer> {
  for (;;) {
    const answer = await on.call("train_model", args).catch((error: unknown) => error);
    if (!(answer instanceof ToolFailure) || !isOutage(answer)) return answer as Answer;
  }
}

const isOutage = ({ message }: Error): boolean => message.includes("-32001");

describe("a full disk under PostgreSQL, Temporal and our logs", () => {
  it("costs time: what computed meanwhile is recorded once there is room, and computed once", async (context) => {
    const { disk: small, research: on } = equipped(context);
    await on.writeStrategy("probe");
    const first = await on.call("train_model", { strategy: "probe", start_date: "2000-01-03", end_date: "2004-12-31" });
    await on.follow(first.task_id, "completed");
    await on.faults([HELD]);
    const jobs = [
      await on.call("train_model", { strategy: "probe", start_date: "2000-01-03", end_date: "2005-12-30" }),
      await on.call("run_backtest", { model: first.task_id, start_date: "2015-01-02", end_date: "2018-12-31" }),
    ];
    for (const { task_id } of jobs) await on.follow(task_id, "running");

    await small.fill();
    expect(await small.left()).toBe(0);
    await on.faults([]);
    const said: Answer[] = [];
    for (let look = 0; look < LOOKS; look += 1) said.push(...(await lookAt(on, jobs)));
    const refused = on.call("train_model", { strategy: "probe", start_date: "2000-01-03", end_date: "2006-12-29" });
    await expect(refused).rejects.toThrow("-32001");
    // An answer that was final was recorded. The same answer must come afterwards.
    await small.free();

    for (const { task_id } of jobs) {
      const { answer } = await on.follow(task_id, "completed");
      const earlier = said.filter((one) => one.task_id === task_id && one["final"] === true);
      for (const one of earlier) expect(one.state).toBe(answer.state);
      const results = await on.call("get_results", { task_id });
      const { ktrdr_operations: operations } = results["produced_by"] as { ktrdr_operations: string[] };
      expect(operations).toHaveLength(1);
      const starts = (await on.computations("")).filter(
        (line) => line.event === "start" && operations.includes(line.operationId),
      );
      expect(starts).toHaveLength(1);
    }
    const next = await once(on, { strategy: "probe", start_date: "2000-01-03", end_date: "2006-12-29" });
    await on.follow(next.task_id, "completed");
  });
});

/** Two labs on one machine: no part of one ever works for the other. */
import { createInterface } from "node:readline";
import path from "node:path";
import { openLazily } from "../../src/temporal/open-connection.ts";
import { execa } from "execa";
import { afterEach, expect, test } from "vitest";
import { ROOT } from "../../src/root.ts";
import { until } from "../../lab/until.ts";
import { processesOf } from "../support/processes.ts";
import { Research } from "../support/research.ts";

const labs: Research[] = [];
const stop = new AbortController();
afterEach(async () => {
  stop.abort();
  for (const lab of labs.splice(0)) await lab.end();
});

const REQUEST = { strategy: "alpha", start_date: "2000-01-03", end_date: "2008-01-01" };

test("the same job in both, one's worker killed, a stray worker about: each computes its own once, both end clean", async () => {
  labs.push(...(await Promise.all([Research.begin(), Research.begin()])));
  const [a, b] = labs as [Research, Research];
  expect(a.lab.namespace).toMatch(/^lab-ktrdr-mcp-lab-[a-z0-9]+-[0-9a-f]{8}$/);
  expect(b.lab.namespace).not.toBe(a.lab.namespace);
  await strayWorker(b, a);

  const jobs = await Promise.all(
    labs.map(async (research) => {
      await research.writeStrategy("alpha");
      await research.hold();
      const { task_id } = await research.call("train_model", REQUEST);
      await research.follow(task_id, "running");
      return task_id;
    }),
  );
  expect(jobs[0]).toBe(jobs[1]);
  const taskId = jobs[0] ?? "";
  // While the lab's worker is away, only the stray worker could take the job's steps.
  const killed = a.lab.kill("worker");
  expect(await pollers(a)).toEqual([killed]);
  await a.lab.back("worker", killed);
  for (const research of labs) await research.release();
  await Promise.all(labs.map(async (research) => await research.follow(taskId, "completed")));
  for (const research of labs) {
    expect((await research.computations("")).map(({ event, operationId }) => `${event} ${operationId}`)).toEqual(
      expect.arrayContaining([`start ${taskId}`, `end ${taskId}`]),
    );
    expect((await research.computations("")).filter(({ event }) => event === "start")).toHaveLength(1);
    const { tasks } = await research.call("list_tasks");
    expect(tasks).toMatchObject([{ task_id: taskId, status: "completed" }]);
  }
  expect(await pollers(a)).toEqual([a.lab.pid("worker"), killed].toSorted((x, y) => x - y));
  expect(await pollers(b)).toEqual([b.lab.pid("worker")]);

  stop.abort();
  const folders = labs.map(({ lab }) => lab.dir);
  for (const lab of labs.splice(0)) await lab.end();
  await until(async () => (await Promise.all(folders.map(processesOf))).flat().length === 0, {
    what: "the end of all processes of both labs",
    timeoutMs: 120_000,
  });
});

/** A worker of one lab at the other's address. Resolves when it has found that its namespace is not there. */
async function strayWorker(of: Research, at: Research): Promise<void> {
  const env = { ...of.lab.env, TEMPORAL_ADDRESS: at.lab.addresses.temporal, PATH: process.env["PATH"] };
  const worker = execa(process.execPath, [path.join(ROOT, "src/bin/worker.ts")], {
    env,
    extendEnv: false,
    reject: false,
    buffer: false,
    cancelSignal: stop.signal,
  });
  for await (const line of createInterface({ input: worker.stderr })) {
    if (line.includes(`Temporal has no namespace ${of.lab.namespace}`)) return;
  }
  throw new Error("the stray worker ended");
}

/** Processes that polled a lab's namespace for workflows. */
async function pollers({ lab }: Research): Promise<number[]> {
  const connection = openLazily({ address: lab.addresses.temporal });
  try {
    const { pollers: seen } = await connection.workflowService.describeTaskQueue({
      namespace: lab.namespace,
      taskQueue: { name: "ktrdr-jobs" },
      taskQueueType: 1,
    });
    return [...new Set((seen ?? []).map(({ identity }) => Number.parseInt(identity ?? "", 10)))].toSorted(
      (x, y) => x - y,
    );
  } finally {
    await connection.close();
  }
}

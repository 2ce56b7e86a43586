/**
 * Measures what our tools cost beside the bare Temporal calls they rest on, with one open job, a hundred and a
 * thousand. One job computes and the others queue. All are measured in turn in one run, because the ratio counts, not
 * the machine. `JOBS=1` measures other numbers of jobs.
 */
import { z } from "zod";
import { Anything, Status } from "../demo/answers.ts";
import { STRATEGY_TEXT } from "../demo/strategy.ts";
import { connectEmptyTool } from "./empty-tool-client.ts";
import { residentMb } from "./processes.ts";
import { inTurn, quantile, report, timed, tokensOf, withLab, type Bench } from "./support.ts";
import { bareStarter, settled, start, startMany, startOnNewDays } from "./training-jobs.ts";

const LOADS = (process.env["JOBS"] ?? "1,100,1000").split(",").map(Number);
const STARTS = 15;
const STATUSES = 150;
const LISTS = 30;
/** After so many calls, both sides are compiled and connected. */
const WARM_UP = 400;
/** No worker polls this queue. So a start on it costs only what the server takes. */
const IDLE_QUEUE = "bench-idle";

type Row = Record<string, string | number>;
const rows: Row[] = [];
const memory: Row[] = [];
let serial = 0;

const ratio = (a: number, b: number): number => Math.round((a / b) * 100) / 100;

function add(what: string, jobs: number, taken: { tool: number[]; bare: number[]; empty?: number[] }, bare: string) {
  const [ours, theirs] = [quantile(taken.tool, 0.5), quantile(taken.bare, 0.5)];
  rows.push({
    what,
    "open jobs": jobs,
    "tool (ms, median)": ours,
    "tool (ms, 95 %)": quantile(taken.tool, 0.95),
    "bare (ms, median)": theirs,
    "bare (ms, 95 %)": quantile(taken.bare, 0.95),
    ratio: ratio(ours, theirs),
    // The machine's other work spoils this ratio least.
    "ratio (fastest quarter)": ratio(quantile(taken.tool, 0.25), quantile(taken.bare, 0.25)),
    bare,
    ...(taken.empty === undefined ? {} : floorOf(theirs, quantile(taken.empty, 0.5))),
  });
}

/** No tool can be quicker than the protocol and the call together. */
const floorOf = (bare: number, empty: number) => ({
  "empty tool call (ms)": empty,
  "floor of the ratio": ratio(bare + empty, bare),
});

const idle = ({ temporal }: Bench) =>
  temporal.workflow.start("nothing", { workflowId: `idle-${(serial += 1)}`, taskQueue: IDLE_QUEUE, args: [] });

/** @returns the jobs it left open: three more for each round. */
async function measureStarts(bench: Bench, jobs: number, like: string): Promise<string[]> {
  const bare = await bareStarter(bench, like);
  const opened: string[] = [];
  const keep = async (started: Promise<string>) => void opened.push(await started);
  const taken = await inTurn(
    STARTS,
    {
      tool: () => keep(start(bench)),
      bare: () => keep(bare()),
      newDays: () => keep(startOnNewDays(bench)),
      idle: () => idle(bench),
    },
    () => settled(bench, opened),
  );
  add("start a job", jobs, taken, "workflow.start of the same job");
  add("start a job on new days", jobs, { tool: taken.newDays, bare: taken.bare }, "workflow.start of the same job");
  add("start a job", jobs, { tool: taken.tool, bare: taken.idle }, "workflow.start, nobody polls");
  return opened;
}

async function measureReads(bench: Bench, jobs: number, watched: { running: string; queued: string }): Promise<void> {
  const { claude, temporal } = bench;
  const empty = await connectEmptyTool();
  const status = (taskId: string) => claude.call("get_task_status", { task_id: taskId }, Status);
  const describe = (taskId: string) => temporal.workflow.getHandle(taskId).describe();
  for (const [state, taskId] of Object.entries(watched)) {
    const measured = { tool: () => status(taskId), bare: () => describe(taskId), empty: () => empty.call() };
    await inTurn(WARM_UP, measured);
    add(`status of a ${state} job`, jobs, await inTurn(STATUSES, measured), "describe");
  }
  const list = async () => {
    const pages = temporal.workflow.list({ query: 'ExecutionStatus = "Running"', pageSize: 10 });
    await pages[Symbol.asyncIterator]().next();
  };
  const tasks = () => claude.call("list_tasks", { status: "open", limit: 10 }, Anything);
  add("list ten open jobs", jobs, await inTurn(LISTS, { tool: tasks, bare: list }), "workflow.list");
  await empty.close();
}

async function measureMemory({ claude, lab }: Bench, jobs: number, when: string): Promise<void> {
  const worker = lab.parts().find(({ name }) => name === "worker")?.pid;
  if (worker === undefined || claude.serverPid === null) throw new Error("a process is gone");
  memory.push({
    "open jobs": jobs,
    when,
    "mcp (MB)": await residentMb(claude.serverPid),
    "worker (MB)": await residentMb(worker),
  });
}

// Epochs of ten minutes: the first job computes all the time, the others queue.
await withLab({ SANDBOX_EPOCH_DELAY_MS: "600000" }, async (bench) => {
  const { claude } = bench;
  await claude.call("create_strategy", { yaml: STRATEGY_TEXT }, Anything);
  const running = await start(bench);
  for (;;) {
    const { state } = await claude.call("get_task_status", { task_id: running, wait_seconds: 1 }, Status);
    if (state === "running") break;
  }
  let open = 1;
  for (const load of LOADS) {
    let more: string[] = [];
    const opening = await timed(async () => {
      more = await startMany(bench, load - open);
    });
    console.log(`${load} jobs are open; the last ${more.length} took ${Math.round(opening / 1_000)} s`);
    await measureMemory(bench, load, "before the calls");
    const queued = more.at(-1) ?? (await start(bench));
    await settled(bench, [queued]);
    await measureReads(bench, load, { running, queued });
    const opened = await measureStarts(bench, load, running);
    open = Math.max(load, 2) + opened.length;
    await measureMemory(bench, load, "after the calls");
    await report("tools", rows);
    await report("memory", memory);
  }
  const listed = z.looseObject({ tools: z.array(z.unknown()) }).parse(await claude.listTools());
  const status = await claude.call("get_task_status", { task_id: running }, Status);
  await report("tokens", [
    { answer: "tools/list", tools: listed.tools.length, "tokens (characters / 4)": tokensOf(listed) },
    { answer: "get_task_status of a running job", tools: 1, "tokens (characters / 4)": tokensOf(status) },
  ]);
});

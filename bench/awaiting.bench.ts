/**
 * Measures a thousand jobs that are open at once, first while the newest of them are queued, then while all compute. It
 * measures what our worker and our server hold, how often KTRDR is asked, and what a status costs beside the bare call.
 * `JOBS=1,100` measures other numbers of jobs. Granting is bypassed, because KTRDR's registry would have to show a
 * thousand workers. The worker process, its activities, their requests, the record and Temporal are the real ones.
 */
import { Anything, Status } from "../demo/answers.ts";
import { STRATEGY_TEXT } from "../demo/strategy.ts";
import { Gateway } from "./gateway.ts";
import { processorMs, residentMb } from "./processes.ts";
import { inTurn, quantile, report, withLab, type Bench } from "./support.ts";
import { start, startMany } from "./training-jobs.ts";

const LOADS = (process.env["JOBS"] ?? "1,100,440,1000").split(",").map(Number);
/** A server that cannot keep up with the heartbeats never gets there. Then fewer awaited jobs are measured. */
const PATIENCE_MS = 120_000;
/** Several times the poll interval of 5 s. */
const WINDOW_MS = 30_000;
const STATUSES = 200;
const WARM_UP = 200;

const ratio = (a: number, b: number): number => Math.round((a / b) * 100) / 100;

function pidOf({ lab }: Bench): number {
  const pid = lab.parts().find(({ name }) => name === "worker")?.pid;
  if (pid === undefined) throw new Error("the worker is gone");
  return pid;
}

/**
 * Waits until KTRDR has been asked for so many trainings twice from now on: these are awaited, and no longer starting.
 * @returns how many are awaited; fewer when the patience ends
 */
async function awaited(gateway: Gateway, jobs: number): Promise<number> {
  gateway.asked.clear();
  const polled = () => [...gateway.asked.values()].filter((times) => times >= 2).length;
  const until = performance.now() + PATIENCE_MS;
  await gateway.until(() => polled() >= jobs || performance.now() > until);
  return polled();
}

interface Load {
  readonly open: number;
  /** How many of the open jobs compute. */
  readonly granted: number;
  /** The job whose status is asked for. */
  readonly watched: string;
}

async function measure(bench: Bench, gateway: Gateway, { open, granted, watched }: Load) {
  const { claude, temporal } = bench;
  const polled = await awaited(gateway, granted);
  const worker = pidOf(bench);
  const [requests, used, began] = [gateway.requests, await processorMs(worker), performance.now()];
  await new Promise((resolve) => setTimeout(resolve, WINDOW_MS));
  const took = performance.now() - began;
  const idle = { requests: gateway.requests - requests, busy: (await processorMs(worker)) - used };
  const measured = {
    tool: () => claude.call("get_task_status", { task_id: watched }, Status),
    bare: () => temporal.workflow.getHandle(watched).describe(),
  };
  await inTurn(WARM_UP, measured);
  const taken = await inTurn(STATUSES, measured);
  const [ours, bare] = [quantile(taken.tool, 0.5), quantile(taken.bare, 0.5)];
  if (claude.serverPid === null) throw new Error("the server is gone");
  return {
    "open jobs": open,
    queued: open - granted,
    awaited: polled,
    "worker (MB)": await residentMb(worker),
    "worker (% of a core)": Math.round((idle.busy / took) * 100),
    "mcp (MB)": await residentMb(claude.serverPid),
    "requests to KTRDR per s": Math.round((idle.requests / took) * 10_000) / 10,
    "status (ms, median)": ours,
    "describe (ms, median)": bare,
    ratio: ratio(ours, bare),
  };
}

const gateway = await Gateway.listen();
try {
  await withLab(
    { SANDBOX_EPOCH_DELAY_MS: "600000" },
    async (bench) => {
      const { claude, temporal } = bench;
      await claude.call("create_strategy", { yaml: STRATEGY_TEXT }, Anything);
      const running = await start(bench);
      await gateway.until(() => (gateway.asked.get(running) ?? 0) > 1);
      gateway.multiply();
      let open = 1;
      const rows: Awaited<ReturnType<typeof measure>>[] = [];
      for (const load of LOADS) {
        const more = await startMany(bench, load - open);
        const last = more.at(-1);
        if (last !== undefined) {
          rows.push(await measure(bench, gateway, { open: load, granted: open, watched: last }));
        }
        for (const jobId of more) await temporal.workflow.getHandle(jobId).signal("slotGranted");
        open = load;
        rows.push(await measure(bench, gateway, { open: load, granted: load, watched: running }));
        await report("awaiting", rows);
      }
    },
    {
      route: async (direct) => {
        gateway.target = direct.ktrdr;
        return { ...direct, ktrdr: gateway.url };
      },
    },
  );
} finally {
  await gateway.close();
}

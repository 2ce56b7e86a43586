/**
 * What an item of a batch costs beside KTRDR's own time (docs/ktrdr.md §11.7): from the end of a computation until it
 * is recorded, and from the moment the registry frees a worker until the next computation begins. Aim: under 1 s
 * together.
 */
import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import { Anything, Started, Status } from "../demo/answers.ts";
import { BACKTEST_DATES, STRATEGY_NAME, STRATEGY_TEXT, TRAINING_DATES } from "../demo/strategy.ts";
import { createPool, select } from "../src/store/pool.ts";
import { quantile, report, withLab } from "./support.ts";

const DRAWS = 6;
const WORKERS = z.array(z.object({ worker_id: z.string(), worker_type: z.string(), status: z.string() }));
const OPERATION = z.object({ data: z.object({ created_at: z.string(), completed_at: z.string() }) });
const JOB = z.object({ kind: z.string(), operation: z.string(), recorded: z.number() });

const window = ({ start_date, end_date }: typeof TRAINING_DATES | typeof BACKTEST_DATES) => [start_date, end_date];
const seconds = (values: readonly number[], share: number) => Math.round(quantile(values, share) / 10) / 100;

await withLab({ SANDBOX_EPOCH_DELAY_MS: "150" }, async ({ lab, claude }) => {
  const api = `${lab.addresses.ktrdr}/api/v1`;
  const ask = async <T>(path: string, answer: z.ZodType<T>) =>
    answer.parse(await (await fetch(`${api}${path}`)).json());
  await claude.call("create_strategy", { yaml: STRATEGY_TEXT }, Anything);
  const periods = [{ train: window(TRAINING_DATES), test: window(BACKTEST_DATES) }];
  const wish = { work: "both", strategies: [STRATEGY_NAME], draws: DRAWS, periods };
  const { task_id } = await claude.call("start_batch", wish, Started);

  // The registry is looked at ten times a second, to see when it frees a worker.
  const freed: { type: string; at: number }[] = [];
  const before = new Map<string, string>();
  let over = false;
  const watching = (async () => {
    while (!over) {
      for (const { worker_id: id, worker_type: type, status } of await ask("/workers", WORKERS)) {
        if (status === "available" && before.get(id) === "busy") freed.push({ type, at: Date.now() });
        before.set(id, status);
      }
      await delay(100);
    }
  })();
  for (;;) {
    const { final } = await claude.call("get_task_status", { task_id, wait_seconds: 45 }, Status);
    if (final === true) break;
  }
  over = true;
  await watching;

  const pool = createPool(lab.addresses.database, { max: 1 });
  const jobs = await select(
    pool,
    JOB,
    `select j.kind, c.operation_id as operation, (extract(epoch from j.finished_at) * 1000)::float8 as recorded
     from jobs j join computations c using (job_id) order by j.finished_at`,
  );
  await pool.end();
  const seen = await Promise.all(
    jobs.map(async ({ kind, operation, recorded }) => {
      const { data } = await ask(`/operations/${operation}`, OPERATION);
      return { kind, recorded, began: Date.parse(data.created_at), ended: Date.parse(data.completed_at) };
    }),
  );
  const rows = ["training", "backtest"].map((kind) => {
    const ours = seen.filter((job) => job.kind === kind);
    const own = ours.map(({ began, ended }) => ended - began);
    const noticed = ours.map(({ ended, recorded }) => recorded - ended);
    // Only trainings queue up behind each other here.
    const starts = kind === "training" ? ours.map(({ began }) => began) : [];
    const next = freed
      .filter(({ type, at }) => type === kind && starts.some((began) => began > at))
      .map(({ at }) => Math.min(...starts.filter((began) => began > at)) - at);
    return {
      kind,
      jobs: ours.length,
      "KTRDR's own (s)": seconds(own, 0.5),
      "end to record (s)": seconds(noticed, 0.5),
      "free to next start (s)": next.length === 0 ? "-" : seconds(next, 0.5),
      "ratio to KTRDR's own":
        Math.round(
          (1 + (quantile(noticed, 0.5) + (next.length === 0 ? 0 : quantile(next, 0.5))) / quantile(own, 0.5)) * 100,
        ) / 100,
    };
  });
  await report("overhead", rows);
});

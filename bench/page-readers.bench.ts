/**
 * What readers of the page cost whoever does research: calls of tools over HTTP beside READERS (10) readers, and beside
 * none, in turn, from the same server over a record of JOBS (100000) jobs. A reader opens a view with its pictures every
 * PAUSE (10) seconds, as often as the page reads itself again, and goes through all of them.
 */
import { setTimeout as delay } from "node:timers/promises";
import { fillJobs } from "../test/support/many-jobs.ts";
import { connectHttp, startHttpProcess, type HttpClient } from "../test/support/http-server.ts";
import { addressesOf, picturesIn } from "../test/support/page-addresses.ts";
import { NO_LIMITS, quantile, report, timed, withLab, withoutSettings } from "./support.ts";

const number = (name: string, fallback: number) => Number(process.env[name] ?? fallback);
const JOBS = number("JOBS", 100_000);
const READERS = number("READERS", 10);
const PAUSE_MS = number("PAUSE", 10) * 1_000;
const ROUNDS = number("ROUNDS", 6);
const CALLS_A_ROUND = 200;
/** A researcher thinks between calls. */
const THINKING_MS = 50;

const CALLS: readonly (readonly [string, Record<string, unknown>])[] = [
  ["list_tasks", { limit: 10 }],
  ["get_results", { task_id: "backtest-many-4" }],
  ["get_task_status", { task_id: "train-many-0" }],
  ["list_models", { limit: 10 }],
  ["search_insights", { query: "labels" }],
];

/** Milliseconds of each call. */
async function research(client: HttpClient): Promise<number[]> {
  const taken: number[] = [];
  for (let n = 0; n < CALLS_A_ROUND; n += 1) {
    const [tool, args] = CALLS[n % CALLS.length] ?? ["list_tasks", {}];
    taken.push(
      await timed(async () => {
        const { isError, content } = await client.call(tool, args);
        if (isError === true) throw new Error(JSON.stringify(content));
      }),
    );
    await delay(THINKING_MS);
  }
  return taken;
}

/** @returns how many views they opened, when they have gone */
async function readers(url: string, addresses: readonly string[], gone: AbortSignal): Promise<number> {
  const read = async (at: string) => await (await fetch(`${url}${at}`)).text();
  let opened = 0;
  const reader = async (_: unknown, first: number) => {
    await delay((first * PAUSE_MS) / READERS);
    for (let next = first; !gone.aborted; next += 1) {
      const html = await read(addresses[next % addresses.length] ?? "/");
      await Promise.all(picturesIn(html).map(read));
      opened += 1;
      await delay(PAUSE_MS, undefined, { signal: gone }).catch(() => undefined);
    }
  };
  await Promise.all(Array.from({ length: READERS }, reader));
  return opened;
}

await withLab({}, async ({ lab }) => {
  await fillJobs(lab.env["DATABASE_URL"] ?? "", JOBS);
  const server = await startHttpProcess({
    ...withoutSettings(process.env),
    ...lab.env,
    ...NO_LIMITS,
    LOG_LEVEL: "info",
  });
  try {
    const client = await connectHttp("modern", server.url);
    const page = server.url.replace(/\/mcp$/, "");
    const addresses = (await addressesOf(page)).filter(({ nothing }) => !nothing).map(({ at }) => at);
    await research(client);
    const taken: Record<"alone" | "beside", number[]> = { alone: [], beside: [] };
    let opened = 0;
    for (let round = 0; round < ROUNDS; round += 1) {
      taken.alone.push(...(await research(client)));
      const leave = new AbortController();
      const reading = readers(page, addresses, leave.signal);
      taken.beside.push(...(await research(client)));
      leave.abort();
      opened += await reading;
    }
    await client.close();
    const row = (what: string, values: readonly number[]) => ({
      what,
      calls: values.length,
      "median (ms)": quantile(values, 0.5),
      "95 % (ms)": quantile(values, 0.95),
      "99 % (ms)": quantile(values, 0.99),
      "median, ratio": Math.round((quantile(values, 0.5) / quantile(taken.alone, 0.5)) * 100) / 100,
      "95 %, ratio": Math.round((quantile(values, 0.95) / quantile(taken.alone, 0.95)) * 100) / 100,
    });
    console.log(`${opened} views of ${addresses.length} addresses were opened beside the calls`);
    await report("page-readers", [
      row("calls, nobody reads", taken.alone),
      row(`calls beside ${READERS} readers`, taken.beside),
    ]);
  } finally {
    await server.stop();
  }
});

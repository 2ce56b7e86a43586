/**
 * What the researcher's page costs over a real PostgreSQL with JOBS (100000) jobs: each view, and the view with all its
 * pictures, beside one raw query of the same rows in the same run. A view is written whole, so that its first byte comes
 * with its last. Temporal is away.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { startPostgres } from "../lab/postgres.ts";
import { createWiring } from "../src/bin/mcp-wiring.ts";
import { createLogger } from "../src/logger.ts";
import { freePort } from "../src/machine/free-port.ts";
import { migrate } from "../src/store/migrate.ts";
import { createPool, run } from "../src/store/pool.ts";
import { fillJobs } from "../test/support/many-jobs.ts";
import { deadEnvironment } from "../test/support/mcp.ts";
import { servePage } from "../test/support/page-over-http.ts";
import { addressesOf, picturesIn } from "../test/support/page-addresses.ts";
import { inTurn, quantile, report, timed } from "./support.ts";

const JOBS = Number(process.env["JOBS"] ?? 100_000);
const ROUNDS = 15;
const WARM_UP = 3;

const LOOKS =
  "select distinct symbol, run, sharpe from trial_events where state = 'finished' and kind in ('trial', 'replay', 'import')";

/**
 * The rows that a view is made of, asked for without it. Whatever is picked out of all trials is weighed by their
 * number, so they are counted. `$1` is the last part of the view's address.
 */
const ROWS: Readonly<Record<string, string>> = {
  "/": `select job_id, kind, status, outcome, (select count(*) from (${LOOKS}) looks) from jobs
    where finished_at > now() - interval '24 hours'`,
  "/luck": `select symbol, count(*) from (${LOOKS}) looks group by symbol`,
  "/luck/:id": `select seq, job_id, strategy, run, sharpe from trial_events
    where symbol = $1 and state = 'finished' and kind in ('trial', 'replay', 'import') order by seq`,
  "/shortlist": `select result, (select count(*) from (${LOOKS}) looks) from results
    where kind = 'backtest' and trades >= 30 and not result ? 'measures'
    order by ((result #>> '{raw,sharpe_ratio}')::float8 * sqrt((result ->> 'equityPoints')::float8)) desc limit 120`,
  "/runs": `select j.*, (select count(*) from (${LOOKS}) looks) from jobs j
    where not (kind = 'backtest' and request ? 'measures') order by admitted_at desc, job_id desc limit 26`,
  "/runs/:id": `select * from jobs left join results using (job_id) left join models using (job_id) where job_id = $1`,
};
/** Of a view that is not named above: a page of a list. */
const SOME_ROWS = "select * from jobs order by admitted_at desc limit 25";

const dir = await mkdtemp(path.join(tmpdir(), "ktrdr-mcp-bench-"));
const server = await startPostgres({ dir, port: await freePort(), fsync: false });
const url = server.url("bench");
await migrate(url);
const filled = await timed(() => fillJobs(url, JOBS));
console.log(`${JOBS} jobs in ${Math.round(filled / 1_000)} s`);
const env = { ...(await deadEnvironment()), DATABASE_URL: url, KTRDR_STRATEGIES_DIR: dir, KTRDR_MODELS_DIR: dir };
const wired = await (await createWiring(env, createLogger("bench", "silent"))).current();
const page = await servePage(async () => wired.deps);
const pool = createPool(url, { max: 1, queryTimeoutMs: 0 });

const read = async (at: string): Promise<string> => {
  const answer = await fetch(`${page.url}${at}`);
  if (!answer.ok) throw new Error(`${at} was answered ${answer.status}`);
  return await answer.text();
};

/** A view as a browser fetches it: its pictures together, once it is there. */
async function whole(at: string): Promise<void> {
  await Promise.all(picturesIn(await read(at)).map(read));
}

async function measure(view: string, at: string) {
  const id = decodeURIComponent(at.split("/").at(-1) ?? "");
  const rows = ROWS[view] ?? SOME_ROWS;
  const bytes = Buffer.byteLength(await read(at));
  const each = {
    raw: async () => await run(pool, rows, rows.includes("$1") ? [id] : []),
    html: async () => await read(at),
    whole: async () => await whole(at),
  };
  await inTurn(WARM_UP, each);
  const taken = await inTurn(ROUNDS, each);
  const [raw, html, all] = [taken.raw, taken.html, taken.whole].map((ms) => quantile(ms, 0.5));
  const ratio = (ms: number | undefined) => Math.round(((ms ?? 0) / (raw ?? 1)) * 10) / 10;
  return {
    view: at,
    "raw query (ms)": raw ?? 0,
    "view (ms)": html ?? 0,
    "with pictures (ms)": all ?? 0,
    "view / raw": ratio(html),
    "with pictures / raw": ratio(all),
    "view, 95 % (ms)": quantile(taken.html, 0.95),
    bytes,
  };
}

try {
  const rows = [];
  for (const { view, at, nothing } of await addressesOf(page.url)) if (!nothing) rows.push(await measure(view, at));
  await report("page", rows);
} finally {
  await pool.end();
  await page.stop();
  await wired.close();
  await server.stop();
  await rm(dir, { recursive: true, force: true });
}

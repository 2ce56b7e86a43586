/**
 * What the researcher's page costs over a real PostgreSQL with JOBS (100000) jobs: each view, and the view with all its
 * pictures, beside one raw query of the same rows in the same run. The raw query is answered over HTTP too, as JSON by a
 * handler that does nothing else. A view is written whole, so that its first byte comes with its last. Temporal is away.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { Hono } from "hono";
import { startPostgres } from "../lab/postgres.ts";
import { createWiring } from "../src/bin/mcp-wiring.ts";
import { createLogger } from "../src/logger.ts";
import { freePort } from "../src/machine/free-port.ts";
import { migrate } from "../src/store/migrate.ts";
import { isPart } from "../src/store/part.ts";
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
/** Whatever is picked out of all trials is weighed by their number, so they are counted. */
const COUNTED = `(select count(*) from (${LOOKS}) looks) as tried`;

/** The rows that a view or a picture is made of, asked for without it. `$1` is the last part of its address. */
const ROWS: Readonly<Record<string, string>> = {
  "/": `select job_id, kind, status, outcome, ${COUNTED} from jobs where finished_at > now() - interval '24 hours'`,
  "/luck": `select symbol, count(*) from (${LOOKS}) looks group by symbol`,
  "/luck/:id": `select seq, job_id, strategy, run, sharpe from trial_events
    where symbol = $1 and state = 'finished' and kind in ('trial', 'replay', 'import') order by seq`,
  "/shortlist": `select result, ${COUNTED} from results
    where kind in ('backtest', 'walk_forward') and trades >= 30 and not ${isPart("result")}
    order by (coalesce(result #>> '{raw,sharpe_ratio}', result ->> 'ktrdrSharpe')::float8
      * sqrt((result ->> 'equityPoints')::float8)) desc limit 120`,
  "/runs": `select j.*, ${COUNTED} from jobs j
    where not (kind = 'backtest' and ${isPart("request")}) order by admitted_at desc, job_id desc limit 26`,
  "/runs/:id": `select * from jobs left join results using (job_id) left join models using (job_id) where job_id = $1`,
  "/strategies": `select j.strategy, j.job_id, j.request, r.sharpe, r.trades, ${COUNTED}
    from jobs j left join results r using (job_id)
    where j.status = 'completed' and j.kind in ('training', 'backtest') and not ${isPart("j.request")} and j.strategy in (
      select strategy from jobs where strategy is not null group by strategy order by max(admitted_at) desc limit 25)`,
  "/strategies/:id": `select j.job_id, j.kind, j.status, j.request, r.sharpe, ${COUNTED}
    from jobs j left join results r using (job_id)
    where j.kind in ('training', 'backtest') and not ${isPart("j.request")} and j.strategy = $1`,
  "/experiments": "select * from experiments order by started_at desc limit 25",
  "/experiments/:id": `select e.*, (select count(*) from (
      select distinct run, sharpe from trial_events t where t.symbol = e.symbol and state = 'finished'
        and kind in ('trial', 'replay', 'import') and t.start_date <= e.end_date and e.start_date <= t.end_date) looks)
    from experiments e where experiment_id = $1`,
  "/insights": `select i.*, (select json_agg(job_id) from insight_jobs l where l.insight_id = i.insight_id) as jobs,
      (select json_agg(successor) from supersessions s where s.superseded = i.insight_id) as successors,
      (select count(*) from insights) as found
    from insights i order by saved_at desc limit 25`,
  "/insights/:id": "select * from insights where insight_id = $1",
  "/ledger": `select t.*, ${COUNTED} from trial_events t order by seq desc limit 51`,
  "/ledger/verification": "select seq, event::text, prev_hash, hash from trial_events order by seq",
};
/** The view whose rows a picture shows. */
const rowsOf = (at: string): string =>
  at.includes("/pictures/luck/") ? "/luck/:id" : at.includes("/pictures/runs/") ? "/runs/:id" : "/shortlist";

const dir = await mkdtemp(path.join(tmpdir(), "ktrdr-mcp-bench-"));
const server = await startPostgres({ dir, port: await freePort(), fsync: false });
const url = server.url("bench");
await migrate(url);
const filled = await timed(() => fillJobs(url, JOBS));
console.log(`${JOBS} jobs in ${Math.round(filled / 1_000)} s`);
const env = { ...(await deadEnvironment()), DATABASE_URL: url, KTRDR_STRATEGIES_DIR: dir, KTRDR_MODELS_DIR: dir };
const wired = await (await createWiring(env, createLogger("bench", "silent"))).current();
const pool = createPool(url, { queryTimeoutMs: 0 });
const raw = new Hono();
raw.get("/raw", async ({ req, json }) => {
  const { of = "", id = "" } = req.query();
  const rows = ROWS[of] ?? "";
  return json(await run(pool, rows, rows.includes("$1") ? [id] : []));
});
const page = await servePage(async () => wired.deps, raw);

const read = async (at: string): Promise<string> => {
  const answer = await fetch(`${page.url}${at}`);
  if (!answer.ok) throw new Error(`${at} was answered ${answer.status}`);
  return await answer.text();
};

const idIn = (at: string): string => decodeURIComponent(at.split("/").at(-1) ?? "").replace(/\.svg.*$/, "");
const rawOf = async (view: string, at: string) =>
  await read(`/raw?of=${encodeURIComponent(view)}&id=${encodeURIComponent(idIn(at))}`);

async function measure(view: string, at: string) {
  const html = await read(at);
  const pictures = picturesIn(html);
  const each = {
    raw: async () => await rawOf(view, at),
    view: async () => await read(at),
    rawOfAll: async () => {
      await rawOf(view, at);
      await Promise.all(pictures.map(async (one) => await rawOf(rowsOf(one), one)));
    },
    // As a browser fetches it: the pictures together, once the view is there.
    all: async () => await Promise.all(picturesIn(await read(at)).map(read)),
  };
  await inTurn(WARM_UP, each);
  const taken = await inTurn(ROUNDS, each);
  const ratio = (of: readonly number[], to: readonly number[]) =>
    Math.round((quantile(of, 0.5) / quantile(to, 0.5)) * 10) / 10;
  return {
    view: at,
    "raw query (ms)": quantile(taken.raw, 0.5),
    "view (ms)": quantile(taken.view, 0.5),
    "view / raw": ratio(taken.view, taken.raw),
    pictures: pictures.length,
    "with pictures (ms)": quantile(taken.all, 0.5),
    "with pictures / their raw": ratio(taken.all, taken.rawOfAll),
    "view, 95 % (ms)": quantile(taken.view, 0.95),
    bytes: Buffer.byteLength(html),
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

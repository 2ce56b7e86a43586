/**
 * What the ledger of trials costs, in a real PostgreSQL with LINES (100000) lines: checking all of them, counting the trials of a
 * symbol, and admitting and finishing a backtest beside the same without its lines.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { startPostgres } from "../lab/postgres.ts";
import { freePort } from "../src/machine/free-port.ts";
import { createJobWriter } from "../src/store/job-writer.ts";
import { createLedger } from "../src/store/ledger.ts";
import { migrate } from "../src/store/migrate.ts";
import { createPool, type Pool } from "../src/store/pool.ts";
import { recordBacktest } from "../test/support/job-records.ts";
import { inTurn, quantile, report, timed } from "./support.ts";

const LINES = Number(process.env["LINES"] ?? 100_000);
const AT_A_TIME = 2_000;
const ROUNDS = 300;
const WARM_UP = 50;
const WINDOW = { startDate: "2015-01-02", endDate: "2019-12-31" };

/** Lines as backtests leave them, by the same function, on a hundred symbols. */
async function fill(pool: Pool): Promise<void> {
  for (let from = 0; from < LINES; from += AT_A_TIME) {
    await pool.query(FILLED, [from + 1, Math.min(from + AT_A_TIME, LINES)]);
  }
  // As autovacuum does after many lines.
  await pool.query("vacuum (analyze) trial_events");
}

const FILLED = `select append_trial_event(jsonb_build_object('kind', 'import', 'state', 'finished', 'jobId', 'filled-' || n,
       'symbol', 'S' || n % 100, 'timeframe', '1d', 'startDate', '2015-01-02', 'endDate', '2019-12-31',
       'strategy', 'probe', 'run', md5(n::text), 'sharpe', random(), 'bars', 1208, 'trades', 42))
     from generate_series($1::integer, $2::integer) n`;

/** The same function under the same name, which writes nothing. */
const NOTHING = `create or replace function append_trial_event(what jsonb) returns bigint language sql as 'select null::bigint'`;

const dir = await mkdtemp(path.join(tmpdir(), "ktrdr-mcp-bench-"));
const server = await startPostgres({ dir, port: await freePort(), fsync: true });
const [url, bare] = [server.url("bench"), server.url("without_ledger")];
await migrate(url);
await migrate(bare);
const pools = [createPool(url, { max: 2 }), createPool(bare, { max: 2 })] as const;
try {
  const [pool, without] = pools;
  await without.query(NOTHING);
  const filled = await timed(() => fill(pool));
  const ledger = createLedger(pool);
  const checked = await timed(() => ledger.check([]));
  const job = (on: Pool, name: string) => {
    const writer = createJobWriter(on);
    return async (round: number) => await recordBacktest(writer, `backtest-${name}-${round}`, null);
  };
  const warm = { with: job(pool, "warm"), without: job(without, "warm") };
  await inTurn(WARM_UP, warm);
  const taken = await inTurn(ROUNDS, {
    "with its lines": job(pool, "measured"),
    "without them": job(without, "measured"),
    "counting the trials of a symbol": () => ledger.trials("S7", WINDOW),
  });
  const [ours, base] = [quantile(taken["with its lines"], 0.5), quantile(taken["without them"], 0.5)];
  await report("ledger", [
    { what: `${LINES} lines written (ms)`, value: Math.round(filled) },
    { what: `${LINES} lines checked, every hash anew (ms)`, value: Math.round(checked) },
    { what: "a backtest admitted and finished, with its lines, median (ms)", value: ours },
    { what: "the same without them, median (ms)", value: base },
    { what: "ratio", value: Math.round((ours / base) * 100) / 100 },
    {
      what: "counting the trials of a symbol, median (ms)",
      value: quantile(taken["counting the trials of a symbol"], 0.5),
    },
  ]);
} finally {
  for (const pool of pools) await pool.end();
  await server.stop();
  await rm(dir, { recursive: true, force: true });
}

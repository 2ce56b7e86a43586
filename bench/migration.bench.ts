/**
 * Measures how long a database with JOBS (100000) recorded jobs takes from the schema before research memory (0007) to
 * the newest one, beside reading all of the jobs once. Also checks that no job changes.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { z } from "zod";
import { freePort } from "../src/machine/free-port.ts";
import { startPostgres } from "../lab/postgres.ts";
import { migrate } from "../src/store/migrate.ts";
import { createPool, run, select } from "../src/store/pool.ts";
import { report } from "./support.ts";

const JOBS = Number(process.env["JOBS"] ?? 100_000);
const BEFORE = "0007_research-control";

const dir = await mkdtemp(path.join(tmpdir(), "ktrdr-mcp-bench-"));
const server = await startPostgres({ dir, port: await freePort(), fsync: false });
const url = server.url("migration");
await migrate(url, { to: BEFORE });
const pool = createPool(url, { max: 1, queryTimeoutMs: 600_000 });
try {
  await run(
    pool,
    `insert into jobs (job_id, kind, request, request_hash, client, priority, strategy_text)
     select 'train-' || n, 'training', jsonb_build_object('kind', 'training', 'strategy', 's' || n % 100, 'symbol', 'SPX', 'timeframe', '1d'),
       md5(n::text), 'bench', 3, repeat('indicators: {osc: {type: rsi}} ', 40)
     from generate_series(1, $1::int) n`,
    [JOBS],
  );
  const sum = async () => {
    const from = performance.now();
    const row = z.object({ sum: z.string() });
    const [found] = await select(
      pool,
      row,
      "select sum(hashtextextended(to_jsonb(j)::text, 0))::text as sum from jobs j",
    );
    return { sum: found?.sum, ms: performance.now() - from };
  };
  await sum();
  const before = await sum();
  const from = performance.now();
  const { applied } = await migrate(url);
  const migrating = performance.now() - from;
  const after = await sum();
  if (after.sum !== before.sum) throw new Error("rows of jobs changed");
  await report("migration", [
    { what: `reading ${JOBS} jobs once`, ms: Math.round(before.ms), x: 1 },
    {
      what: `${BEFORE} to ${applied.at(-1)}`,
      ms: Math.round(migrating),
      x: Number((migrating / before.ms).toFixed(2)),
    },
  ]);
} finally {
  await pool.end();
  await server.stop();
  await rm(dir, { recursive: true, force: true });
}

/** Databases and folders for backups, and what is in them. */
import { hash, randomUUID } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import pg from "pg";
import { createJobWriter } from "../../src/store/job-writer.ts";
import { createPool, type Pool } from "../../src/store/pool.ts";
import { createTestDatabase, type TestDatabase } from "../support/postgres.ts";
import {
  backtestRequest,
  backtestResult,
  engine,
  failedOutcome,
  jobInput,
  outcome,
  trainingRequest,
  trainingResult,
} from "../store/samples.ts";

/** Everything that a test file made, so that it can be removed. */
export class Places {
  private readonly made: { drop(): Promise<void> }[] = [];

  async database(migrated = true): Promise<string> {
    const database: TestDatabase = await createTestDatabase({ migrated });
    this.made.push(database);
    return database.url;
  }

  async folder(files: Readonly<Record<string, string>> = {}): Promise<string> {
    const dir = await mkdtemp(path.join(tmpdir(), "ktrdr-mcp-backup-"));
    this.made.push({ drop: () => rm(dir, { recursive: true, force: true }) });
    for (const [name, text] of Object.entries(files)) {
      await mkdir(path.dirname(path.join(dir, name)), { recursive: true });
      await writeFile(path.join(dir, name), text);
    }
    return dir;
  }

  async remove(): Promise<void> {
    for (const made of this.made.splice(0)) await made.drop();
  }
}

/** Does the work on a pool of its own. */
export async function withPool<T>(url: string, work: (pool: Pool) => Promise<T>): Promise<T> {
  const pool = createPool(url);
  try {
    return await work(pool);
  } finally {
    await pool.end();
  }
}

/** Calls in the execution log, whatever else a newer version writes there. */
export async function logCalls(url: string, calls: readonly ReturnType<typeof callOf>[]): Promise<void> {
  await withPool(url, (pool) =>
    pool.query(
      `insert into tool_executions (id, at, tool, arguments, outcome, error_code, duration_ms, client_name, task_id)
       select id, at, 'get_task_status', arguments, case when error_code is null then 'ok' else 'error' end, error_code,
         1 / 3.0::float8, 'a client', task_id
       from jsonb_to_recordset($1::jsonb) as c(id uuid, at timestamptz, arguments jsonb, error_code text, task_id text)`,
      [JSON.stringify(calls)],
    ),
  );
}

export async function query<Row extends pg.QueryResultRow>(url: string, text: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Row>(text)).rows;
  } finally {
    await client.end();
  }
}

const AWKWARD =
  "tab\there, quote ' \" \\ , line\nbreak, ☃ and 🦆, {curly}, \\N, \r carriage, next\u0085line, line\u2028and paragraph\u2029.";

/** A champion with its evidence, its history and what made it so. */
const candidateRows = (jobId: string): string => {
  const evidence = "'" + "e".repeat(64) + "'";
  return `
    insert into candidate_evidence (hash, job_id, gates) values (${evidence}, '${jobId}', '[]');
    insert into candidates (job_id, strategy, symbol, timeframe, stage, round, evidence, proposed_by, reason)
      values ('${jobId}', 'probe', 'SPX', '1d', 'champion', 1, ${evidence}, 'claude', 'It holds.');
    insert into candidate_events (job_id, n, what, stage, round, by, evidence) values
      ('${jobId}', 1, 'proposed', 'candidate', 0, 'claude', ${evidence}),
      ('${jobId}', 2, 'approved', 'champion', 1, 'operator ada', ${evidence});
    insert into candidate_grants (job_id, round, n, decision, by, name, evidence, used_at)
      values ('${jobId}', 1, 1, 'approve', 'operator ada', 'probe', ${evidence}, now())`;
};

/** Jobs of every kind: completed with a result and a model, resumed, failed, running, waiting; and calls in the log. */
export async function fillDatabase(url: string, calls = 30): Promise<{ readonly open: string }> {
  const pool = createPool(url);
  try {
    const jobs = createJobWriter(pool);
    const trained = jobInput();
    await jobs.admit(trained, `name: probe\ntext: "${AWKWARD}"\n`, "11111111-2222-3333-4444-555555555555");
    await jobs.finish(trained.jobId, outcome(trained.jobId, { headline: AWKWARD }), trainingResult, engine);
    const tested = jobInput(backtestRequest);
    await jobs.admit(tested, null);
    await jobs.finish(tested.jobId, outcome(tested.jobId), backtestResult, engine);
    await query(url, candidateRows(tested.jobId));
    const failed = jobInput({ ...trainingRequest, draw: 2 }, { forceReason: AWKWARD });
    await jobs.admit(failed, "name: failed\n");
    await jobs.finish(failed.jobId, failedOutcome(failed.jobId), null, engine);
    const running = jobInput({ ...trainingRequest, draw: 3 });
    await jobs.admit(running, "name: running\n");
    await query(
      url,
      `insert into computations (job_id, n, known_operations, operation_id, started_at, resumed_from) values
         ('${running.jobId}', 1, '{op_a,"op, b"}', 'op_${running.jobId}', now(), null),
         ('${running.jobId}', 2, '{}', 'op_${running.jobId}', now(),
           '{"epoch": 7, "curve": {"trainLoss": [0.1, 1e-300], "valLoss": [0.30000000000000004], "trainAccuracy": [], "valAccuracy": []}}')`,
    );
    await jobs.admit(jobInput({ ...trainingRequest, draw: 4 }), "name: waiting\n");
    await logCalls(
      url,
      Array.from({ length: calls }, (_, n) => callOf(n)),
    );
    return { open: running.jobId };
  } finally {
    await pool.end();
  }
}

export const callOf = (n: number) => ({
  id: randomUUID(),
  at: new Date().toISOString(),
  arguments: { task_id: `train-${n}`, note: AWKWARD, many: Array.from({ length: 20 }, (_, index) => index / 7) },
  error_code: n % 3 === 0 ? "task_not_found" : null,
  task_id: `train-${n}`,
});

/** Every row of every table as PostgreSQL writes it. */
export async function contentOf(url: string): Promise<Record<string, string[]>> {
  const tables = await query<{ name: string }>(
    url,
    "select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r' order by 1",
  );
  const content: Record<string, string[]> = {};
  for (const { name } of tables.filter((table) => table.name !== "schema_migrations")) {
    const rows = await query<{ row: string }>(url, `select t::text as row from ${name} t order by 1`);
    content[name] = rows.map(({ row }) => row);
  }
  return content;
}

/** All rows except those that a new database has from the beginning. */
export async function rowsIn(url: string): Promise<string[]> {
  const { research_control: _control, ...rest } = await contentOf(url);
  return Object.values(rest).flat();
}

export const filesOf = async (dir: string): Promise<string[]> => (await readdir(dir)).toSorted();

/** Changes a file of a backup and makes its checksums fit again, as a forger or a newer version would. */
export async function rewriteBytes(folder: string, file: string, change: (bytes: Buffer) => Buffer): Promise<void> {
  const before = await readFile(path.join(folder, file));
  const after = change(before);
  if (after.equals(before)) throw new Error(`Nothing changed in ${file}.`);
  await writeFile(path.join(folder, file), after);
  const sums = await readFile(path.join(folder, "SHA256SUMS"), "utf8");
  const sum = hash("sha256", after);
  const lines = sums.split("\n").map((line) => (line.endsWith(`  ${file}`) ? `${sum}  ${file}` : line));
  await writeFile(path.join(folder, "SHA256SUMS"), lines.join("\n"));
}

export const rewrite = (folder: string, file: string, change: (text: string) => string): Promise<void> =>
  rewriteBytes(folder, file, (bytes) => Buffer.from(change(bytes.toString("utf8"))));

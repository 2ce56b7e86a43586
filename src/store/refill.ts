import { z } from "zod";
import { DomainError, isDomainError } from "../domain/errors.ts";
import { appliedMigrations, migrate } from "./migrate.ts";
import { PAGE_TABLES } from "./page-access.ts";
import { run, select, withTransaction, type Pool, type Session } from "./pool.ts";
import { digestOf } from "./row-digest.ts";
import { quoted, rowText, tablesOf, type Table } from "./snapshot.ts";

/** Rows of one table, with their number and digest. */
export interface Filling {
  readonly table: Table;
  readonly rows: number;
  /** See row-digest.ts. */
  readonly digest: string;
  /** Each row as one line of JSON. */
  lines(): AsyncIterable<string>;
}

/**
 * These tables may hold rows in an empty database, and keep them: even a tool call that only looks is logged, and who
 * may read the page says nothing about research.
 */
const KEPT: readonly string[] = ["tool_executions", ...PAGE_TABLES];

/** These tables may hold rows in an empty database; the rows of the backup replace them. */
const SETTINGS: readonly string[] = ["research_control", "backups", "clocks"];

/** About so many characters, and at most so many rows, go into one statement. */
const BATCH_CHARS = 2_000_000;
const BATCH_ROWS = 500;

/**
 * Gives an empty database the tables of the backup's version. The later migrations then run on the rows that were put
 * back, as they would have on the rows of the old place.
 * @throws DomainError `place_not_empty`
 */
export async function prepareEmpty(pool: Pool, databaseUrl: string, schema: readonly string[]): Promise<void> {
  await withTransaction(pool, async (session) => {
    if ((await tablesOf(session)).length === 0) return;
    const applied = await appliedMigrations(session);
    if (applied.join() === schema.join()) return void (await lockedEmpty(session));
    const tables = await lockedEmpty(session, []);
    await run(session, `drop table ${[...tables.map(({ name }) => quoted(name)), "schema_migrations"].join(", ")}`);
  });
  await migrate(databaseUrl, { to: schema.at(-1) });
}

/** @throws DomainError `place_not_empty` when a table holds a row that a restore would not keep or replace */
export async function assertEmpty(pool: Pool): Promise<void> {
  await withTransaction(pool, lockedEmpty);
}

/**
 * Puts all rows back in one transaction, and commits only when number and digest of each table are right. The tables
 * are locked meanwhile.
 * @throws DomainError `place_not_empty`, `backup_unusable` when the rows do not fit the tables or differ from the
 *   backup
 */
export async function refill(pool: Pool, fillings: readonly Filling[]): Promise<void> {
  await withTransaction(pool, async (session) => {
    await run(session, "set local timezone = 'UTC'; set local extra_float_digits = 1");
    // No backup of ours lets anybody in to the page.
    const there = (await lockedEmpty(session)).filter(({ name }) => !PAGE_TABLES.includes(name));
    for (const filling of fillings) {
      const target = there.find(({ name }) => name === filling.table.name);
      const unknown = filling.table.columns.filter((column) => target?.columns.includes(column) !== true);
      if (unknown.length > 0) throw misfit(filling, `The database has no column ${unknown.join(", ")}.`);
      if (SETTINGS.includes(filling.table.name)) await run(session, `delete from ${quoted(filling.table.name)}`);
      const before = await sumOf(session, filling.table);
      await fill(session, filling).catch((error: unknown) => {
        // When PostgreSQL goes away, the backup is not to blame.
        if (isDomainError(error) && error.code !== "internal") throw error;
        throw misfit(filling, "They cannot be read, or PostgreSQL refuses them.", error);
      });
      compare(filling, before, await sumOf(session, filling.table));
      await advanceSequences(session, filling.table);
    }
  });
}

async function lockedEmpty(session: Session, mayBeFull = KEPT): Promise<Table[]> {
  const tables = await tablesOf(session);
  if (tables.length === 0) return tables;
  await run(session, `lock table ${tables.map(({ name }) => quoted(name)).join(", ")} in access exclusive mode`);
  const full: string[] = [];
  const mustBeEmpty = tables.filter(({ name }) => !mayBeFull.includes(name) && !SETTINGS.includes(name));
  for (const { name } of mustBeEmpty) {
    const rows = await run(session, `select 1 from ${quoted(name)} limit 1`);
    if (rows.length > 0) full.push(name);
  }
  if (full.length === 0 && (await appliedMigrations(session)).length > 0) return tables;
  throw new DomainError("place_not_empty", {
    what: "The database is not empty; nothing was changed.",
    why:
      full.length > 0
        ? `There are rows in ${full.join(", ")}.`
        : `It holds tables that do not belong to ktrdr-mcp: ${tables.map(({ name }) => name).join(", ")}.`,
    next: "Restore into a new database (another name in DATABASE_URL is enough: it is created) or a new lab (LAB_DIR).",
  });
}

async function fill(session: Session, filling: Filling): Promise<void> {
  const { table } = filling;
  const columns = table.columns.map(quoted).join(", ");
  const insert = `insert into ${quoted(table.name)} (${columns}) overriding system value
    select ${columns} from jsonb_populate_recordset(null::${quoted(table.name)}, $1::jsonb)`;
  let batch: string[] = [];
  let chars = 0;
  const flush = async () => {
    if (batch.length > 0) await run(session, insert, [`[${batch.join(",")}]`]);
    batch = [];
    chars = 0;
  };
  for await (const line of filling.lines()) {
    batch.push(line);
    chars += line.length;
    if (batch.length >= BATCH_ROWS || chars >= BATCH_CHARS) await flush();
  }
  await flush();
}

const Sum = z.object({ rows: z.number(), digest: z.string() });
type Sum = z.infer<typeof Sum>;

async function sumOf(session: Session, table: Table): Promise<Sum> {
  const [sum] = await select(session, Sum, digestOf(rowText(table)));
  return sum ?? { rows: 0, digest: "0" };
}

function compare(filling: Filling, before: Sum, after: Sum): void {
  const rows = after.rows - before.rows;
  const same = BigInt(after.digest) - BigInt(before.digest) === BigInt(filling.digest);
  if (rows === filling.rows && same) return;
  throw misfit(filling, `${rows} rows came out of ${filling.rows}, or they are not the same.`);
}

/** Later rows must get numbers that no restored row has. */
async function advanceSequences(session: Session, { name, columns }: Table): Promise<void> {
  for (const column of columns) {
    const Found = z.object({ sequence: z.string().nullable() });
    const [found] = await select(session, Found, "select pg_get_serial_sequence($1, $2) as sequence", [
      quoted(name),
      column,
    ]);
    if (found?.sequence == null) continue;
    await run(
      session,
      `select setval($1, max(${quoted(column)})) from ${quoted(name)} having max(${quoted(column)}) is not null`,
      [found.sequence],
    );
  }
}

const misfit = ({ table }: Filling, why: string, cause?: unknown) =>
  new DomainError("backup_unusable", {
    what: `The rows of ${table.name} cannot be put back as they were; nothing was changed.`,
    why,
    next: "Restore another backup.",
    cause,
  });

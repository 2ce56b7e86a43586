import { z } from "zod";
import { DomainError } from "../domain/errors.ts";
import { countedBacktests, ledgerHead, LEDGER_TABLE, type LedgerHead } from "./ledger.ts";
import { appliedMigrations } from "./migrate.ts";
import { PAGE_TABLES } from "./page-access.ts";
import { run, select, withTransaction, type Pool, type Session } from "./pool.ts";

/** A table of ours, with the columns that a backup holds. */
export interface Table {
  readonly name: string;
  /** In the table's order, without those that PostgreSQL computes itself. */
  readonly columns: readonly string[];
}

/** The whole database at one moment, whatever is written meanwhile. */
export interface Snapshot {
  /** ISO-8601 UTC of that moment. */
  readonly at: string;
  /** Migrations applied, in order. */
  readonly schema: readonly string[];
  /** The last line of the ledger of trials; null when there is none. */
  readonly ledger: LedgerHead | null;
  /** Finished backtests of each symbol that the ledger counts as trials, repeated ones too. */
  readonly trials: Readonly<Record<string, number>>;
  /** Tables that others refer to come first. Who may read the page is left out. */
  readonly tables: readonly Table[];
  /** Each row as one line of JSON, a hundred at a time. */
  rows(table: Table): AsyncGenerator<readonly string[]>;
}

/** A quoted name: names come from the catalogue, and from backups that anybody may have made. */
export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** With these settings times and numbers are written in one way on every server. */
const PLAIN = "set local timezone = 'UTC'; set local extra_float_digits = 1; set local intervalstyle = 'iso_8601'";

const AT_A_TIME = 100;

/**
 * Runs `work` on a snapshot. It holds up nobody, and sees nothing that is written meanwhile.
 * @throws DomainError `database_unavailable`, or what `work` throws
 */
export function withSnapshot<T>(pool: Pool, work: (snapshot: Snapshot) => Promise<T>): Promise<T> {
  return withTransaction(pool, async (session) => {
    await run(session, "set transaction isolation level repeatable read, read only");
    await run(session, PLAIN);
    const [moment] = await select(session, z.object({ now: z.date() }), "select now()"); // this takes the snapshot
    const schema = await appliedMigrations(session);
    if (schema.length === 0) throw noTables();
    const tables = (await tablesOf(session)).filter(({ name }) => !PAGE_TABLES.includes(name));
    const counted = tables.some(({ name }) => name === LEDGER_TABLE);
    return await work({
      at: (moment?.now ?? new Date()).toISOString(),
      schema,
      ledger: counted ? await ledgerHead(session) : null,
      trials: counted ? await countedBacktests(session) : {},
      tables,
      rows: (table) => rowsOf(session, table),
    });
  });
}

const noTables = () =>
  new DomainError("database_unavailable", {
    what: "The database has no tables of ktrdr-mcp: there is nothing to back up.",
    next: "Point DATABASE_URL (or LAB_DIR) to the right one.",
  });

/** The columns of a table as one JSON text, the same for the same row on every server. */
export const rowText = ({ name, columns }: Table): string =>
  `select to_jsonb(t)::text as row from (select ${columns.map(quoted).join(", ")} from ${quoted(name)}) t`;

async function* rowsOf(session: Session, table: Table): AsyncGenerator<readonly string[]> {
  await run(session, `declare backup_rows no scroll cursor for ${rowText(table)}`);
  for (;;) {
    const rows = await select(session, z.object({ row: z.string() }), `fetch ${AT_A_TIME} from backup_rows`);
    if (rows.length === 0) break;
    yield rows.map(({ row }) => row);
  }
  await run(session, "close backup_rows");
}

const TableRow = z.object({ name: z.string(), columns: z.array(z.string()), needs: z.array(z.string()) });

/** All tables but the list of migrations, in the order in which their rows can be inserted. */
export async function tablesOf(session: Session): Promise<Table[]> {
  const rows = await select(
    session,
    TableRow,
    `select c.relname::text as name,
       array(select attname::text from pg_attribute
         where attrelid = c.oid and attnum > 0 and not attisdropped and attgenerated = '' order by attnum) as columns,
       array(select distinct r.relname::text from pg_constraint f join pg_class r on r.oid = f.confrelid
         where f.conrelid = c.oid and f.contype = 'f' and f.confrelid <> c.oid) as needs
     from pg_class c
     where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and c.relname <> 'schema_migrations'
     order by 1`,
  );
  return inOrder(rows).map(({ name, columns }) => ({ name, columns }));
}

function inOrder(tables: readonly z.infer<typeof TableRow>[]): z.infer<typeof TableRow>[] {
  const ordered: z.infer<typeof TableRow>[] = [];
  let waiting = [...tables];
  while (waiting.length > 0) {
    const missing = new Set(waiting.map(({ name }) => name));
    const free = waiting.filter(({ needs }) => !needs.some((name) => missing.has(name)));
    // Tables that refer to each other in a circle have no order; none of ours do.
    if (free.length === 0) free.push(...waiting);
    ordered.push(...free);
    waiting = waiting.filter((table) => !free.includes(table));
  }
  return ordered;
}

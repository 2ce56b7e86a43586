import { unlink } from "node:fs/promises";
import path from "node:path";
import { DomainError, isDomainError } from "../domain/errors.ts";
import { codeOf } from "../store/database-error.ts";
import { assertSchemaKnown, createMissing, migrate } from "../store/migrate.ts";
import { createPool, type Pool } from "../store/pool.ts";
import { assertEmpty, prepareEmpty, refill } from "../store/refill.ts";
import { openBackup, type Backup } from "./backup-reader.ts";
import { PATIENCE_MS, type Place } from "./backup.ts";
import { restoreHistory } from "./history-files.ts";
import type { Manifest } from "./manifest.ts";
import { missingStrategies, writeStrategyFile } from "./strategy-files.ts";

export interface RestoreOptions extends Place {
  readonly folder: string;
  /** Checks everything that can be checked, and changes nothing. */
  readonly dryRun: boolean;
  /** Leaves the strategies folder alone. */
  readonly withoutStrategies: boolean;
}

export interface Restored {
  readonly manifest: Manifest;
  /** Bytes of the backup, all of them read and checked. */
  readonly bytes: number;
  /** Strategies that the folder lacked: written, or to be written after a dry run. Null when it is left alone. */
  readonly strategies: readonly string[] | null;
  /** Migrations applied after the rows were back, because the backup is of an older version. Empty in a dry run. */
  readonly applied: readonly string[];
}

/**
 * Puts a backup into an empty database and a strategies folder. Everything is checked before anything is written. The
 * rows are one transaction: whatever happens, the database ends up empty or whole. A worker of ours then starts the
 * open jobs again from the record.
 * @throws DomainError `backup_unusable`, `schema_newer`, `place_not_empty`, `folder_unavailable`,
 *   `database_unavailable`
 */
export async function restore(options: RestoreOptions): Promise<Restored> {
  const { databaseUrl, dryRun } = options;
  const backup = await openBackup(path.resolve(options.folder));
  const { manifest, bytes } = backup;
  await assertSchemaKnown(manifest.schema);
  const strategies = await strategiesToWrite(backup, options);
  const pool = createPool(databaseUrl, { max: 1, applicationName: "ktrdr-mcp restore", queryTimeoutMs: PATIENCE_MS });
  try {
    await unlessMissing(() => assertEmpty(pool));
    if (dryRun) return { manifest, bytes, strategies, applied: [] };
    await createMissing(databaseUrl);
    await prepareEmpty(pool, databaseUrl, manifest.schema);
    const dir = strategies === null ? undefined : options.strategiesDir;
    await withStrategies(backup, strategies ?? [], dir, () => fillDatabase(pool, backup));
  } finally {
    await pool.end();
  }
  const { applied } = await migrate(databaseUrl);
  return { manifest, bytes, strategies, applied };
}

async function fillDatabase(pool: Pool, backup: Backup): Promise<void> {
  await refill(
    pool,
    backup.manifest.tables.map(({ name, columns, rows, digest }) => ({
      table: { name, columns },
      rows,
      digest,
      lines: () => backup.lines(name),
    })),
  );
}

/** A database that does not exist yet counts as empty. */
async function unlessMissing(check: () => Promise<void>): Promise<void> {
  try {
    await check();
  } catch (error) {
    if (!(isDomainError(error) && codeOf(error.cause) === "3D000")) throw error;
  }
}

async function strategiesToWrite(backup: Backup, options: RestoreOptions): Promise<readonly string[] | null> {
  const names = backup.manifest.strategies?.files ?? [];
  if (options.withoutStrategies || (names.length === 0 && backup.history() === null)) return null;
  if (options.strategiesDir === undefined) {
    throw new DomainError("folder_unavailable", {
      what: "The backup holds strategies, and there is no folder to put them into.",
      next: "Set KTRDR_STRATEGIES_DIR to KTRDR's strategies folder, or restore with --without-strategies.",
    });
  }
  const files = new Map<string, Buffer>();
  for (const name of names) files.set(name, await backup.strategy(name));
  return await missingStrategies(options.strategiesDir, files);
}

/** Writes the strategies before the first job can go on, and removes them again when the database refuses. */
async function withStrategies(
  backup: Backup,
  names: readonly string[],
  dir: string | undefined,
  work: () => Promise<void>,
): Promise<void> {
  if (dir === undefined) return await work();
  const written: string[] = [];
  let undoHistory = async () => {};
  try {
    for (const name of names) {
      await writeStrategyFile(dir, name, await backup.strategy(name));
      written.push(name);
    }
    undoHistory = await restoreHistory(dir, backup.history());
    await work();
  } catch (error) {
    await undoHistory();
    for (const name of written) await unlink(path.join(dir, name)).catch(() => undefined);
    throw error;
  }
}

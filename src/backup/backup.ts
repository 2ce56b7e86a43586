import path from "node:path";
import { createPool } from "../store/pool.ts";
import { RowDigest } from "../store/row-digest.ts";
import { withSnapshot, type Snapshot, type Table } from "../store/snapshot.ts";
import { beginBackup, type BackupWriter } from "./backup-writer.ts";
import { historyLines } from "./history-files.ts";
import { FORMAT, HISTORY_FILE, strategyFile, tableFile, type Manifest } from "./manifest.ts";
import { listStrategies, readStrategyFile } from "./strategy-files.ts";

/** What is backed up, or restored into. */
export interface Place {
  readonly databaseUrl: string;
  /** KTRDR's strategies folder; undefined when none is configured. */
  readonly strategiesDir: string | undefined;
}

export interface BackupOptions extends Place {
  /** The folder of the backup; it must be empty or not exist. */
  readonly folder: string;
  /** Version of ktrdr-mcp. */
  readonly version: string;
  /** When it aborts, the backup stops and leaves nothing behind. */
  readonly signal?: AbortSignal;
}

/** Milliseconds; one statement may read a big table. */
export const PATIENCE_MS = 600_000;

/**
 * Writes the whole state into a folder while everything runs: the database as it stood at one moment, and the
 * strategies folder after that moment, so that the backup has every strategy that its jobs name.
 * @throws DomainError `place_not_empty`, `folder_unavailable`, `database_unavailable`
 */
export async function backup(options: BackupOptions): Promise<Manifest> {
  const pool = createPool(options.databaseUrl, {
    max: 1,
    applicationName: "ktrdr-mcp backup",
    queryTimeoutMs: PATIENCE_MS,
  });
  try {
    const writer = await beginBackup(path.resolve(options.folder));
    try {
      const manifest = await withSnapshot(pool, (snapshot) => writeAll(snapshot, writer, options));
      options.signal?.throwIfAborted();
      await writer.seal(manifest);
      return manifest;
    } catch (error) {
      await writer.discard();
      throw error;
    }
  } finally {
    await pool.end();
  }
}

async function writeAll(snapshot: Snapshot, writer: BackupWriter, options: BackupOptions): Promise<Manifest> {
  const strategies = await copyStrategies(writer, options);
  const tables: Manifest["tables"] = [];
  for (const table of snapshot.tables) {
    const sum = new RowDigest();
    await writer.addLines(tableFile(table.name), packed(snapshot, table, sum, options.signal));
    tables.push({ name: table.name, columns: [...table.columns], rows: sum.rows, digest: sum.digest });
  }
  return {
    product: "ktrdr-mcp",
    format: FORMAT,
    version: options.version,
    takenAt: snapshot.at,
    schema: [...snapshot.schema],
    ledger: snapshot.ledger,
    tables,
    strategies,
  };
}

async function* packed(
  snapshot: Snapshot,
  table: Table,
  sum: RowDigest,
  signal: AbortSignal | undefined,
): AsyncGenerator<string> {
  for await (const rows of snapshot.rows(table)) {
    signal?.throwIfAborted();
    for (const row of rows) sum.add(row);
    yield `${rows.join("\n")}\n`;
  }
}

async function copyStrategies(
  writer: BackupWriter,
  { strategiesDir, signal }: BackupOptions,
): Promise<Manifest["strategies"]> {
  if (strategiesDir === undefined) return null;
  const { files, leftOut } = await listStrategies(strategiesDir);
  const copied: string[] = [];
  for (const name of files) {
    signal?.throwIfAborted();
    const bytes = await readStrategyFile(strategiesDir, name);
    if (bytes === null) continue;
    await writer.addFile(strategyFile(name), bytes);
    copied.push(name);
  }
  let history = 0;
  await writer.addLines(
    HISTORY_FILE,
    counted(historyLines(strategiesDir), () => (history += 1)),
  );
  return { files: copied, leftOut, history };
}

async function* counted(lines: AsyncIterable<string>, count: () => void): AsyncGenerator<string> {
  for await (const line of lines) {
    count();
    yield line;
  }
}

import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { FaultStore } from "../faults.ts";
import { replaceFile } from "./folder.ts";
import type { StateFolder } from "./folder.ts";
import type { OperationRow } from "./operation.ts";

/** The database cannot be reached. The text is the one that KTRDR's clients get to see (recording 16). */
export class DatabaseDownError extends Error {
  constructor() {
    super("[Errno 111] Connect call failed ('127.0.0.1', 5432)");
    this.name = "DatabaseDownError";
  }
}

/** Somebody inserted a row with this id before (docs/ktrdr.md §2.7: a repeated `task_id`). */
export class DuplicateKeyError extends Error {
  constructor(id: string) {
    super(`duplicate key value violates unique constraint "operations_pkey": (operation_id)=(${id})`);
    this.name = "DuplicateKeyError";
  }
}

export interface CheckpointRow {
  operation_id: string;
  checkpoint_type: "periodic" | "cancellation" | "failure" | "shutdown";
  created_at: string;
  state: Record<string, unknown>;
  artifacts_path: string | null;
}

const fileName = (id: string): string => `${encodeURIComponent(id)}.json`;

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}

/**
 * Rows as files, shared by the API and all workers. Every call fails with DatabaseDownError while the fault
 * `database_down` is on for the calling process.
 */
export class Database {
  readonly #folder: StateFolder;
  readonly #faults: FaultStore;

  constructor(folder: StateFolder, faults: FaultStore) {
    this.#folder = folder;
    this.#faults = faults;
  }

  #connect(): void {
    if (this.#faults.find("database_down", {}) !== undefined) throw new DatabaseDownError();
  }

  #read<Row>(path: string): Row | undefined {
    this.#connect();
    try {
      return JSON.parse(readFileSync(path, "utf8")) as Row;
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  operation(id: string): OperationRow | undefined {
    return this.#read<OperationRow>(join(this.#folder.operationRows, fileName(id)));
  }

  insertOperation(row: OperationRow): void {
    this.#connect();
    try {
      writeFileSync(join(this.#folder.operationRows, fileName(row.operation_id)), JSON.stringify(row), { flag: "wx" });
    } catch (error) {
      if (error instanceof Error && "code" in error && error.code === "EEXIST") {
        throw new DuplicateKeyError(row.operation_id);
      }
      throw error;
    }
  }

  /** Returns the new row; undefined when there is none with this id. */
  updateOperation(id: string, change: Partial<OperationRow>): OperationRow | undefined {
    const row = this.operation(id);
    if (row === undefined) return undefined;
    const changed = { ...row, ...change };
    replaceFile(join(this.#folder.operationRows, fileName(id)), JSON.stringify(changed));
    return changed;
  }

  checkpoint(id: string): CheckpointRow | undefined {
    return this.#read<CheckpointRow>(join(this.#folder.checkpointRows, fileName(id)));
  }

  checkpoints(): CheckpointRow[] {
    return this.#rows<CheckpointRow>(this.#folder.checkpointRows);
  }

  #rows<Row>(folder: string): Row[] {
    this.#connect();
    return readdirSync(folder)
      .filter((name) => name.endsWith(".json"))
      .map((name) => this.#read<Row>(join(folder, name)))
      .filter((row) => row !== undefined);
  }

  /** An operation has one checkpoint. A later one replaces the earlier. */
  saveCheckpoint(row: CheckpointRow): void {
    this.#connect();
    replaceFile(join(this.#folder.checkpointRows, fileName(row.operation_id)), JSON.stringify(row));
  }

  /** Deletes the checkpoint with its artifact files. True when there was one. */
  deleteCheckpoint(id: string): boolean {
    this.#connect();
    const path = join(this.#folder.checkpointRows, fileName(id));
    const existed = existsSync(path);
    rmSync(path, { force: true });
    rmSync(this.artifactsPath(id), { recursive: true, force: true });
    return existed;
  }

  /** Deletes folders of artifacts that have no row. Returns how many. */
  deleteOrphanArtifacts(): number {
    this.#connect();
    if (!existsSync(this.#folder.checkpoints)) return 0;
    const orphans = readdirSync(this.#folder.checkpoints, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .filter(({ name }) => !existsSync(join(this.#folder.checkpointRows, `${name}.json`)));
    for (const { name } of orphans) rmSync(join(this.#folder.checkpoints, name), { recursive: true, force: true });
    return orphans.length;
  }

  artifactsPath(id: string): string {
    return join(this.#folder.checkpoints, encodeURIComponent(id));
  }

  /** Bytes of the artifact files of a checkpoint. */
  artifactsSize(row: CheckpointRow): number {
    if (row.artifacts_path === null || !existsSync(row.artifacts_path)) return 0;
    const folder = row.artifacts_path;
    return readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
  }
}

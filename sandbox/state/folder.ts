import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** The folders and files for all that KTRDR keeps in its shared folders and in its database. */
export interface StateFolder {
  readonly root: string;
  readonly data: string;
  readonly strategies: string;
  readonly models: string;
  readonly checkpoints: string;
  /** One JSON file a row; plays the part of KTRDR's PostgreSQL. */
  readonly operationRows: string;
  readonly checkpointRows: string;
  readonly faults: string;
  readonly faultUses: string;
  readonly computations: string;
}

/** Creates what is missing; harmless when several processes start at once. */
export function openStateFolder(root: string): StateFolder {
  const folder: StateFolder = {
    root,
    data: join(root, "data"),
    strategies: join(root, "strategies"),
    models: join(root, "models"),
    checkpoints: join(root, "checkpoints"),
    operationRows: join(root, "database", "operations"),
    checkpointRows: join(root, "database", "checkpoints"),
    faults: join(root, "faults.json"),
    faultUses: join(root, "fault-uses"),
    computations: join(root, "computations.jsonl"),
  };
  const { root: _root, faults: _faults, computations: _computations, ...folders } = folder;
  for (const path of Object.values(folders)) mkdirSync(path, { recursive: true });
  return folder;
}

let writes = 0;

/** Readers in other processes see the old or the new content, never half of it. */
export function replaceFile(path: string, content: string): void {
  writes += 1;
  const draft = `${path}.${process.pid}-${writes}.tmp`;
  writeFileSync(draft, content);
  renameSync(draft, path);
}

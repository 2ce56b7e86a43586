import { closeSync, openSync, readFileSync, readSync, statSync } from "node:fs";
import path from "node:path";

/** The `level` that pino gives to errors. */
const ERROR = 50;
const WORKERS = ["worker.log", "second-worker.log"] as const;

/** What the worker processes of a lab log as errors from now on. */
export class Complaints {
  readonly #from: ReadonlyMap<string, number>;

  constructor(labDir: string) {
    const files = WORKERS.map((name) => path.join(labDir, "logs", name));
    this.#from = new Map(files.map((file) => [file, statSync(file, { throwIfNoEntry: false })?.size ?? 0]));
  }

  /** One line for each error. Lines that are no JSON (the last words of a crash) are skipped. */
  read(): string[] {
    const found = [...this.#from].flatMap(([file, from]) => linesFrom(file, from).flatMap(complaintOf));
    return [...new Set(found)];
  }
}

function linesFrom(file: string, from: number): string[] {
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  // A log that is smaller than before had grown large and was set aside: the new one is read from its start.
  if (size < from) return readFileSync(file, "utf8").split("\n");
  const handle = size === from ? null : openSync(file, "r");
  if (handle === null) return [];
  try {
    const buffer = Buffer.alloc(size - from);
    readSync(handle, buffer, 0, buffer.length, from);
    return buffer.toString("utf8").split("\n");
  } finally {
    closeSync(handle);
  }
}

function complaintOf(line: string): string[] {
  try {
    const { level, msg, err } = JSON.parse(line) as { level: number; msg: string; err?: { message?: string } };
    return level >= ERROR ? [`${msg}${err?.message === undefined ? "" : ` (${err.message})`}`] : [];
  } catch {
    return [];
  }
}

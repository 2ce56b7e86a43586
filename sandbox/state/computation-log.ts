import { appendFileSync, readFileSync } from "node:fs";
import type { StateFolder } from "./folder.ts";

/**
 * One line of `computations.jsonl`. `start` and `end` bracket the real computing of one operation in one worker. With
 * them a test can prove that no operation was ever computed twice. `request` is a call that asked for something to
 * happen. `cancel` is the moment when a worker was told to stop.
 */
export interface ComputationEvent {
  /** ISO-8601 UTC. */
  at: string;
  event: "start" | "end" | "cancel" | "request";
  operationId: string;
  kind: string;
  /** `api` for the API process. */
  workerId: string;
  pid: number;
  detail: string;
}

/** Append-only; a line is one write, so lines of several processes never mix. */
export class ComputationLog {
  readonly #path: string;
  readonly #workerId: string;

  constructor(folder: StateFolder, workerId: string) {
    this.#path = folder.computations;
    this.#workerId = workerId;
  }

  write(event: ComputationEvent["event"], operationId: string, kind: string, detail: string): void {
    const line: ComputationEvent = {
      at: new Date().toISOString(),
      event,
      operationId,
      kind,
      workerId: this.#workerId,
      pid: process.pid,
      detail,
    };
    appendFileSync(this.#path, `${JSON.stringify(line)}\n`);
  }

  read(): ComputationEvent[] {
    return readComputations(this.#path);
  }
}

/** All events of a `computations.jsonl`, oldest first; none when the file is not there yet. */
export function readComputations(path: string): ComputationEvent[] {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    return [];
  }
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as ComputationEvent);
}

import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { closeSync, fstatSync, mkdirSync, openSync, renameSync, statSync } from "node:fs";
import { open } from "node:fs/promises";
import path from "node:path";
import { DomainError } from "../src/domain/errors.ts";
import { errorText } from "../src/error-text.ts";
import type { StopSignal } from "./run-folder.ts";

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A part that runs and answers. */
export interface RunningPart {
  readonly pid: number;
  /** Settles when the process has ended, for whatever reason. */
  readonly exited: Promise<Exit>;
  stop(): Promise<void>;
}

export interface PartContext {
  /** File the part's output is appended to. */
  readonly logFile: string;
  /** Aborted when the lab stops while the part is still starting. */
  readonly signal: AbortSignal;
  /** Must be called as soon as there is a process. */
  spawned(pid: number): Promise<void>;
}

/** How the supervisor starts a part; the part is ready when the promise resolves. */
export interface Part {
  readonly name: string;
  readonly stopSignal: StopSignal;
  start(context: PartContext): Promise<RunningPart>;
  /** Checks whether the part works, again and again while it runs. The check must not depend on other parts. */
  readonly answers?: (signal: AbortSignal, pid: number) => Promise<unknown>;
}

export interface ProcessPart {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  /** Waits until the process works; aborted when the process ends. */
  ready(signal: AbortSignal, pid: number): Promise<void>;
  /** Rejects or waits while the process does not answer. Without it, only the end of the process is noticed. */
  readonly answers?: (signal: AbortSignal, pid: number) => Promise<unknown>;
  /** Time between SIGTERM and SIGKILL (ms). */
  readonly graceMs?: number;
}

const LOG_LIMIT_BYTES = 20_000_000;

/** A part that is one child process with its output in the log file. */
export function processPart(spec: ProcessPart): Part {
  return {
    name: spec.name,
    stopSignal: "SIGTERM",
    ...(spec.answers === undefined ? {} : { answers: spec.answers }),
    async start(context) {
      const log = openLog(context.logFile);
      const begins = fstatSync(log).size;
      // In a session of its own, so that Ctrl-C in the terminal reaches the lab only, which stops its parts in order.
      const child = spawn(spec.command, [...spec.args], {
        env: { ...spec.env },
        ...(spec.cwd === undefined ? {} : { cwd: spec.cwd }),
        stdio: ["ignore", log, log],
        detached: true,
      });
      closeSync(log);
      const gone = new AbortController();
      const exited = new Promise<Exit>((resolve) => {
        const end = (exit: Exit, reason: Error) => {
          gone.abort(reason);
          resolve(exit);
        };
        child.once("error", (error) => end({ code: null, signal: null }, error));
        child.once("exit", (code, signal) =>
          end({ code, signal }, new Error(`it ended with ${signal ?? `code ${code}`}`)),
        );
      });
      const stop = () => endChild(child, { ask: "SIGTERM", force: "SIGKILL", graceMs: spec.graceMs ?? 10_000 });
      try {
        if (child.pid === undefined) {
          await exited;
          throw gone.signal.reason;
        }
        await context.spawned(child.pid);
        await spec.ready(AbortSignal.any([context.signal, gone.signal]), child.pid);
        return { pid: child.pid, exited, stop };
      } catch (error) {
        await stop();
        throw await notStarted(spec.name, error, { file: context.logFile, begins });
      }
    },
  };
}

interface Ending {
  readonly ask: NodeJS.Signals;
  readonly force: NodeJS.Signals;
  /** Time between the two (ms). */
  readonly graceMs: number;
}

/** Asks a process to end, makes it end when it does not, and waits for that. Harmless when it has ended, or never began. */
export async function endChild(child: ChildProcess, { ask, force, graceMs }: Ending): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill(ask);
  const patience = setTimeout(() => child.kill(force), graceMs);
  await ended;
  clearTimeout(patience);
}

/** Opens a log for appending; a log that has grown large is set aside first (one older one is kept). */
export function openLog(file: string): number {
  mkdirSync(path.dirname(file), { recursive: true });
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  if (size > LOG_LIMIT_BYTES) renameSync(file, `${file}.1`);
  return openSync(file, "a");
}

/** Where the output of one process begins in a log that others have written before. */
interface Words {
  readonly file: string;
  /** Byte at which its output begins. */
  readonly begins: number;
}

async function notStarted(name: string, error: unknown, said: Words): Promise<DomainError> {
  const words = await lastWords(said);
  return new DomainError("internal", {
    what: `The part "${name}" of the lab did not start.`,
    why: [errorText(error), ...(words === "" ? [] : [`Its last words:\n${words}`])].join("\n"),
    next: `Read ${said.file}.`,
    cause: error,
  });
}

async function lastWords({ file, begins }: Words): Promise<string> {
  try {
    await using handle = await open(file);
    const { size } = await handle.stat();
    const buffer = Buffer.alloc(Math.min(size - begins, 4_000));
    await handle.read(buffer, 0, buffer.length, size - buffer.length);
    return buffer.toString("utf8").trimEnd().split("\n").slice(-10).join("\n");
  } catch {
    return "";
  }
}

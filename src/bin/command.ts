/** What the commands that an operator types have in common. */
import { isDomainError } from "../domain/errors.ts";

/** Wrong arguments; ends the process with 2 and says how it is done. */
export class Usage extends Error {}

/** Runs a command: a refusal is told in words and ends with 1. */
export async function runCommand(usage: string, main: () => Promise<void>): Promise<void> {
  try {
    await main();
  } catch (error) {
    if (error instanceof Usage || isArgumentError(error)) {
      process.stderr.write(`${[error.message, usage].filter((line) => line !== "").join("\n")}\n`);
      process.exitCode = 2;
      return;
    }
    if (!isDomainError(error)) throw error;
    const lines = [error.what, error.why, error.next].filter((line) => line !== undefined);
    process.stderr.write(`${lines.join("\n")}\n`);
    process.exitCode = 1;
  }
}

/** Of `parseArgs`. */
const isArgumentError = (error: unknown): error is Error =>
  error instanceof Error && "code" in error && String(error.code).startsWith("ERR_PARSE_ARGS");

/** Ctrl-C and the like, as something that work can listen to. */
export function interrupted(): AbortSignal {
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => stop.abort());
  return stop.signal;
}

export const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** `12.3 MB`. */
export function sizeOf(bytes: number): string {
  const units = ["bytes", "kB", "MB", "GB", "TB"];
  const power = bytes < 1_000 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3));
  return `${power === 0 ? bytes : (bytes / 1_000 ** power).toFixed(1)} ${units[power]}`;
}

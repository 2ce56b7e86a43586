/** What all commands have in common. */
import { inspect, parseArgs } from "node:util";
import { loadConfig, type Config } from "../config.ts";
import { isDomainError } from "../domain/errors.ts";
import { forTerminal, plainJson } from "../domain/plain-text.ts";
import { labEnvironment } from "../running-lab/lab-environment.ts";

/** Wrong arguments; ends the process with 2 and says how it is done. */
export class Usage extends Error {}

const SETTINGS = "Settings come from the environment: docs/configuration.md lists them all.";

/**
 * Runs a command: a refusal is told in words and ends with 1, wrong arguments with 2. `--help` says how it is typed and
 * starts nothing.
 * @param usage one line for each way of typing it, beginning with `Usage: `
 */
export async function runCommand(usage: string, main: () => Promise<void>): Promise<void> {
  if (process.argv.slice(2).some((word) => word === "--help" || word === "-h")) {
    say(`${usage}\n${SETTINGS}`);
    return;
  }
  process.on("uncaughtException", (error) => {
    remark(inspect(error));
    process.exit(1);
  });
  try {
    await main();
  } catch (error) {
    if (error instanceof Usage || isArgumentError(error)) {
      remark([error.message, usage].filter((line) => line !== "").join("\n"));
      process.exit(2);
    }
    if (!isDomainError(error)) throw error;
    const valid = error.valid.length === 0 ? undefined : `There are: ${error.valid.join(", ")}`;
    const lines = [error.what, error.why, valid, error.next].filter((line) => line !== undefined);
    remark(lines.join("\n"));
    // A server that was asked in vain may keep its connection open for a minute.
    process.exit(1);
  }
}

/** For a command that takes none. @throws what `runCommand` answers with the usage */
export function noArguments(): void {
  parseArgs({ options: {} });
}

/** The settings, completed by the lab that runs on this machine. @throws DomainError `invalid_input` */
export const settings = async (): Promise<Config> => loadConfig(await labEnvironment(process.env));

/** Of `parseArgs`. */
const isArgumentError = (error: unknown): error is Error =>
  error instanceof Error && "code" in error && String(error.code).startsWith("ERR_PARSE_ARGS");

/** Ctrl-C and the like, as something that work can listen to. */
export function interrupted(): AbortSignal {
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => stop.abort());
  return stop.signal;
}

/** What a command has to say, on stdout. Whoever reads it sits at a terminal: nothing that others wrote moves that. */
export const say = (text: string): void => void process.stdout.write(`${forTerminal(text)}\n`);

/** What is no part of the result, on stderr. */
export const remark = (text: string): void => void process.stderr.write(`${forTerminal(text)}\n`);

/** A result for programs. */
export const sayJson = (value: unknown): void =>
  void process.stdout.write(`${plainJson(JSON.stringify(value, null, 2))}\n`);

/** `12.3 MB`. */
export function sizeOf(bytes: number): string {
  const units = ["bytes", "kB", "MB", "GB", "TB"];
  const power = bytes < 1_000 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3));
  return `${power === 0 ? bytes : (bytes / 1_000 ** power).toFixed(1)} ${units[power]}`;
}

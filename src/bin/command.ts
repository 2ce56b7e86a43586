/** What all commands have in common. */
import { userInfo } from "node:os";
import { inspect, parseArgs } from "node:util";
import { loadConfig, type Config } from "../config.ts";
import { isDomainError } from "../domain/errors.ts";
import { errorInFull } from "../error-text.ts";
import { forTerminal, plainJson } from "../domain/plain-text.ts";
import { labEnvironment } from "../running-lab/lab-environment.ts";

/** Wrong arguments: the process prints how the command is typed and ends with 2. */
export class Usage extends Error {}

const SETTINGS = "Settings come from the environment: docs/configuration.md lists them all.";

/**
 * Runs a command. A DomainError is printed in words and ends the process with 1, wrong arguments with 2. `--help`
 * prints how the command is typed and starts nothing.
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
    remark(errorInFull(error));
    // A connection to a server that did not answer may stay open for a minute.
    process.exit(1);
  }
}

/** For a command without arguments. @throws when there are any; `runCommand` then prints the usage */
export function noArguments(): void {
  parseArgs({ options: {} });
}

/** The settings, completed by the lab that runs on this machine. @throws DomainError `invalid_input` */
export const settings = async (): Promise<Config> => loadConfig(await labEnvironment(process.env));

/** Who types a command. A user of a container may have no name. */
export function operator(): string {
  try {
    return `operator ${userInfo().username}`;
  } catch {
    return "operator";
  }
}

/** Errors of `parseArgs`. */
const isArgumentError = (error: unknown): error is Error =>
  error instanceof Error && "code" in error && String(error.code).startsWith("ERR_PARSE_ARGS");

/** Aborts on Ctrl-C and the other signals that end a process. */
export function interrupted(): AbortSignal {
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => stop.abort());
  return stop.signal;
}

/** Prints a command's result on stdout. Characters that others wrote and that move a terminal are escaped. */
export const say = (text: string): void => void process.stdout.write(`${forTerminal(text)}\n`);

/** Prints on stderr what is no part of the result. */
export const remark = (text: string): void => void process.stderr.write(`${forTerminal(text)}\n`);

/** Prints a result for programs, as JSON. */
export const sayJson = (value: unknown): void =>
  void process.stdout.write(`${plainJson(JSON.stringify(value, null, 2))}\n`);

/** `12.3 MB`. */
export function sizeOf(bytes: number): string {
  const units = ["bytes", "kB", "MB", "GB", "TB"];
  const power = bytes < 1_000 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3));
  return `${power === 0 ? bytes : (bytes / 1_000 ** power).toFixed(1)} ${units[power]}`;
}

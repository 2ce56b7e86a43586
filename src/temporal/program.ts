/** Temporal's programs on this machine. */
import { execFile } from "node:child_process";
import { stat } from "node:fs/promises";
import path from "node:path";
import { DomainError } from "../domain/errors.ts";
import { errorText } from "../error-text.ts";
import { DEV_SERVER, type Release } from "./program-release.ts";

export interface TemporalBinary {
  readonly path: string;
  /** As the program itself says; of a program that does not say, the version that was asked for. */
  readonly version: string;
  readonly source: "configured" | "PATH" | "cache" | "official download" | "Python package";
}

export interface FindOptions {
  /** The environment: PATH is searched, and the programs that are run get it. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Folder for fetched programs; shared by all processes of the project. */
  readonly cacheDir: string;
  /** `TEMPORAL_CLI_PATH`. When it does not work that is an error: what was asked for is never replaced silently. */
  readonly configuredPath?: string | undefined;
  /** Told what is being tried, and why something was passed over. */
  readonly onNote?: ((note: string) => void) | undefined;
  /** Base address of Temporal's download service, and how long it may be silent (ms). */
  readonly downloadBase?: string | undefined;
  readonly downloadTimeoutMs?: number | undefined;
}

/**
 * A dev server that is on this machine already; undefined when one would have to be fetched.
 * @throws DomainError `invalid_input` when the configured one does not work.
 */
export async function knownDevServer(options: FindOptions): Promise<TemporalBinary | undefined> {
  return await findHere(DEV_SERVER, options, () => undefined);
}

export type Pass = (place: string, error: unknown) => void;

export const cachedAt = (release: Release, { cacheDir }: FindOptions): string =>
  path.join(cacheDir, release.program, release.version, release.program);

export async function findHere(
  release: Release,
  options: FindOptions,
  pass: Pass,
): Promise<TemporalBinary | undefined> {
  if (options.configuredPath !== undefined) {
    return { ...(await probeConfigured(release, options.configuredPath)), source: "configured" };
  }
  const folders = (options.env["PATH"] ?? "").split(path.delimiter).filter((each) => path.isAbsolute(each));
  const places = [
    ...folders.map((folder) => ({ file: path.join(folder, release.program), source: "PATH" as const })),
    { file: cachedAt(release, options), source: "cache" as const },
  ];
  for (const { file, source } of places) {
    if (!(await isFile(file))) continue;
    try {
      return { ...(await probe(release, file)), source };
    } catch (error) {
      pass(file, error);
    }
  }
  return undefined;
}

async function probeConfigured(release: Release, file: string) {
  try {
    return await probe(release, path.resolve(file));
  } catch (error) {
    throw new DomainError("invalid_input", {
      what: `The configured ${release.program} program "${file}" cannot be used.`,
      why: errorText(error),
      next: "Correct TEMPORAL_CLI_PATH, or unset it: the lab then finds or fetches the program itself.",
      cause: error,
    });
  }
}

export async function probe(release: Release, file: string): Promise<{ path: string; version: string }> {
  const said = await new Promise<string>((resolve, reject) => {
    execFile(file, [...release.probe.args], { timeout: 10_000 }, (error, stdout, stderr) => {
      // A program that ran has a numeric exit code; anything else means that it could not be run.
      if (error !== null && typeof error.code !== "number") reject(error);
      else resolve(stdout + stderr);
    });
  });
  const match = release.probe.says.exec(said);
  if (match === null) {
    throw new DomainError("temporal_unavailable", {
      what: `it is not ${release.program}: it said "${said.slice(0, 80)}"`,
    });
  }
  return { path: file, version: match[1] ?? release.version };
}

async function isFile(file: string): Promise<boolean> {
  return (await stat(file).catch(() => undefined))?.isFile() ?? false;
}

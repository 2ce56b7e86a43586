import { chmod, lstat, mkdir, readdir } from "node:fs/promises";
import { platform, userInfo } from "node:os";
import path from "node:path";

/** The files that a lab puts into its folder. Other files in it are not changed. */
const OURS = /^(lab\.(json|lock|pid).*|ports\.json.*|namespace.*|temporal\.db.*|logs|run|ktrdr|postgres)$/;
/**
 * PostgreSQL's folders, which belong to another account when the lab runs as root. PostgreSQL itself closes them to
 * others.
 */
const CLUSTER = /^data(\.new)?$/;

/** When root runs the lab on a system other than Linux, PostgreSQL's account must be able to pass through the folders. */
const OTHERS = userInfo().uid === 0 && platform() !== "linux" ? 0o066 : 0o077;

/** Makes a lab's folder, new or old, readable by its owner only: it holds research, logs and the database's password. */
export async function ownFolder(dir: string): Promise<void> {
  await mkdir(dir, { recursive: true });
  await closeOne(dir);
  const names = (await readdir(dir)).filter((name) => OURS.test(name));
  for (const name of names) await closeAll(path.join(dir, name));
}

async function closeAll(place: string): Promise<void> {
  if (!(await closeOne(place))) return;
  for (const name of await readdir(place).catch(() => [])) {
    if (!CLUSTER.test(name) || path.basename(place) !== "postgres") await closeAll(path.join(place, name));
  }
}

/** @returns whether it is a folder */
async function closeOne(place: string): Promise<boolean> {
  // A lab that is just ending removes files.
  const found = await lstat(place).catch(() => undefined);
  if (found === undefined || found.isSymbolicLink()) return false;
  if ((found.mode & OTHERS) !== 0) await chmod(place, found.mode & 0o7777 & ~OTHERS).catch(() => undefined);
  return found.isDirectory();
}

import { chmod, lstat, mkdir, readdir } from "node:fs/promises";
import { platform, userInfo } from "node:os";
import path from "node:path";

/** What a lab puts into its folder: the folder may hold other things, which are not ours to change. */
const OURS = /^(lab\.(json|lock|pid).*|ports\.json.*|namespace.*|temporal\.db.*|logs|run|ktrdr|postgres)$/;
/** Of another account where the lab runs as root; PostgreSQL keeps it to itself. */
const CLUSTER = /^data(\.new)?$/;

/** As root on other systems than Linux, the account that PostgreSQL runs under passes through the folders. */
const OTHERS = userInfo().uid === 0 && platform() !== "linux" ? 0o066 : 0o077;

/**
 * Makes a lab's folder, or one of before, readable by its owner only: it holds research, logs and the way into the
 * database.
 */
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

/** @returns whether it is a folder. */
async function closeOne(place: string): Promise<boolean> {
  // A lab that is just ending takes files away.
  const found = await lstat(place).catch(() => undefined);
  if (found === undefined || found.isSymbolicLink()) return false;
  if ((found.mode & OTHERS) !== 0) await chmod(place, found.mode & 0o7777 & ~OTHERS).catch(() => undefined);
  return found.isDirectory();
}

import { execFile } from "node:child_process";
import { readFile, readlink, realpath, rm } from "node:fs/promises";
import { platform } from "node:os";
import { join } from "node:path";
import { kill } from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";

const SHUT_DOWN_WITHIN_MS = 15_000;

/**
 * Makes room for a new server on a cluster: shuts down a server whose lab was killed, and removes the lock file of a
 * dead one. PostgreSQL itself would take any process with the id in that file for a running server.
 */
export async function stopPreviousServer(data: string): Promise<void> {
  const lock = join(data, "postmaster.pid");
  const text = await readFile(lock, "utf8").catch(() => "");
  const pid = Number.parseInt(text, 10);
  if (!Number.isInteger(pid) || pid <= 1) return;
  if (!(await servesCluster(pid, data))) {
    await rm(lock, { force: true });
    return;
  }
  signal(pid, "SIGINT");
  const patience = Date.now() + SHUT_DOWN_WITHIN_MS;
  while (await servesCluster(pid, data)) {
    if (Date.now() > patience) signal(pid, "SIGQUIT");
    await delay(50);
  }
}

/** Whether the process is a PostgreSQL server of this very cluster. */
async function servesCluster(pid: number, data: string): Promise<boolean> {
  if (platform() === "linux") {
    const name = await readFile(`/proc/${pid}/comm`, "utf8").catch(() => "");
    const folder = await readlink(`/proc/${pid}/cwd`).catch(() => "");
    return name.trim() === "postgres" && folder === (await realpath(data));
  }
  const { stdout } = await promisify(execFile)("ps", ["-p", String(pid), "-o", "command="]).catch(() => ({
    stdout: "",
  }));
  return stdout.includes("postgres") && stdout.includes(data);
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    kill(pid, name);
  } catch {
    // It has just ended by itself.
  }
}

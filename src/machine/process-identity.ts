import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import os from "node:os";
import { kill } from "node:process";

/** Identifies a process: its pid alone may belong to another process by now. */
export interface ProcessId {
  readonly pid: number;
  /** When the process started, in the system's own unit (see `startOf`). */
  readonly started: string;
}

/**
 * When a process started: on Linux the clock ticks since boot, elsewhere the date that `ps` prints.
 * @returns undefined when there is no such process any more (a zombie counts as gone).
 */
export async function startOf(pid: number): Promise<string | undefined> {
  if (os.platform() !== "linux") return startByPs(pid);
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined);
  // The second field is the program's name in parentheses, which may contain spaces: fields are counted after it.
  const fields = stat?.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields === undefined || fields[0] === "Z" || fields[0] === "X" ? undefined : fields[19];
}

function startByPs(pid: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile("ps", ["-o", "stat=,lstart=", "-p", String(pid)], { env: { LC_ALL: "C" } }, (error, stdout) => {
      const [state, ...date] = stdout.trim().split(/\s+/);
      resolve(error !== null || state === undefined || state.startsWith("Z") ? undefined : date.join(" "));
    });
  });
}

export async function isRunning({ pid, started }: ProcessId): Promise<boolean> {
  return (await startOf(pid)) === started;
}

/** Sends a signal to exactly this process. Does nothing when it has ended. */
export async function signalProcess(id: ProcessId, signal: NodeJS.Signals): Promise<void> {
  if (!(await isRunning(id))) return;
  try {
    kill(id.pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

import { execFile } from "node:child_process";
import { readdir, readFile, readlink } from "node:fs/promises";
import os from "node:os";

/** TCP state "listening" in the kernel's tables. */
const LISTENING = "0A";

/**
 * Who listens on a TCP port, for people: `pid 123 (node server.js)`. Reads the kernel's tables, so it needs no
 * program; where there are none (macOS) it asks lsof. Processes of other users may stay unknown.
 */
export async function holderOf(port: number): Promise<string> {
  const pid = await listenerOf(port);
  if (pid === undefined) return "a process that this user may not see";
  const command = await commandLine(pid);
  return command === "" ? `pid ${pid}` : `pid ${pid} (${command})`;
}

/** The process that listens on a TCP port; undefined when there is none or this user may not see it. */
export async function listenerOf(port: number): Promise<number | undefined> {
  return os.platform() === "linux" ? pidFromKernel(port) : pidFromLsof(port);
}

/** False only when another process listens on the port for certain, so that its answers are not those of `pid`. */
export async function mayBeListening(pid: number, port: number): Promise<boolean> {
  const listener = await listenerOf(port);
  return listener === undefined || listener === pid;
}

async function pidFromKernel(port: number): Promise<number | undefined> {
  const inodes = new Set((await Promise.all(["tcp", "tcp6"].map((table) => listeners(table, port)))).flat());
  if (inodes.size === 0) return undefined;
  const pids = (await readdir("/proc").catch(() => [])).filter((name) => /^\d+$/.test(name));
  for (const pid of pids) {
    for (const descriptor of await readdir(`/proc/${pid}/fd`).catch(() => [])) {
      const target = await readlink(`/proc/${pid}/fd/${descriptor}`).catch(() => "");
      const inode = /^socket:\[(\d+)\]$/.exec(target)?.[1];
      if (inode !== undefined && inodes.has(inode)) return Number(pid);
    }
  }
  return undefined;
}

async function listeners(table: string, port: number): Promise<string[]> {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  const rows = (await readFile(`/proc/net/${table}`, "utf8").catch(() => "")).split("\n").slice(1);
  return rows
    .map((row) => row.trim().split(/\s+/))
    .filter(([, local = "", , state]) => local.endsWith(suffix) && state === LISTENING)
    .flatMap((fields) => fields[9] ?? []);
}

async function pidFromLsof(port: number): Promise<number | undefined> {
  const said = await output("lsof", ["-nP", `-iTCP:${port}`, "-sTCP:LISTEN", "-t"]);
  const pid = Number(said.trim().split("\n")[0]);
  return Number.isInteger(pid) && pid > 0 ? pid : undefined;
}

async function commandLine(pid: number): Promise<string> {
  const raw = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() =>
    output("ps", ["-o", "args=", "-p", String(pid)]),
  );
  const text = raw.replaceAll("\0", " ").trim();
  return text.length > 100 ? `${text.slice(0, 99)}…` : text;
}

function output(command: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    execFile(command, [...args], { timeout: 5_000 }, (error, stdout) => resolve(error === null ? stdout : ""));
  });
}

import { readdir, readFile } from "node:fs/promises";

/** Memory that a process holds, MB. */
export async function residentMb(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  const kilobytes = Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? Number.NaN);
  return Math.round(kilobytes / 1_000);
}

/** The kernel counts in hundredths of a second wherever Node runs. */
const TICK_MS = 10;

interface Usage {
  readonly parent: number;
  readonly own: number;
  /** Of children that have ended, ms. */
  readonly ended: number;
}

async function usageOf(pid: number): Promise<Usage> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8");
  // The name may hold spaces and brackets; the numbers begin behind its last bracket.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [own, ended] = [11, 13].map((at) => (Number(fields[at]) + Number(fields[at + 1])) * TICK_MS);
  return { parent: Number(fields[1]), own: own ?? Number.NaN, ended: ended ?? Number.NaN };
}

/** Processor time that a process has used, all its threads together, ms. */
export const processorMs = async (pid: number): Promise<number> => (await usageOf(pid)).own;

/** The same with the children of the process, also ended ones. PostgreSQL has a process for each connection. */
export async function familyProcessorMs(pid: number): Promise<number> {
  const { own, ended } = await usageOf(pid);
  const others = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const usages = await Promise.all(others.map((other) => usageOf(Number(other)).catch(() => null)));
  return usages.reduce((sum, usage) => sum + (usage?.parent === pid ? usage.own : 0), own + ended);
}

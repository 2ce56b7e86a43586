import { statfs } from "node:fs/promises";
import { Gauge, type Registry } from "prom-client";
import { within } from "../within.ts";

/** A network folder that is gone may never answer. */
const ANSWER_WITHIN_MS = 1_000;

/**
 * How much room is left on the disks of folders.
 * @param folders path by name
 * @returns a function that looks again and never rejects; a folder that cannot be looked at has no value
 */
export function diskMetrics(
  registry: Registry,
  folders: Readonly<Record<string, string | undefined>>,
): () => Promise<void> {
  const free = new Gauge({
    name: "ktrdr_mcp_disk_free_bytes",
    help: "Room that is left on the disk of a folder: strategies, lab (with its PostgreSQL). Absent when it cannot be looked at.",
    labelNames: ["folder"],
    registers: [registry],
  });
  const disks = Object.entries(folders).flatMap(([folder, path]) =>
    path === undefined ? [] : [{ folder, look: oneAtATime(() => freeBytes(path)) }],
  );
  return async () => {
    await Promise.all(
      disks.map(async ({ folder, look }) => {
        const bytes = await within(look(), ANSWER_WITHIN_MS, () => null);
        if (bytes === null) free.remove({ folder });
        else free.set({ folder }, bytes);
      }),
    );
  };
}

async function freeBytes(path: string): Promise<number | null> {
  try {
    const { bavail, bsize } = await statfs(path);
    return bavail * bsize;
  } catch {
    return null;
  }
}

/** Allows one look at a time, because each look that hangs holds a thread. */
function oneAtATime<T>(ask: () => Promise<T>): () => Promise<T> {
  let pending: Promise<T> | null = null;
  return () => (pending ??= ask().finally(() => (pending = null)));
}

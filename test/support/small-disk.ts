import { mkdtemp, open, rm, statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { execa } from "execa";

/** A small file system of its own that can be filled to the last byte. */
export interface SmallDisk {
  readonly dir: string;
  /** Fills the disk until nothing more can be written. */
  fill(): Promise<void>;
  /** Bytes that can be written. */
  left(): Promise<number>;
  free(): Promise<void>;
  remove(): Promise<void>;
}

const BALLAST = "ballast";
const MEGABYTE = Buffer.alloc(1024 * 1024);

/** @returns the reason as text, where this machine does not let us mount one */
export async function mountSmallDisk(megabytes: number): Promise<SmallDisk | string> {
  const dir = await mkdtemp(path.join(tmpdir(), "ktrdr-mcp-disk-"));
  const mounted = await execa("mount", ["-t", "tmpfs", "-o", `size=${megabytes}m`, "ktrdr-mcp-test", dir], {
    reject: false,
  });
  if (mounted.exitCode !== 0) {
    await rm(dir, { recursive: true });
    return `no file system can be mounted here: ${mounted.stderr || mounted.message}`;
  }
  const ballast = path.join(dir, BALLAST);
  return {
    dir,
    async fill() {
      const file = await open(ballast, "a");
      try {
        // The pieces get smaller and smaller, so that no byte is left.
        for (let size = MEGABYTE.length; size >= 1; size = Math.floor(size / 2)) {
          while (await written(file, MEGABYTE.subarray(0, size)));
        }
      } finally {
        await file.close();
      }
    },
    async left() {
      const { bavail, bsize } = await statfs(dir);
      return bavail * bsize;
    },
    free: async () => await rm(ballast, { force: true }),
    async remove() {
      await execa("umount", ["--lazy", dir]);
      await rm(dir, { recursive: true });
    },
  };
}

async function written(file: Awaited<ReturnType<typeof open>>, piece: Buffer): Promise<boolean> {
  try {
    return (await file.write(piece)).bytesWritten === piece.length;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOSPC") return false;
    throw error;
  }
}

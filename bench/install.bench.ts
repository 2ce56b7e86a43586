/** Time and size of a fresh installation: a clone of the last commit in an empty folder, then `make deps`. */
import { execFile } from "node:child_process";
import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { report, ROOT, timed } from "./support.ts";

const run = promisify(execFile);

async function megabytes(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  let bytes = 0;
  for (const entry of entries) {
    if (entry.isFile()) bytes += (await stat(path.join(entry.parentPath, entry.name))).size;
  }
  return Math.round(bytes / 1e6);
}

const folder = await mkdtemp(path.join(tmpdir(), "ktrdr-mcp-install-"));
try {
  const clone = path.join(folder, "ktrdr-mcp");
  await run("git", ["clone", "--quiet", "--depth", "1", `file://${ROOT}`, clone]);
  const sources = await megabytes(clone);
  const took = await timed(() => run("make", ["-C", clone, "deps"]));
  await report("install", [
    { what: "make deps in a fresh clone (s)", value: Math.round(took / 100) / 10 },
    { what: "clone (MB)", value: sources },
    { what: "node_modules (MB)", value: await megabytes(path.join(clone, "node_modules")) },
  ]);
} finally {
  await rm(folder, { recursive: true, force: true });
}

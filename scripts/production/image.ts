/**
 * Lays out the files of the container image. The Dockerfile runs this (through scripts/image-files.ts), and so do the
 * tests and `make verify-production`, which have no Docker: what they start is what the image holds.
 */
import { execFile } from "node:child_process";
import { copyFile, cp, mkdir, readdir, rm, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Folders that the program reads at run time beside its build. */
const PROGRAM_FOLDERS = ["bin", "migrations"];
/** Packages of the sandbox that are development dependencies of the product. */
const SANDBOX_PACKAGES = ["hono", "@hono/node-server", "vega-datasets"];

/** The folders of the image. The Dockerfile copies them in this order: what changes least comes first. */
export const LAYERS = ["node_modules", "migrations", "bin", "dist"] as const;

/** Lays out the production dependencies, without the files that only other platforms or a compiler could use. */
export async function layOutModules(root: string, out: string): Promise<void> {
  await mkdir(out, { recursive: true });
  for (const file of ["package.json", "package-lock.json"]) await copyFile(path.join(root, file), path.join(out, file));
  const flags = ["--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", "--prefer-offline"];
  // `npm ci` refuses a lock file that lacks the binaries of other platforms.
  await run("npm", ["ci", ...flags], { cwd: out }).catch(() =>
    run("npm", ["install", "--no-save", ...flags], { cwd: out }),
  );
  await rm(path.join(out, "package-lock.json"));
  await pruneCoreBridge(path.join(out, "node_modules/@temporalio/core-bridge"));
}

/** Removes what is not used here: Temporal's native part has the binaries of five platforms and its sources in Rust. */
async function pruneCoreBridge(folder: string): Promise<void> {
  const ours = new RegExp(`^${process.arch === "x64" ? "x86_64" : "aarch64"}-unknown-linux-gnu$`);
  const releases = await readdir(path.join(folder, "releases"));
  if (!releases.some((name) => ours.test(name)))
    throw new Error(`no binary for this platform among ${releases.join(", ")}`);
  const superfluous = [
    ...releases.filter((name) => !ours.test(name)).map((name) => `releases/${name}`),
    ...(await readdir(folder)).filter(
      (name) => ["sdk-core", "src", "bridge-macros", "target"].includes(name) || name.startsWith("Cargo."),
    ),
  ];
  await Promise.all(superfluous.map((name) => rm(path.join(folder, name), { recursive: true, force: true })));
}

/** Lays out the build with its workflows bundled, and the files it reads. The modules must be in place. */
export async function layOutProgram(root: string, out: string): Promise<void> {
  await copyFile(path.join(root, "package.json"), path.join(out, "package.json"));
  for (const name of PROGRAM_FOLDERS) await cp(path.join(root, name), path.join(out, name), { recursive: true });
  const dist = path.join(out, "dist");
  const tsc = path.join(root, "node_modules/.bin/tsc");
  await run(tsc, ["-p", path.join(root, "tsconfig.build.json"), "--outDir", dist]);
  const { href } = pathToFileURL(path.join(dist, "temporal/worker.js"));
  const { bundleWorkflows } = (await import(href)) as { bundleWorkflows: () => Promise<{ readonly code: string }> };
  await writeFile(path.join(dist, "workflow-bundle.js"), (await bundleWorkflows()).code);
}

/** Lays out the sandbox KTRDR: its sources, which Node runs as they are, and its few packages. */
export async function layOutSandbox(root: string, out: string): Promise<void> {
  await mkdir(out, { recursive: true });
  await copyFile(path.join(root, "package.json"), path.join(out, "package.json"));
  await cp(path.join(root, "sandbox"), path.join(out, "sandbox"), { recursive: true });
  for (const name of [...SANDBOX_PACKAGES, "yaml"]) {
    await cp(path.join(root, "node_modules", name), path.join(out, "node_modules", name), { recursive: true });
  }
}

/** Bytes of the files below a folder. */
export async function bytesOf(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const sizes = await Promise.all(
    files.map(async (entry) => (await stat(path.join(entry.parentPath, entry.name))).size),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { z } from "zod";

const run = promisify(execFile);
const SUITE = new URL("../../node_modules/@modelcontextprotocol/conformance/dist/index.js", import.meta.url).pathname;

/** What the official conformance suite says of a server. */
export interface Verdict {
  /** Scenarios that the revision requires, and in which something was checked and nothing failed. */
  readonly passed: readonly string[];
  /** The other scenarios that the revision requires. */
  readonly failed: readonly string[];
  /** Scenarios that passed although the revision does not require them. */
  readonly beyond: readonly string[];
  /** Every check that failed, as `scenario check: why`. */
  readonly complaints: readonly string[];
}

/** Runs every scenario that a revision of the protocol requires of servers. */
export async function conformance(url: string, revision: "2025-11-25" | "2026-07-28"): Promise<Verdict> {
  const folder = await mkdtemp(path.join(tmpdir(), "ktrdr-mcp-conformance-"));
  try {
    const command = [SUITE, "server", "--url", url, "--requirements", revision, "--output-dir", folder];
    // The suite ends with 1 when a check failed. Its output says which one.
    const { stdout } = await run(process.execPath, command, { maxBuffer: 64e6 }).catch((error: unknown) =>
      z.object({ stdout: z.string() }).parse(error),
    );
    const [summary = "", unscored = ""] = (stdout.split("=== SUMMARY ===")[1] ?? "").split("Not scored");
    const optional = new Set([...unscored.matchAll(/[✓✗] (\S+)/g)].map(([, name]) => name));
    const scenarios = [...summary.matchAll(/[✓✗] (\S+): (\d+) passed, (\d+) failed/g)].map(
      ([, name = "", passed, failed]) => ({ name, well: Number(passed) > 0 && Number(failed) === 0 }),
    );
    const names = (well: boolean, required: boolean) =>
      scenarios.filter((one) => one.well === well && optional.has(one.name) !== required).map(({ name }) => name);
    return {
      passed: names(true, true),
      failed: names(false, true),
      beyond: names(true, false),
      complaints: await complaintsIn(folder),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const Checks = z.array(z.looseObject({ id: z.string(), status: z.string(), errorMessage: z.string().optional() }));

async function complaintsIn(folder: string): Promise<string[]> {
  const files = (await readdir(folder, { recursive: true })).filter((file) => file.endsWith("checks.json"));
  const found = await Promise.all(
    files.map(async (file) => {
      const scenario = path.dirname(file).replace(/^server-(.*)-\d{4}-.*$/, "$1");
      const checks = Checks.parse(JSON.parse(await readFile(path.join(folder, file), "utf8")));
      const failed = checks.filter(({ status }) => status === "FAILURE");
      return failed.map(({ id, errorMessage = "" }) => `${scenario} ${id}: ${errorMessage}`);
    }),
  );
  return found.flat();
}

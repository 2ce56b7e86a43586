/** What the operators' commands share: how they end, and the parts they speak to. */
import { loadConfig } from "../config.ts";
import { DomainError, isDomainError } from "../domain/errors.ts";
import { createKtrdr, type Ktrdr } from "../ktrdr/ktrdr.ts";
import { labEnvironment } from "../lab/lab-environment.ts";
import { createJobReader, type JobReader } from "../store/job-reader.ts";
import { createOpenWork, type OpenWork } from "../store/open-work.ts";
import { createPool } from "../store/pool.ts";
import { createResearchControl, type ResearchControlStore } from "../store/research-control.ts";
import { lazyClient, temporalSettings } from "../temporal/connection.ts";
import { createJobs, type Jobs } from "../temporal/jobs.ts";
import { jobSettingsOf } from "./job-settings.ts";

/** A worker of KTRDR answers within this or cannot be reached (ms). */
const REQUEST_TIMEOUT_MS = 5_000;

export interface ResearchParts {
  readonly research: ResearchControlStore;
  readonly work: OpenWork;
  readonly records: JobReader;
  readonly jobs: Jobs;
  readonly ktrdr: Ktrdr;
}

/**
 * Runs a command with its parts, closes them, and sets the exit code: what `run` answers, 1 for a DomainError (said on
 * stderr), 2 for arguments that make no sense.
 */
export async function command(usage: string, run: (parts: ResearchParts) => Promise<number>): Promise<void> {
  try {
    process.exitCode = await withParts(run);
  } catch (error) {
    if (isUsageError(error)) {
      process.stderr.write(`${error.message}\nUsage: ${usage}\n`);
      process.exitCode = 2;
      return;
    }
    if (!isDomainError(error)) throw error;
    const lines = [error.what, error.why, error.next].filter((line) => line !== undefined);
    process.stderr.write(`${lines.join("\n")}\n`);
    process.exitCode = 1;
  }
}

/** Arguments that make no sense. */
export class UsageError extends Error {}

function isUsageError(error: unknown): error is Error {
  if (error instanceof UsageError) return true;
  // What node's parseArgs throws.
  return error instanceof TypeError && String(Reflect.get(error, "code")).startsWith("ERR_PARSE_ARGS");
}

/** An operator's words, as they are shown to Claude and in the Web UI: one line of at most 300 characters. */
export function reasonOf(given: string | undefined): string | null {
  const reason = (given ?? "").replace(/[\p{Cc}\p{Cf}\s]+/gu, " ").trim();
  if (reason === "") return null;
  if (reason.length <= 300) return reason;
  throw new DomainError("invalid_input", { what: "The reason is longer than 300 characters." });
}

async function withParts(run: (parts: ResearchParts) => Promise<number>): Promise<number> {
  const env = await labEnvironment(process.env);
  const config = loadConfig(env);
  const client = lazyClient(
    temporalSettings(env, { address: config.TEMPORAL_ADDRESS, namespace: config.TEMPORAL_NAMESPACE }),
  );
  const pool = createPool(config.DATABASE_URL, { max: 2, applicationName: "ktrdr-mcp operator" });
  const requestTimeoutMs = Math.min(config.KTRDR_REQUEST_TIMEOUT_MS, REQUEST_TIMEOUT_MS);
  const ktrdr = createKtrdr({ baseUrl: config.KTRDR_API_URL, requestTimeoutMs });
  try {
    return await run({
      research: createResearchControl(pool),
      work: createOpenWork(pool),
      records: createJobReader(pool),
      jobs: createJobs(client, jobSettingsOf(config)),
      ktrdr,
    });
  } finally {
    ktrdr.close();
    await Promise.allSettled([pool.end(), client.connection.close()]);
  }
}

/** The parts that the commands for pausing, stopping and budgets share. */
import { oneLine } from "../domain/plain-text.ts";
import { loadConfig } from "../config.ts";
import { DomainError } from "../domain/errors.ts";
import { createKtrdr } from "../ktrdr/ktrdr.ts";
import { labEnvironment } from "../running-lab/lab-environment.ts";
import { createJobReader } from "../store/job-reader.ts";
import { createOpenWork } from "../store/open-work.ts";
import { databaseTime } from "../store/clocks.ts";
import { createPool } from "../store/pool.ts";
import { createResearchControl } from "../store/research-control.ts";
import { lazyClient } from "../temporal/connection.ts";
import { temporalSettings } from "../temporal/settings.ts";
import { createJobs } from "../temporal/jobs.ts";
import type { ResearchParts } from "../research/stopping/parts.ts";
import { runCommand } from "./command.ts";
import { jobSettingsOf } from "./job-settings.ts";

/** Milliseconds; a worker of KTRDR that answers later counts as unreachable. */
const REQUEST_TIMEOUT_MS = 5_000;

/**
 * Runs a command with its parts, closes them, and sets the exit code that `run` returns; errors as in `runCommand`.
 * @param usage how the command is typed
 */
export async function researchCommand(usage: string, run: (parts: ResearchParts) => Promise<number>): Promise<void> {
  await runCommand(`Usage: ${usage}`, async () => {
    process.exitCode = await withParts(run);
  });
}

/** The operator's reason, shown to Claude and in the Web UI: one line of at most 300 characters. */
export function reasonOf(given: string | undefined): string | null {
  const reason = oneLine(given ?? "", 1_000);
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
      jobs: createJobs(client, jobSettingsOf(config), databaseTime(pool)),
      ktrdr,
    });
  } finally {
    ktrdr.close();
    await Promise.allSettled([pool.end(), client.connection.close()]);
  }
}

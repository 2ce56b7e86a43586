import { loadConfig } from "../config.ts";
import { isDomainError } from "../domain/errors.ts";
import { createLogger } from "../logger.ts";
import { migrate } from "../store/migrate.ts";

/** `ktrdr-mcp migrate`: brings the tables of DATABASE_URL up to date. Ends with 0, or with 1 and the reason on stderr. */
async function main(): Promise<void> {
  const config = loadConfig(process.env);
  const logger = createLogger("migrate", config.LOG_LEVEL);
  const { applied } = await migrate(config.DATABASE_URL, { log: (line) => logger.debug(line) });
  logger.info({ applied }, applied.length === 0 ? "tables are up to date" : "tables brought up to date");
}

try {
  await main();
} catch (error) {
  if (!isDomainError(error)) throw error;
  const lines = [error.what, error.why, error.next].filter((line) => line !== undefined);
  process.stderr.write(`${lines.join("\n")}\n`);
  process.exitCode = 1;
}

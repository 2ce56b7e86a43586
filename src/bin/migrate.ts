/** `ktrdr-mcp migrate`: brings the tables of DATABASE_URL up to date. Ends with 0, or with 1 and the reason on stderr. */
import { createLogger } from "../logger.ts";
import { migrate } from "../store/migrate.ts";
import { noArguments, runCommand, settings } from "./command.ts";

await runCommand("Usage: ktrdr-mcp migrate", async () => {
  noArguments();
  const config = await settings();
  const logger = createLogger("migrate", config.LOG_LEVEL);
  const { applied } = await migrate(config.DATABASE_URL, { log: (line) => logger.debug(line) });
  logger.info({ applied }, applied.length === 0 ? "tables are up to date" : "tables brought up to date");
});

/** What export-memory and import-memory work on: one file, and the place that the environment names. */
import { parseArgs } from "node:util";
import { createStrategyFolder } from "../strategies/strategy-folder.ts";
import { createStrategyLibrary } from "../strategies/strategy-library.ts";
import { createLogger } from "../logger.ts";
import { createPool } from "../store/pool.ts";
import { settings, Usage } from "./command.ts";

/** @throws Usage unless exactly one file is named */
export async function memoryPlace(command: string) {
  const [file, ...more] = parseArgs({ allowPositionals: true }).positionals;
  if (file === undefined || more.length > 0) throw new Usage();
  const { KTRDR_STRATEGIES_DIR: dir, DATABASE_URL, LOG_LEVEL } = await settings();
  return {
    file,
    hasFolder: dir !== undefined,
    library: createStrategyLibrary(dir, createStrategyFolder(dir), createLogger(command, LOG_LEVEL)),
    pool: createPool(DATABASE_URL, { max: 1, applicationName: `ktrdr-mcp ${command}` }),
  };
}

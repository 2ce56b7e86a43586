/** `ktrdr-mcp export-memory <file>`: everything that research has left behind, as lines of JSON. */
import { open, rename, unlink } from "node:fs/promises";
import { parseArgs } from "node:util";
import { exportMemory } from "../backup/memory.ts";
import { loadConfig } from "../config.ts";
import { createStrategyFolder } from "../ktrdr/strategy-folder.ts";
import { createStrategyLibrary } from "../ktrdr/strategy-library.ts";
import { labEnvironment } from "../lab/lab-environment.ts";
import { createLogger } from "../logger.ts";
import { SERVER_VERSION } from "../mcp/server.ts";
import { createPool } from "../store/pool.ts";
import { runCommand, say, Usage } from "./command.ts";

const USAGE = "Usage: ktrdr-mcp export-memory <file>";

await runCommand(USAGE, async () => {
  const [file, ...more] = parseArgs({ allowPositionals: true }).positionals;
  if (file === undefined || more.length > 0) throw new Usage();
  const config = loadConfig(await labEnvironment(process.env));
  const { KTRDR_STRATEGIES_DIR: dir } = config;
  const library = createStrategyLibrary(
    dir,
    createStrategyFolder(dir),
    createLogger("export-memory", config.LOG_LEVEL),
  );
  const pool = createPool(config.DATABASE_URL, { max: 1, applicationName: "ktrdr-mcp export-memory" });
  const partial = `${file}.${process.pid}.partial`;
  const handle = await open(partial, "wx", 0o600);
  try {
    // Whole or not there.
    const counts = await exportMemory({
      pool,
      strategies: library.everything(),
      version: SERVER_VERSION,
      write: async (line) => void (await handle.write(line)),
    });
    await handle.sync();
    await rename(partial, file);
    say(`Exported to ${file}.`);
    for (const [kind, count] of Object.entries(counts)) say(`  ${kind}: ${count}`);
  } catch (error) {
    await unlink(partial).catch(() => undefined);
    throw error;
  } finally {
    await handle.close();
    await pool.end();
  }
});

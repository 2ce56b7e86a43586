/** `ktrdr-mcp import-memory <file>`: adds what another place has left behind to what is here. */
import { createReadStream } from "node:fs";
import { access } from "node:fs/promises";
import { parseArgs } from "node:util";
import { linesIn } from "../backup/lines.ts";
import { importMemory } from "../backup/memory.ts";
import { loadConfig } from "../config.ts";
import { createStrategyFolder } from "../ktrdr/strategy-folder.ts";
import { createStrategyLibrary } from "../ktrdr/strategy-library.ts";
import { labEnvironment } from "../lab/lab-environment.ts";
import { createLogger } from "../logger.ts";
import { assertSchemaCurrent } from "../store/migrate.ts";
import { createPool } from "../store/pool.ts";
import { runCommand, say, Usage } from "./command.ts";

const USAGE = "Usage: ktrdr-mcp import-memory <file>";

await runCommand(USAGE, async () => {
  const [file, ...more] = parseArgs({ allowPositionals: true }).positionals;
  if (file === undefined || more.length > 0) throw new Usage();
  const config = loadConfig(await labEnvironment(process.env));
  const { KTRDR_STRATEGIES_DIR: dir } = config;
  const library = createStrategyLibrary(
    dir,
    createStrategyFolder(dir),
    createLogger("import-memory", config.LOG_LEVEL),
  );
  const pool = createPool(config.DATABASE_URL, { max: 1, applicationName: "ktrdr-mcp import-memory" });
  await access(file).catch(() => {
    throw new Usage(`There is no file ${file}.`);
  });
  try {
    await assertSchemaCurrent(pool);
    const counts = await importMemory({
      pool,
      lines: linesIn(createReadStream(file, "utf8") as AsyncIterable<string>),
      addVersions: async (name, versions) => (dir === undefined ? 0 : await library.adopt(name, versions)),
    });
    say(`Imported ${file}. What was here before is as it was.`);
    for (const [kind, { read, added }] of Object.entries(counts)) say(`  ${kind}: ${added} of ${read} added`);
  } finally {
    await pool.end();
  }
});

/** `ktrdr-mcp backup <folder>`: the whole state in one folder, while everything runs. */
import { parseArgs } from "node:util";
import { backup } from "../backup/backup.ts";
import { SERVER_VERSION } from "../mcp/server.ts";
import { interrupted, runCommand, say, settings, Usage } from "./command.ts";

const USAGE = "Usage: ktrdr-mcp backup <folder>";

await runCommand(USAGE, async () => {
  const { positionals } = parseArgs({ allowPositionals: true });
  const [folder, ...more] = positionals;
  if (folder === undefined || more.length > 0) throw new Usage();
  const config = await settings();
  const signal = interrupted();
  try {
    const { takenAt, tables, strategies } = await backup({
      folder,
      databaseUrl: config.DATABASE_URL,
      strategiesDir: config.KTRDR_STRATEGIES_DIR,
      version: SERVER_VERSION,
      signal,
    });
    say(`Backed up to ${folder}, as of ${takenAt}.`);
    for (const { name, rows } of tables) say(`  ${name}: ${rows}`);
    if (strategies === null) say("  strategies: none, as KTRDR_STRATEGIES_DIR is not set");
    else say(`  strategies: ${strategies.files.length}, their history: ${strategies.history} files`);
    if (strategies !== null && strategies.leftOut.length > 0) {
      say(`  left out, not plain files: ${strategies.leftOut.join(", ")}`);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
    process.stderr.write("Interrupted; nothing was kept.\n");
    process.exitCode = 130;
  }
});

/** `ktrdr-mcp backup <folder>`: the whole state in one folder, while everything runs. */
import { parseArgs } from "node:util";
import { backup } from "../backup/backup.ts";
import { isDomainError } from "../domain/errors.ts";
import { SERVER_VERSION } from "../mcp/server.ts";
import { noteBackup } from "../store/backups.ts";
import { createPool } from "../store/pool.ts";
import { interrupted, remark, runCommand, say, settings, Usage } from "./command.ts";

const USAGE = "Usage: ktrdr-mcp backup <folder>";

/** A standby and a database that is not migrated cannot note the backup; the backup is complete all the same. */
async function note(databaseUrl: string, takenAt: string): Promise<void> {
  const pool = createPool(databaseUrl, { max: 1, applicationName: "ktrdr-mcp backup" });
  try {
    await noteBackup(pool, { takenAt, version: SERVER_VERSION });
  } catch (error) {
    if (!isDomainError(error)) throw error;
    say(`  The database could not note the backup, so no metric tells its age: ${error.why ?? error.what}`);
  } finally {
    await pool.end();
  }
}

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
    await note(config.DATABASE_URL, takenAt);
    if (strategies !== null && strategies.leftOut.length > 0) {
      say(`  left out, not plain files: ${strategies.leftOut.join(", ")}`);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
    remark("Interrupted; nothing was kept.");
    process.exitCode = 130;
  }
});

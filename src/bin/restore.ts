/** `ktrdr-mcp restore <folder> [--dry-run]`: puts a backup into an empty place. */
import { parseArgs } from "node:util";
import { restore } from "../backup/restore.ts";
import { runCommand, say, settings, sizeOf, Usage } from "./command.ts";

const USAGE = "Usage: ktrdr-mcp restore <folder> [--dry-run] [--without-strategies]";

await runCommand(USAGE, async () => {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: { "dry-run": { type: "boolean" }, "without-strategies": { type: "boolean" } },
  });
  const [folder, ...more] = positionals;
  if (folder === undefined || more.length > 0) throw new Usage();
  const config = await settings();
  const dryRun = values["dry-run"] === true;
  const { manifest, bytes, strategies, applied } = await restore({
    folder,
    databaseUrl: config.DATABASE_URL,
    strategiesDir: config.KTRDR_STRATEGIES_DIR,
    dryRun,
    withoutStrategies: values["without-strategies"] === true,
  });
  say(`Backup of ${manifest.takenAt}, made by ${manifest.version}: whole (${sizeOf(bytes)} read).`);
  say(dryRun ? "The place is empty. A restore would put there:" : "Restored:");
  for (const { name, rows } of manifest.tables) say(`  ${name}: ${rows}`);
  say(strategies === null ? "  strategies: left alone" : `  strategies that the folder lacks: ${strategies.length}`);
  if (applied.length > 0) say(`Brought up to date: ${applied.join(", ")}.`);
  say(dryRun ? "Nothing was changed." : "Open jobs go on within a minute while a worker runs.");
});

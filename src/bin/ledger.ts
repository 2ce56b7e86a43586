/** `ktrdr-mcp ledger`: checks the ledger of trials, line by line, against its jobs and against heads kept elsewhere. */
import { parseArgs } from "node:util";
import { anchorsOfBackup, anchorsOfStrategies } from "./ledger-anchors.ts";
import { createLedger, type Anchor } from "../store/ledger.ts";
import { createPool } from "../store/pool.ts";
import { PATIENCE_MS } from "../backup/backup.ts";
import { runCommand, say, settings, Usage } from "./command.ts";

const USAGE = "Usage: ktrdr-mcp ledger verify [--backup FOLDER]...";

await runCommand(USAGE, async () => {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: { backup: { type: "string", multiple: true } },
  });
  if (positionals.length !== 1 || positionals[0] !== "verify") throw new Usage();
  const config = await settings();
  const anchors = [
    ...(config.KTRDR_STRATEGIES_DIR === undefined ? [] : await anchorsOfStrategies(config.KTRDR_STRATEGIES_DIR)),
    ...(await Promise.all((values.backup ?? []).map(anchorsOfBackup))).flat(),
  ];
  const pool = createPool(config.DATABASE_URL, {
    max: 2,
    applicationName: "ktrdr-mcp ledger",
    queryTimeoutMs: PATIENCE_MS,
  });
  try {
    const { head, wrong } = await createLedger(pool).check(anchors);
    say(
      head === null
        ? "The ledger is empty."
        : `The ledger has ${head.seq} lines; the last one has the hash ${head.hash}.`,
    );
    say(anchorsText(anchors));
    for (const line of wrong) say(`  WRONG: ${line}`);
    if (wrong.length === 0) say("Every line follows the one before it, and every backtest has its line.");
    else process.exitCode = 1;
  } finally {
    await pool.end();
  }
});

function anchorsText(anchors: readonly Anchor[]): string {
  return anchors.length === 0
    ? "No head of it was kept elsewhere: whoever owns the database could have written all of it anew. Check it against a backup: --backup FOLDER."
    : `Compared with ${anchors.length} heads that were kept elsewhere, up to line ${Math.max(...anchors.map(({ seq }) => seq))}.`;
}

/** `ktrdr-mcp ledger`: checks the ledger of trials line by line, and limits how many a symbol may have. */
import { parseArgs } from "node:util";
import { anchorsOfBackup, anchorsOfStrategies } from "./ledger-anchors.ts";
import { createLedger, type Anchor, type Ledger } from "../store/ledger.ts";
import { createPool } from "../store/pool.ts";
import { PATIENCE_MS } from "../backup/backup.ts";
import type { Config } from "../config.ts";
import { operator, runCommand, say, settings, Usage } from "./command.ts";
import { limitTrials } from "./ledger-limit.ts";

const USAGE = `Usage: ktrdr-mcp ledger verify [--backup FOLDER]...
       ktrdr-mcp ledger limit [SYMBOL [NUMBER | off --reason TEXT]]`;

await runCommand(USAGE, async () => {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: { backup: { type: "string", multiple: true }, reason: { type: "string" } },
  });
  const [what, ...words] = positionals;
  const { backup: backups = [], reason } = values;
  if (what === "verify" && words.length === 0 && reason === undefined) {
    await withLedger(async (ledger, config) => await verify(ledger, config, backups));
  } else if (what === "limit" && words.length <= 2 && backups.length === 0) {
    await withLedger(async (ledger) => await limitTrials(ledger, words, reason, operator()));
  } else {
    throw new Usage();
  }
});

async function withLedger(work: (ledger: Ledger, config: Config) => Promise<void>): Promise<void> {
  const config = await settings();
  const pool = createPool(config.DATABASE_URL, {
    max: 2,
    applicationName: "ktrdr-mcp ledger",
    queryTimeoutMs: PATIENCE_MS,
  });
  try {
    await work(createLedger(pool), config);
  } finally {
    await pool.end();
  }
}

async function verify(ledger: Ledger, config: Config, backups: readonly string[]): Promise<void> {
  const anchors = [
    ...(config.KTRDR_STRATEGIES_DIR === undefined ? [] : await anchorsOfStrategies(config.KTRDR_STRATEGIES_DIR)),
    ...(await Promise.all(backups.map(anchorsOfBackup))).flat(),
  ];
  const { head, wrong } = await ledger.check(anchors);
  say(
    head === null
      ? "The ledger is empty."
      : `The ledger has ${head.seq} lines; the last one has the hash ${head.hash}.`,
  );
  say(anchorsText(anchors));
  for (const line of wrong) say(`  WRONG: ${line}`);
  if (wrong.length === 0) say("Every line follows the one before it, and every backtest has its line.");
  else process.exitCode = 1;
}

function anchorsText(anchors: readonly Anchor[]): string {
  return anchors.length === 0
    ? "No head of it was kept elsewhere: whoever owns the database could have written all of it anew. Check it against a backup: --backup FOLDER."
    : `Compared with ${anchors.length} heads that were kept elsewhere, up to line ${Math.max(...anchors.map(({ seq }) => seq))}.`;
}

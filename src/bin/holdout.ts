/** `ktrdr-mcp holdout`: keeps the newest bars of a symbol back, shows the looks at them, and voids one. */
import { parseArgs } from "node:util";
import type { Config } from "../config.ts";
import { createHoldoutStore } from "../store/holdouts.ts";
import { createLedger } from "../store/ledger.ts";
import { createPool } from "../store/pool.ts";
import { DomainError } from "../domain/errors.ts";
import { operator, runCommand, say, settings, Usage } from "./command.ts";
import { setHoldout, type HoldoutParts } from "./holdout-set.ts";
import { statusLines } from "./holdout-status.ts";
import { reasonOf } from "./research-command.ts";

const USAGE = `Usage: ktrdr-mcp holdout set SYMBOL TIMEFRAME YYYY-MM-DD
       ktrdr-mcp holdout status
       ktrdr-mcp holdout void LOOK --reason TEXT`;

await runCommand(USAGE, async () => {
  const { positionals, values } = parseArgs({ allowPositionals: true, options: { reason: { type: "string" } } });
  const [what = "", ...words] = positionals;
  const wanted = { set: 3, status: 0, void: 1 }[what];
  if (wanted !== words.length || (what !== "void" && values.reason !== undefined)) throw new Usage();
  const config = await settings();
  const [first = "", timeframe = "", startDate = ""] = words;
  await withParts(config, async (parts) => {
    if (what === "set") await setHoldout(parts, { symbol: first, timeframe, startDate });
    if (what === "status") (await statusLines(parts.store)).forEach(say);
    if (what === "void") await voidLook(parts, first, values.reason);
  });
});

async function voidLook({ store, by }: HoldoutParts, jobId: string, given: string | undefined): Promise<void> {
  const reason = reasonOf(given);
  if (reason === null) {
    throw new DomainError("invalid_input", {
      what: "A look is voided for a reason only.",
      why: "The reason stands in the ledger, beside the look that stays counted.",
      next: `repeat the command with --reason and the proven defect`,
    });
  }
  const { look, symbol } = await store.voidLook(jobId, reason, by);
  say(
    `Look ${look} at the holdout of ${symbol} is void. It stays counted: the next look is number ${look + 1} or later.`,
  );
}

async function withParts(config: Config, work: (parts: HoldoutParts) => Promise<void>): Promise<void> {
  const pool = createPool(config.DATABASE_URL, { max: 2, applicationName: "ktrdr-mcp holdout" });
  try {
    const parts = {
      store: createHoldoutStore(pool),
      ledger: createLedger(pool),
      by: operator(),
    };
    await work({ ...parts, dataDir: config.KTRDR_DATA_DIR });
  } finally {
    await pool.end();
  }
}

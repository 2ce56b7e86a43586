/** `ktrdr-mcp clean-up`: says which old data may go, and removes it with `--apply` only. */
import { parseArgs } from "node:util";
import { createKtrdr } from "../ktrdr/ktrdr.ts";
import { findOld, KINDS, removeOld, type Kind } from "../store/clean-up.ts";
import { createPool } from "../store/pool.ts";
import { CHECKPOINTS, cleanUpCheckpoints, notListed } from "./clean-up-checkpoints.ts";
import { interrupted, remark, runCommand, say, settings, sizeOf, Usage } from "./command.ts";

const USAGE = `Usage: ktrdr-mcp clean-up [--older-than 90d] [--only ${[...KINDS, CHECKPOINTS].join(",")}] [--apply]`;

/** The text of a failed strategy is worth keeping: it goes only when `--only` names it. */
const BY_DEFAULT = [...KINDS.filter((kind) => kind !== "failed_strategy_texts"), CHECKPOINTS];

/** Milliseconds; counting reads whole tables. */
const PATIENCE_MS = 300_000;

await runCommand(USAGE, async () => {
  const { values } = parseArgs({
    options: {
      "older-than": { type: "string", default: "90d" },
      only: { type: "string" },
      apply: { type: "boolean", default: false },
    },
  });
  const days = daysOf(values["older-than"]);
  const named = values.only?.split(",") ?? BY_DEFAULT;
  const kinds = named.filter((kind) => kind !== CHECKPOINTS).map(kindOf);
  const config = await settings();
  const pool = createPool(config.DATABASE_URL, {
    max: 1,
    applicationName: "ktrdr-mcp clean-up",
    queryTimeoutMs: PATIENCE_MS,
  });
  const requestTimeoutMs = config.KTRDR_REQUEST_TIMEOUT_MS;
  const ktrdr = createKtrdr({ baseUrl: config.KTRDR_API_URL, requestTimeoutMs });
  const signal = interrupted();
  try {
    say(`Older than ${days} days:`);
    for (const { kind, what, rows, bytes } of await findOld(pool, kinds, days)) {
      say(`  ${kind}: ${rows} rows, ${sizeOf(bytes)}: ${what}`);
      if (values.apply && rows > 0) say(`    gone: ${await removeOld(pool, kind, days, signal)}`);
    }
    if (named.includes(CHECKPOINTS)) {
      const work = cleanUpCheckpoints(pool, ktrdr.checkpoints, { days, apply: values.apply, signal });
      await (values.only === undefined ? work.catch(notListed) : work);
    }
    say(
      values.apply
        ? "Done. PostgreSQL uses the room again by itself."
        : "Nothing was changed. Jobs, results and models always stay. Repeat with --apply.",
    );
  } catch (error) {
    if (!signal.aborted) throw error;
    remark("Interrupted. What was removed stays removed; the rest is still there.");
    process.exitCode = 130;
  } finally {
    ktrdr.close();
    await pool.end();
  }
});

function daysOf(text: string): number {
  const days = Number(/^(\d{1,5})d$/.exec(text)?.[1] ?? 0);
  if (days >= 1) return days;
  throw new Usage(`--older-than takes a number of days, at least 1, for example 90d; it cannot be "${text}".`);
}

function kindOf(text: string): Kind {
  const kind = KINDS.find((known) => known === text);
  if (kind !== undefined) return kind;
  throw new Usage(`There is no kind "${text}".`);
}

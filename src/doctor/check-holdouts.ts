import { isDomainError } from "../domain/errors.ts";
import { errorText } from "../error-text.ts";
import type { Config } from "../config.ts";
import { keptName } from "../ktrdr/holdout-files.ts";
import { holdoutState, type HoldoutState } from "../ktrdr/holdout-state.ts";
import { createHoldoutReader, type Holdout } from "../store/holdouts.ts";
import { createPool } from "../store/pool.ts";
import { within } from "../within.ts";
import { fine, found, type Finding } from "./finding.ts";

const PART = "Holdout";
const STATUS = "bin/ktrdr-mcp holdout status";
const AGAIN = "bin/ktrdr-mcp doctor";

/** Permission bits of everybody but the owner. */
const OTHERS = 0o077;

type Place = Pick<Config, "DATABASE_URL" | "KTRDR_DATA_DIR" | "KTRDR_API_URL">;

/** Checks the files of holdouts, and who can read them. Nothing is found where none is set. */
export async function checkHoldouts(place: Place, patienceMs: number): Promise<readonly Finding[]> {
  let holdouts: readonly Holdout[];
  try {
    holdouts = await known(place.DATABASE_URL, patienceMs);
  } catch (error) {
    return [unexamined(`nobody could see which are set: ${reasonOf(error)}`)];
  }
  if (holdouts.length === 0) return [];
  const files = await Promise.all(holdouts.map((holdout) => checkFile(holdout, place.KTRDR_DATA_DIR, patienceMs)));
  return [...files.flat(), checkApi(place.KTRDR_API_URL)];
}

async function known(databaseUrl: string, patienceMs: number): Promise<readonly Holdout[]> {
  const pool = createPool(databaseUrl, { max: 1, applicationName: "ktrdr-mcp doctor", queryTimeoutMs: patienceMs });
  try {
    return await within(createHoldoutReader(pool).all(), patienceMs);
  } finally {
    void pool.end();
  }
}

async function checkFile(holdout: Holdout, dir: string | undefined, patienceMs: number): Promise<readonly Finding[]> {
  const name = keptName(holdout);
  if (dir === undefined) {
    const note = "Set KTRDR_DATA_DIR where the doctor runs, so that it can look at the file.";
    return [unexamined(`${name}: KTRDR_DATA_DIR is not set, so nobody looked`, note)];
  }
  try {
    const state = await within(holdoutState(dir, holdout), patienceMs);
    const wrong = [...ofKept(name, holdout, state), ...ofBeyond(holdout, state)];
    return wrong.length > 0 ? wrong : [fine(PART, `${name} is as it was left, and is not readable here`)];
  } catch (error) {
    return [unexamined(`${name}: nobody could look: ${reasonOf(error)}`)];
  }
}

const unexamined = (detail: string, note?: string): Finding =>
  found(PART, "holdouts_unexamined", detail, { fix: AGAIN, note });

const reasonOf = (error: unknown): string => (isDomainError(error) ? error.what : errorText(error));

function ofKept(name: string, holdout: Holdout, { kept }: HoldoutState): Finding[] {
  if (kept === null) return [found(PART, "holdout_broken", `${name} is missing`, { fix: STATUS })];
  const changed = kept.bytes !== holdout.bytes || (kept.sha256 !== null && kept.sha256 !== holdout.sha256);
  const note = "What was decided by it before is not proven wrong; what is decided by it now proves nothing.";
  return [
    ...(changed ? [found(PART, "holdout_broken", `${name} was changed since it was set`, { fix: STATUS, note })] : []),
    ...ofReaders(name, kept),
  ];
}

function ofReaders(name: string, { mode, sha256 }: NonNullable<HoldoutState["kept"]>): Finding[] {
  if ((mode & OTHERS) !== 0) {
    const detail = `${name} has the mode ${mode.toString(8)}: others than its owner may read it`;
    return [
      found(PART, "holdout_weak", detail, { fix: AGAIN, note: `First chmod 600 ${name} in KTRDR's data folder.` }),
    ];
  }
  if (sha256 === null) return [];
  const detail = `${name} is readable by the user that runs the doctor`;
  const note =
    "Run KTRDR as a user of its own, and the doctor as the user of the MCP server and its agent (root reads everything).";
  return [found(PART, "holdout_weak", detail, { fix: AGAIN, note })];
}

const ofBeyond = ({ symbol, timeframe, startDate }: Holdout, { beyond }: HoldoutState): Finding[] =>
  beyond.map((name) => {
    const bars = name.slice(symbol.length + 1, -".csv".length);
    const fix = `bin/ktrdr-mcp holdout set ${symbol} ${bars} ${startDate}`;
    const detail = `${name} has bars from ${startDate} on, which the holdout of ${symbol} ${timeframe} keeps back`;
    return found(PART, "holdout_open", detail, { fix });
  });

/** KTRDR has no login, so whoever reaches its API can ask it for any file. */
function checkApi(url: string): Finding {
  const detail = `KTRDR's API at ${new URL(url).host} has no login: whoever can reach it can ask it for the bars`;
  const note = "Let only KTRDR's user, our worker and our MCP server reach it, where that is possible.";
  return found(PART, "holdout_weak", detail, { fix: AGAIN, note });
}

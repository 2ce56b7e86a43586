/**
 * Divides a price file of KTRDR's data folder at a day: `SPX_1d.csv` then ends before it, and `SPX.HOLDOUT_1d.csv` has the
 * rest, with the bars before it that KTRDR warms up on (docs/ktrdr.md §11.6). Each file is written beside its place, synced
 * and renamed, the kept one first: whenever a process dies, both together hold every bar, and the same call finishes it.
 */
import { createHash } from "node:crypto";
import { constants, type Stats } from "node:fs";
import { open, readdir, rename, rm, stat, type FileHandle } from "node:fs/promises";
import path from "node:path";
import { DomainError } from "../domain/errors.ts";
import { errorText } from "../error-text.ts";
import { LEAD_BARS, type Cut, type KeptFile } from "../domain/holdout/holdout.ts";
import { holdoutOf } from "../domain/holdout/symbol.ts";
import { toEpochMs } from "../domain/market-data.ts";
import { YEAR_MS } from "../domain/results/bars-per-year.ts";
import { priceLines, textOfLines, type PriceLine, type PriceLines } from "./price-lines.ts";

/** Called before each step that changes the folder, with what it does. */
export type OnStep = (step: string) => void;

/** Read and write for its owner, nobody else. */
const OWNER_ONLY = 0o600;

/**
 * Divides the file, or moves newer bars behind the lock, or finishes what was begun. Harmless when there is nothing to do.
 * @param record notes the kept file; called after it is in place, and before the open one is cut
 * @throws DomainError `data_not_found`, `bars_unsound`, `folder_unavailable`; `invalid_input` when the day leaves fewer than
 *   50 bars on either side, or another day was begun with
 */
export async function divide(
  dir: string,
  cut: Cut,
  record: (file: KeptFile) => Promise<void>,
  onStep: OnStep = () => undefined,
): Promise<void> {
  const open_ = await readOpen(dir, cut);
  const at = open_.lines.findIndex(({ time }) => time >= toEpochMs(cut.startDate));
  const split = at === -1 ? open_.lines.length : at;
  const before = await readKept(dir, cut);
  const kept = merged(before, open_, split, cut);
  const text = textOfLines(kept);
  if (before === null || text !== textOfLines(before)) {
    onStep(`writing ${keptName(cut)}: ${kept.lines.length} bars`);
    await replace(dir, keptName(cut), text, { like: open_.facts, mode: OWNER_ONLY }, onStep);
  }
  await record(factsOf(kept, text, cut));
  if (split === open_.lines.length) return;
  onStep(`cutting ${openName(cut)}: ${split} bars stay`);
  const rest = textOfLines({ header: open_.header, lines: open_.lines.slice(0, split) });
  await replace(dir, openName(cut), rest, { like: open_.facts, mode: open_.facts.mode & 0o777 }, onStep);
}

export const openName = ({ symbol, timeframe }: Omit<Cut, "startDate">): string => `${symbol}_${timeframe}.csv`;
export const keptName = ({ symbol, timeframe }: Omit<Cut, "startDate">): string =>
  `${holdoutOf(symbol)}_${timeframe}.csv`;

/** What was kept before, and the bars of the open file that it lacks. */
function merged(before: PriceLines | null, open_: PriceLines, split: number, cut: Cut): PriceLines {
  const newer = open_.lines.slice(split);
  if (before !== null) {
    assertSameDay(before, cut);
    const known = new Set(before.lines.map(({ time }) => time));
    const lacking = newer.filter(({ time }) => !known.has(time));
    return { header: before.header, lines: [...before.lines, ...lacking].toSorted((a, b) => a.time - b.time) };
  }
  if (split < LEAD_BARS || newer.length < LEAD_BARS) throw fewBars(open_.lines, split, cut);
  return { header: open_.header, lines: open_.lines.slice(split - LEAD_BARS) };
}

/** The kept file tells the day it was divided at: its lead ends there. */
function assertSameDay({ lines }: PriceLines, cut: Cut): void {
  const lead = lines.filter(({ time }) => time < toEpochMs(cut.startDate)).length;
  if (lead === LEAD_BARS) return;
  const begun = lines.at(LEAD_BARS);
  throw new DomainError("invalid_input", {
    what: `${keptName(cut)} is there already, and keeps other bars than those from ${cut.startDate} on.`,
    why: begun === undefined ? "It is too short." : `It was begun with the day ${dayOf(begun.time)}.`,
    next: begun === undefined ? "move that file away" : "repeat the command with that day",
  });
}

function factsOf({ lines }: PriceLines, text: string, cut: Cut): KeptFile {
  const from = toEpochMs(cut.startDate);
  const [first, last] = [lines[0]?.time ?? from, lines.at(-1)?.time ?? from];
  const begin = lines.find(({ time }) => time >= from)?.time ?? from;
  return {
    firstDay: dayOf(first),
    lastDay: dayOf(last),
    years: Math.max(0, last - begin) / YEAR_MS,
    bytes: Buffer.byteLength(text),
    sha256: createHash("sha256").update(text).digest("hex"),
  };
}

const dayOf = (time: number): string => new Date(time).toISOString().slice(0, 10);

function fewBars(lines: readonly PriceLine[], split: number, { symbol, timeframe, startDate }: Cut): DomainError {
  const [first, last] = [lines.at(LEAD_BARS), lines.at(-LEAD_BARS)];
  return new DomainError("invalid_input", {
    what: `${startDate} does not divide the bars of ${symbol} ${timeframe}: ${split} lie before it, ${lines.length - split} on it or after it.`,
    why: `At least ${LEAD_BARS} are needed on each side.`,
    valid: first === undefined || last === undefined ? [] : [`a day from ${dayOf(first.time)} to ${dayOf(last.time)}`],
    next: "repeat the command with another day",
  });
}

interface OpenFile extends PriceLines {
  readonly facts: Stats;
}

async function readOpen(dir: string, cut: Cut): Promise<OpenFile> {
  const name = openName(cut);
  const read = await readPlain(dir, name);
  if (read !== null) return { ...priceLines(read.text, name), facts: read.facts };
  throw new DomainError("data_not_found", {
    what: `There is no price file ${name}.`,
    why: `${dir} does not have it.`,
    valid: (await readdir(dir).catch(() => [])).filter((file) => file.endsWith(".csv")).slice(0, SHOWN_FILES),
    next: "name a symbol and a timeframe of a price file, in upper case as the file does",
  });
}

const SHOWN_FILES = 20;

async function readKept(dir: string, cut: Cut): Promise<PriceLines | null> {
  const read = await readPlain(dir, keptName(cut));
  return read === null ? null : priceLines(read.text, keptName(cut));
}

/** Null when there is no such file. */
async function readPlain(dir: string, name: string): Promise<{ text: string; facts: Stats } | null> {
  try {
    await using file = await open(path.join(dir, name), constants.O_RDONLY | constants.O_NOFOLLOW);
    return { text: await file.readFile("utf8"), facts: await file.stat() };
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw unavailable(dir, error);
  }
}

/** Puts a text in the place of a file, under the owner of another one. */
async function replace(
  dir: string,
  name: string,
  text: string,
  { like, mode }: { readonly like: Stats; readonly mode: number },
  onStep: OnStep,
): Promise<void> {
  const draft = path.join(dir, `.${name}.partial`);
  try {
    await rm(draft, { force: true });
    await using file = await open(draft, "wx", OWNER_ONLY);
    onStep(`writing ${draft}`);
    await file.writeFile(text);
    await giveTo(file, like);
    await file.chmod(mode);
    await file.sync();
    onStep(`renaming it to ${name}`);
    await rename(draft, path.join(dir, name));
    onStep(`syncing ${dir}`);
    await using folder = await open(dir, "r");
    // Some network file systems refuse to sync a folder; the file in it is synced already.
    await folder.sync().catch(() => undefined);
  } catch (error) {
    throw unavailable(dir, error);
  }
}

/**
 * Checks that this process can divide the file, so that KTRDR can read what it writes.
 * @throws DomainError `holdout_locked`
 */
export async function assertDivisible(dir: string | undefined, cut: Omit<Cut, "startDate">): Promise<string> {
  const refused = (why: string) =>
    new DomainError("holdout_locked", {
      what: `The price file of ${cut.symbol} ${cut.timeframe} cannot be divided here.`,
      why,
      next: "run it where KTRDR's data folder is mounted writable (KTRDR_DATA_DIR), as the user whose files those are, or as root",
    });
  if (dir === undefined) throw refused("KTRDR_DATA_DIR is not set.");
  await probe(dir, cut).catch((error: unknown) => {
    throw refused(errorText(error));
  });
  return dir;
}

/** Writes a file for the owner of the price files, and takes it back. */
async function probe(dir: string, cut: Omit<Cut, "startDate">): Promise<void> {
  const like = await stat(path.join(dir, openName(cut))).catch(() => null);
  const draft = path.join(dir, `.${keptName(cut)}.probe`);
  try {
    await using file = await open(draft, "w", OWNER_ONLY);
    if (like !== null) await giveTo(file, like);
  } finally {
    await rm(draft, { force: true });
  }
}

/** Only root may give a file to another user, and only its owner can read the kept one. */
async function giveTo(file: FileHandle, { uid, gid }: Stats): Promise<void> {
  const own = await file.stat();
  if (own.uid !== uid || own.gid !== gid) await file.chown(uid, gid);
}

const unavailable = (dir: string, error: unknown): DomainError =>
  error instanceof DomainError
    ? error
    : new DomainError("folder_unavailable", {
        what: `KTRDR's data folder ${dir} cannot be used.`,
        why: errorText(error),
        next: "mend it, then repeat the command: nothing is lost, both files together hold every bar",
        cause: error,
      });

/** What the files of a holdout look like from here, without changing them. */
import { createHash } from "node:crypto";
import { access, constants, open, readdir, readFile, stat } from "node:fs/promises";
import path from "node:path";
import type { Cut } from "../domain/holdout/holdout.ts";
import { toEpochMs } from "../domain/market-data.ts";
import { keptName, openName } from "./holdout-files.ts";
import { createStamps } from "./price-stamps.ts";

export interface HoldoutState {
  /** Null when the file is not there. */
  readonly kept: {
    readonly bytes: number;
    /** Null where this user cannot read it. */
    readonly sha256: string | null;
    /** Permission bits. */
    readonly mode: number;
  } | null;
  /** Price files of the symbol that still have bars of the days that are kept back, the open one among them. */
  readonly beyond: readonly string[];
}

/** @throws the error of the folder when it cannot be listed */
export async function holdoutState(dir: string, cut: Cut): Promise<HoldoutState> {
  return { kept: await keptState(path.join(dir, keptName(cut))), beyond: await filesBeyond(dir, cut) };
}

async function keptState(file: string): Promise<HoldoutState["kept"]> {
  const facts = await stat(file).catch(() => null);
  if (facts === null) return null;
  const readable = await access(file, constants.R_OK).then(
    () => true,
    () => false,
  );
  const sha256 = readable
    ? createHash("sha256")
        .update(await readFile(file))
        .digest("hex")
    : null;
  return { bytes: facts.size, sha256, mode: facts.mode & 0o777 };
}

/** Price files of the symbol, on any timeframe, whose last bar lies on the first kept day or later. */
export async function filesBeyond(
  dir: string,
  { symbol, startDate }: Pick<Cut, "symbol" | "startDate">,
): Promise<string[]> {
  const names = (await readdir(dir)).filter((name) => name.startsWith(`${symbol}_`) && name.endsWith(".csv"));
  const lasts = await Promise.all(names.map(async (name) => await lastTime(path.join(dir, name))));
  return names.filter((_, at) => (lasts[at] ?? Number.NaN) >= toEpochMs(startDate)).toSorted();
}

export const isOpenFile = (name: string, cut: Cut): boolean => name === openName(cut);

/** Bytes; a line is much shorter. */
const TAIL = 4_096;

/** ms since 1970 of the last line; NaN when it cannot be read. */
async function lastTime(file: string): Promise<number> {
  try {
    await using handle = await open(file, "r");
    const { size } = await handle.stat();
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(TAIL), 0, TAIL, Math.max(0, size - TAIL));
    const lines = buffer.toString("latin1", 0, bytesRead).split("\n");
    const stamp = (lines.findLast((line) => line.trim() !== "") ?? "").split(",")[0]?.trim() ?? "";
    return createStamps(stamp).timeOf(stamp);
  } catch {
    return Number.NaN;
  }
}

/** An index of a price file, made without reading its prices: where bars begin, and that their times are in order. */
import type { FileHandle } from "node:fs/promises";
import { LRUCache } from "lru-cache";

/** Why a file is not read here. KTRDR, which accepts more, is asked instead. */
export class Unreadable extends Error {}

export interface PriceIndex {
  /** Bars in the file. */
  readonly points: number;
  /** ms since 1970 UTC of the first and the last bar. */
  readonly first: number;
  readonly last: number;
  /** Byte at which the line of every `STRIDE`-th bar begins, and its time. */
  readonly offsets: readonly number[];
  readonly times: readonly number[];
  /** Length of the file in bytes. */
  readonly size: number;
}

/** One bar in so many is indexed: a window is read from the nearest one on. */
export const STRIDE = 512;
/** `2000-01-03T00:00:00Z`, the only form KTRDR writes (docs/ktrdr.md §4.1). */
const STAMP = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/;
export const STAMP_LENGTH = 20;
const HEADER = /^[^,"\n]+,open,high,low,close,volume$/i;
const CHUNK = 1024 * 1024;
const LINE_END = 0x0a;
/** A stamp and five plain numbers are shorter. A longer line is no bar, for example the zeros that a crash left. */
const LONGEST_LINE = 128;

/** ms since 1970 UTC of a stamp as KTRDR writes it. @throws Unreadable */
export function timeOf(stamp: string): number {
  const time = STAMP.test(stamp) ? Date.parse(stamp) : Number.NaN;
  // Date.parse reads the 31st of February and 24:00 as times of another day.
  if (new Date(time).getUTCDate() === Number(stamp.slice(8, 10))) return time;
  throw new Unreadable(`"${stamp}" is no time as KTRDR writes it`);
}

export const stampOf = (time: number): string => `${new Date(time).toISOString().slice(0, 19)}Z`;

/**
 * Indexes of files by name. An index is built once for each content; callers meanwhile wait for it. `identity` changes
 * when the content changes.
 */
export function createIndexes(): (
  name: string,
  identity: string,
  file: FileHandle,
  size: number,
) => Promise<PriceIndex> {
  const known = new LRUCache<string, { readonly identity: string; readonly index: Promise<PriceIndex> }>({ max: 500 });
  return (name, identity, file, size) => {
    const entry = known.get(name);
    if (entry?.identity === identity) return entry.index;
    const index = indexOf(file, size);
    known.set(name, { identity, index });
    // An unreadable content stays unreadable; after a failure of the disk the file is read again.
    index.catch((error: unknown) => {
      if (!(error instanceof Unreadable) && known.get(name)?.index === index) known.delete(name);
    });
    return index;
  };
}

/**
 * Reads the whole file once, about as fast as the disk allows; prices are skipped.
 * @throws Unreadable when it is not exactly what KTRDR writes: another header, stamps of another form or out of order,
 *   an empty or unfinished line.
 */
async function indexOf(file: FileHandle, size: number): Promise<PriceIndex> {
  const offsets: number[] = [];
  const times: number[] = [];
  const latest = Buffer.alloc(STAMP_LENGTH);
  let lines = 0;
  const take = (bytes: Buffer, begin: number, end: number, offset: number): void => {
    const bar = lines++;
    if (bar === 0) {
      if (!HEADER.test(bytes.toString("latin1", begin, end))) throw new Unreadable("its header is not KTRDR's");
      return;
    }
    const behind = begin + STAMP_LENGTH;
    if (behind >= end || bytes[behind] !== COMMA || bytes[behind - 1] !== ZULU) {
      throw new Unreadable(`bar ${bar} does not begin with a time as KTRDR writes it`);
    }
    // Stamps of one length and form sort as text.
    if (latest.compare(bytes, begin, behind) >= 0) {
      throw new Unreadable(`bar ${bar} is not later than the one before it`);
    }
    if ((bar - 1) % STRIDE === 0) {
      offsets.push(offset);
      times.push(timeOf(bytes.toString("latin1", begin, behind)));
    }
    bytes.copy(latest, 0, begin, behind);
  };
  await eachLine(file, size, take);
  const first = times[0];
  if (first === undefined) throw new Unreadable("it has no bars");
  return { points: lines - 1, first, last: timeOf(latest.toString("latin1")), offsets, times, size };
}

const COMMA = 0x2c;
const ZULU = 0x5a;

/**
 * Calls back for every line: where it lies in `bytes`, without its end, and at which byte of the file it begins.
 * @throws Unreadable for a line that is empty, too long or unfinished
 */
async function eachLine(
  file: FileHandle,
  size: number,
  take: (bytes: Buffer, begin: number, end: number, offset: number) => void,
): Promise<void> {
  let rest: Buffer = Buffer.alloc(0);
  for (let position = 0; position < size;) {
    const piece = await readAt(file, position, Math.min(CHUNK, size - position));
    const bytes = rest.length === 0 ? piece : Buffer.concat([rest, piece]);
    const start = position - rest.length;
    position += piece.length;
    let begin = 0;
    for (let end = bytes.indexOf(LINE_END); end >= 0; end = bytes.indexOf(LINE_END, begin)) {
      if (end === begin) throw new Unreadable("it has an empty line");
      if (end - begin > LONGEST_LINE) throw new Unreadable("it has a line that is too long");
      take(bytes, begin, end, start + begin);
      begin = end + 1;
    }
    rest = bytes.subarray(begin);
    if (rest.length > LONGEST_LINE) throw new Unreadable("it has a line that is too long");
  }
  if (rest.length > 0) throw new Unreadable("its last line is unfinished");
}

/** Exactly `length` bytes. @throws Unreadable when the file has become shorter meanwhile. */
export async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await file.read(bytes, filled, length - filled, position + filled);
    if (bytesRead === 0) throw new Unreadable("it became shorter while it was read");
    filled += bytesRead;
  }
  return bytes;
}

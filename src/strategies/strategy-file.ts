import type { FileHandle } from "node:fs/promises";
import { DomainError } from "../domain/errors.ts";

export const STRATEGY_NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$/;

/** Bytes. */
export const MAX_STRATEGY_BYTES = 256 * 1024;

export const SUFFIX = ".yaml";

export const notFound = (name: string, why: string): DomainError =>
  new DomainError("strategy_not_found", {
    what: `There is no strategy called ${name}.`,
    why,
    next: "list_strategies shows what there is; create_strategy makes a new one.",
  });

/** @throws DomainError `invalid_input` for anything that is no plain name */
export function fileName(name: string): string {
  if (STRATEGY_NAME.test(name)) return `${name}${SUFFIX}`;
  throw new DomainError("invalid_input", {
    what: "That is no strategy name.",
    why: "A name starts with a letter or digit, goes on with letters, digits, _ or -, and has at most 100 characters.",
    valid: ["spx_rsi_reversion"],
  });
}

/** @throws DomainError `invalid_input` */
export function encode(text: string): Buffer {
  const bytes = Buffer.from(text, "utf8");
  if (bytes.byteLength <= MAX_STRATEGY_BYTES && text.isWellFormed() && !text.includes("\0")) return bytes;
  throw new DomainError("invalid_input", {
    what: "The strategy text cannot be stored.",
    why: `It is larger than ${MAX_STRATEGY_BYTES} bytes, or holds NUL or broken characters.`,
  });
}

/** @throws DomainError `strategy_invalid` */
export function decode(name: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    throw new DomainError("strategy_invalid", { what: `The strategy ${name} is not UTF-8 text.`, cause: error });
  }
}

/** The whole content of an open file, refused when it is no plain file or too large (also while it grows). */
export async function readBounded(name: string, handle: FileHandle): Promise<{ bytes: Buffer; modifiedAt: string }> {
  const facts = await handle.stat();
  if (!facts.isFile()) throw notFound(name, "What has that name in the folder is not a plain file.");
  const room = Buffer.alloc(MAX_STRATEGY_BYTES + 1);
  let length = 0;
  while (length < room.byteLength) {
    const { bytesRead } = await handle.read(room, length, room.byteLength - length, length);
    if (bytesRead === 0) return { bytes: room.subarray(0, length), modifiedAt: facts.mtime.toISOString() };
    length += bytesRead;
  }
  throw new DomainError("strategy_invalid", {
    what: `The strategy ${name} is too large.`,
    why: `More than ${MAX_STRATEGY_BYTES} bytes.`,
  });
}

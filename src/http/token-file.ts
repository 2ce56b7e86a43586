import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { statSync } from "node:fs";
import { chmod, chown, readFile, rename, stat, unlink, writeFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import { DomainError } from "../domain/errors.ts";
import { HolderName, SCOPES } from "../domain/identity.ts";
import type { Stored } from "../domain/stored.ts";

/** Distinguishes our tokens from those of an authorization server, and lets secret scanners recognise them. */
export const TOKEN_PREFIX = "ktrdr_";
const TOKEN_BYTES = 32;
const RETRY_LOCK_MS = 50;
/** How long another change may take before this one gives up. */
const PATIENCE_MS = 5_000;

const Entry = z.strictObject({
  /** Who holds it; unique in the file. */
  name: HolderName,
  scope: z.enum(SCOPES),
  /** ISO-8601 UTC; the token is refused from then on. */
  expires: z.iso.datetime(),
  /** Of the token, hex. A token is 256 random bits: nothing slower would make guessing any harder. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});
export type TokenEntry = Stored<typeof Entry>;

const File = z
  .array(Entry)
  .refine((entries) => new Set(entries.map(({ name }) => name)).size === entries.length, "two tokens have one name");

const hashOf = (token: string): Buffer => createHash("sha256").update(token).digest();

/** @throws DomainError `invalid_input` when the file cannot be read or is not a list of tokens; never quotes it. */
export async function readTokens(path: string): Promise<readonly TokenEntry[]> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(await readFile(path, "utf8"));
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "it is not JSON";
    throw unusable(code, cause);
  }
  const file = File.safeParse(parsed);
  if (file.success) return file.data;
  throw unusable(z.prettifyError(file.error));
}

const unusable = (why: string, cause?: unknown): DomainError =>
  new DomainError("invalid_input", {
    what: "The file of tokens (MCP_TOKENS_FILE) cannot be used.",
    why,
    next: "`bin/ktrdr-mcp token new --name NAME --scope read --expires DATE` makes it",
    cause,
  });

/**
 * Adds a token. The returned text is for its holder and is kept nowhere.
 * @throws DomainError `invalid_input` when the name is taken or malformed, or the file cannot be used
 */
export async function addToken(path: string, wish: Omit<TokenEntry, "sha256">): Promise<string> {
  const token = TOKEN_PREFIX + randomBytes(TOKEN_BYTES).toString("base64url");
  const entry = Entry.safeParse({ ...wish, sha256: hashOf(token).toString("hex") });
  if (!entry.success) {
    throw new DomainError("invalid_input", { what: "No such token can be made.", why: z.prettifyError(entry.error) });
  }
  return await alone(path, async () => {
    const entries = await existing(path);
    if (entries.some(({ name }) => name === wish.name)) {
      throw new DomainError("invalid_input", {
        what: `There is a token of the name "${wish.name}" already.`,
        next: `\`bin/ktrdr-mcp token revoke --name ${wish.name}\` first, or take another name`,
      });
    }
    await write(path, [...entries, entry.data]);
    return token;
  });
}

/** @throws DomainError `invalid_input` when there is no such token, or the file cannot be used */
export async function revokeToken(path: string, name: string): Promise<void> {
  await alone(path, async () => {
    const entries = await readTokens(path);
    const left = entries.filter((entry) => entry.name !== name);
    if (left.length === entries.length) {
      throw new DomainError("invalid_input", {
        what: `There is no token of the name "${name}".`,
        valid: entries.map((entry) => entry.name),
      });
    }
    await write(path, left);
  });
}

/** Allows one change at a time: of two at once, the later would undo the earlier, and a revoked token would live on. */
async function alone<T>(path: string, change: () => Promise<T>): Promise<T> {
  const lock = `${path}.lock`;
  for (let attempt = 1; !(await claimed(lock)); attempt += 1) {
    if (attempt * RETRY_LOCK_MS > PATIENCE_MS)
      throw unusable(`somebody else changes it; if nobody does, delete ${lock}`);
    await delay(RETRY_LOCK_MS);
  }
  try {
    return await change();
  } finally {
    await unlink(lock);
  }
}

async function claimed(lock: string): Promise<boolean> {
  try {
    await writeFile(lock, "", { flag: "wx", mode: 0o600 });
    return true;
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "it cannot be locked";
    if (code === "EEXIST") return false;
    throw unusable(code, cause);
  }
}

async function existing(path: string): Promise<readonly TokenEntry[]> {
  const missing = await stat(path).then(
    () => false,
    (error: NodeJS.ErrnoException) => error.code === "ENOENT",
  );
  return missing ? [] : await readTokens(path);
}

/** Writes in one step, so that no server reads half a file. A new file is for its owner only; an old one keeps its mode. */
async function write(path: string, entries: readonly TokenEntry[]): Promise<void> {
  const draft = `${path}.${randomBytes(4).toString("hex")}`;
  try {
    await writeFile(draft, `${JSON.stringify(entries, null, 2)}\n`, { mode: 0o600 });
    const before = await stat(path).catch(() => null);
    if (before !== null) await chown(draft, before.uid, before.gid);
    await chmod(draft, before === null ? 0o600 : before.mode & 0o777);
    await rename(draft, path);
  } catch (cause) {
    throw unusable(cause instanceof Error && "code" in cause ? String(cause.code) : "it cannot be written", cause);
  }
}

/** The tokens that the file has now. */
export interface TokenBook {
  /** @throws DomainError `invalid_input` while the file cannot be used; an older version of it lets nobody in */
  find(token: string): Promise<TokenEntry | null>;
}

/** Called for each request. Synchronous, because an asynchronous look takes thirty times as long. */
function versionOf(path: string): string | null {
  try {
    const { ino, size, mtimeNs } = statSync(path, { bigint: true });
    return `${ino} ${size} ${mtimeNs}`;
  } catch {
    return null;
  }
}

/** Reads the file again whenever it has changed. */
export function createTokenBook(path: string): TokenBook {
  let known: { readonly version: string; readonly entries: readonly TokenEntry[] } | null = null;
  async function current(): Promise<readonly TokenEntry[]> {
    const version = versionOf(path);
    if (version === null || known?.version !== version) {
      const entries = await readTokens(path);
      known = { version: version ?? "", entries };
    }
    return known?.entries ?? [];
  }
  return {
    async find(token) {
      const presented = hashOf(token);
      // All tokens are compared, each in constant time, so that the duration tells nothing about the file.
      const matches = (await current()).filter(({ sha256 }) => timingSafeEqual(Buffer.from(sha256, "hex"), presented));
      return matches[0] ?? null;
    },
  };
}

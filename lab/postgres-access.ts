/** Lets only those into the embedded PostgreSQL who can read the password in the lab's folder. */
import { hash, randomBytes } from "node:crypto";
import { chown, link, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Account } from "./postgres-binaries.ts";

/** Holds a hash of the password, which tells whether the cluster has been given this one. */
const entriesFor = (
  password: string,
): string => `# Written by ktrdr-mcp for the password that lies beside the cluster's folder:
# ${hash("sha256", password)}
host all all 127.0.0.1/32 scram-sha-256
`;

/**
 * The password of a cluster's superuser, made when there is none yet.
 * @param dir folder of the server's state
 */
export async function postgresPassword(dir: string): Promise<string> {
  const file = join(dir, "password");
  const known = await readFile(file, "utf8").catch(() => "");
  if (known !== "") return known;
  await mkdir(dir, { recursive: true });
  const fresh = `${file}.${randomBytes(4).toString("hex")}`;
  await writeFile(fresh, randomBytes(24).toString("base64url"), { mode: 0o600 });
  // When two processes make one at the same time, the second takes the first one's.
  await link(fresh, file).catch(() => undefined);
  await rm(fresh);
  return await readFile(file, "utf8");
}

/** Whether the cluster has this password and demands it. */
export async function isClosed(data: string, password: string): Promise<boolean> {
  return (await readFile(join(data, HBA), "utf8").catch(() => "")) === entriesFor(password);
}

/** From the next start on, the cluster demands its password. */
export async function closeToOthers(data: string, password: string, account: Account | undefined): Promise<void> {
  const fresh = join(data, `${HBA}.new`);
  await writeFile(fresh, entriesFor(password), { mode: 0o600 });
  if (account !== undefined) await chown(fresh, account.uid, account.gid);
  await rename(fresh, join(data, HBA));
}

const HBA = "pg_hba.conf";

/** The statement, on one line, for PostgreSQL's single-user mode, which needs no password. */
export const passwordStatement = (password: string): string => `alter role postgres with password '${password}'\n`;

/** @param password needs no encoding: it is made of letters, digits, - and _ */
export const postgresUrl = (password: string, port: number, database: string): string =>
  `postgresql://postgres:${password}@127.0.0.1:${port}/${encodeURIComponent(database)}`;

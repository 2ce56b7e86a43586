import { readFile, stat } from "node:fs/promises";
import { userInfo } from "node:os";
import type { Account } from "./postgres-binaries.ts";

/** The overflow user id: every Unix has it, and it owns nothing. */
const NOBODY: Account = { uid: 65_534, gid: 65_534 };

/**
 * The account that the server must run under; undefined for an ordinary user, whose own is used. For root it is the
 * owner of the existing cluster, else `postgres` or `nobody` of this machine.
 */
export async function unprivilegedAccount(data: string): Promise<Account | undefined> {
  if (userInfo().uid !== 0) return undefined;
  const owner = await stat(data).catch(() => undefined);
  if (owner !== undefined && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid };
  const accounts = await readFile("/etc/passwd", "utf8").catch(() => "");
  return accountNamed(accounts, "postgres") ?? accountNamed(accounts, "nobody") ?? NOBODY;
}

/** Finds a user in the text of a passwd(5) file. Root never counts. */
export function accountNamed(passwd: string, name: string): Account | undefined {
  for (const line of passwd.split("\n")) {
    const [user, , uid, gid] = line.split(":");
    if (user !== name || uid === undefined || gid === undefined) continue;
    const account = { uid: Number.parseInt(uid, 10), gid: Number.parseInt(gid, 10) };
    if (account.uid > 0 && Number.isInteger(account.gid)) return account;
  }
  return undefined;
}

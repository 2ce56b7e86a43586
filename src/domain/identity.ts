/** Who calls, and what the caller may do. */
import { z } from "zod";

/** Each includes those before it. read: looks; research: starts and changes; operate: also acts on others' jobs. */
export const SCOPES = ["read", "research", "operate"] as const;

export type Scope = (typeof SCOPES)[number];

/** The name of somebody whom we let in ourselves. No "@": a name with one comes from an authorization server. */
export const HolderName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, "letters, digits, '.', '_' and '-', at most 64");

export interface Identity {
  /** Stable and safe to show: the name of a token, the subject of an OAuth client, or the MCP client of a local caller. */
  readonly name: string;
  readonly scope: Scope;
  /** How the caller is known. `local`: a user who can start our process on this machine. */
  readonly source: "local" | "token" | "oauth";
}

export function mayUse(identity: Pick<Identity, "scope">, needed: Scope): boolean {
  return SCOPES.indexOf(identity.scope) >= SCOPES.indexOf(needed);
}

/** Who reads the page, and what else they may do. A reader on the server's own machine has no name. */
export interface Reader {
  readonly name: string | null;
  readonly scope: Scope;
  /** The secret of a browser that may decide about candidates; null for all others. */
  readonly approver: string | null;
}

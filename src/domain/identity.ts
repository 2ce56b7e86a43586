/** Who calls, and what the caller may do. */

/** Each includes those before it. read: looks; research: starts and changes; operate: also acts on others' jobs. */
export const SCOPES = ["read", "research", "operate"] as const;

export type Scope = (typeof SCOPES)[number];

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

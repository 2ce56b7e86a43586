/** Who calls, and what they may do. */

/** Each includes the ones before it: read answers; research starts and changes; operate also acts on others' work. */
export const SCOPES = ["read", "research", "operate"] as const;

export type Scope = (typeof SCOPES)[number];

export interface Identity {
  /** Stable and safe to show: the name of a token, the subject of an OAuth client, or the MCP client of a local caller. */
  readonly name: string;
  readonly scope: Scope;
  /** How it is known. `local`: whoever may start our process on this machine. */
  readonly source: "local" | "token" | "oauth";
}

export function mayUse(identity: Pick<Identity, "scope">, needed: Scope): boolean {
  return SCOPES.indexOf(identity.scope) >= SCOPES.indexOf(needed);
}

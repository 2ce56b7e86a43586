import type { AuthInfo } from "@modelcontextprotocol/server";
import { SCOPES } from "../domain/identity.ts";
import type { KnownCaller } from "../mcp/server-parts.ts";

/** Carries a caller through the SDK in the SDK's own form, with an empty token. */
export function authInfoOf({ name, scope, source, from }: KnownCaller): AuthInfo {
  return { token: "", clientId: name ?? "", scopes: [scope], extra: { source, from } };
}

/** @throws Error when the caller did not come from `authInfoOf`, so that nobody gets the answer of another caller */
export function callerIn(authInfo: AuthInfo | undefined): KnownCaller {
  const scope = SCOPES.find((known) => authInfo?.scopes.includes(known));
  const source = authInfo?.extra?.["source"];
  if (authInfo === undefined || scope === undefined || !isSource(source)) throw new Error("a request without a caller");
  const from = authInfo.extra?.["from"];
  const known = { name: source === "local" ? null : authInfo.clientId, scope, source };
  return typeof from === "string" ? { ...known, from } : known;
}

const isSource = (value: unknown): value is KnownCaller["source"] =>
  value === "local" || value === "token" || value === "oauth";
